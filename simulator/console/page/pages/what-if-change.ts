/** A fault of the run as a reader has changed it. */
export interface FaultEdit {
  readonly isRemoved: boolean;
  /** The fault as JSON. */
  readonly text: string;
}

/** What a reader asks with "What if": faults that are changed or left out, by number, and one that is added, as JSON. */
export interface WhatIfChange {
  readonly edits: ReadonlyMap<number, FaultEdit>;
  readonly added: string;
}

export const noChange: WhatIfChange = { edits: new Map(), added: '' };

/** A longer one has no place in an address. */
const textMax = 6_000;

/** Returns the change as the address holds it; null where there is none, or where it is too long. */
export function changeText({ edits, added }: WhatIfChange): string | null {
  if (edits.size === 0 && added.trim() === '') return null;
  const text = JSON.stringify({
    ...(added.trim() === '' ? {} : { add: added }),
    ...(edits.size === 0
      ? {}
      : {
          edit: [...edits].map(([number, { isRemoved, text: fault }]) => [number, isRemoved ? null : fault]),
        }),
  });
  return text.length > textMax ? null : text;
}

/** Reads a change from an address; what is none of these is left out. */
export function changeOfText(text: string | null, faultText: (number: number) => string): WhatIfChange {
  const value = parsed(text ?? '');
  if (typeof value !== 'object' || value === null) return noChange;
  const { add, edit } = value as { readonly add?: unknown; readonly edit?: unknown };
  const edits = new Map<number, FaultEdit>();
  for (const one of Array.isArray(edit) ? (edit as readonly unknown[]) : []) {
    if (!Array.isArray(one)) continue;
    const [number, fault] = one as readonly unknown[];
    if (typeof number !== 'number') continue;
    if (fault === null) edits.set(number, { isRemoved: true, text: faultText(number) });
    else if (typeof fault === 'string') edits.set(number, { isRemoved: false, text: fault });
  }
  return { edits, added: typeof add === 'string' ? add : '' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
