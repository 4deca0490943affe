import type { Secrets } from '../../../shared/ports/secrets.ts';
import { type Answer, invalid } from './stripe-error.ts';

/** Form parameters by name (`metadata[activation_id]`). */
export type Form = ReadonlyMap<string, string>;

/** `expand[0]` and `expand[]` are both `expand`: of the lists, none here needs its order or more than one item. */
function plainName(name: string): string {
  return name.replace(/\[\d*\]$/, '');
}

export function parseForm(text: string): Form {
  return new Map([...new URLSearchParams(text)].map(([name, value]) => [plainName(name), value]));
}

/** Returns the same text for the same parameters in any order. */
export function fingerprint(form: Form, secrets: Secrets): string {
  const pairs = [...form].map(([name, value]) => [name, value]);
  return secrets.digest(
    JSON.stringify(pairs.toSorted(([left = ''], [right = '']) => (left < right ? -1 : 1))),
  );
}

/** An answer for the first parameter that is not among the known ones, as Stripe refuses what it does not know. */
export function refuseUnknown(form: Form, known: readonly string[]): Answer | null {
  for (const name of form.keys()) {
    if (known.includes(name) || name.startsWith('metadata[')) continue;
    const message = `Received unknown parameter: ${name.slice(0, 64)}`;
    return invalid({ code: 'parameter_unknown', message, param: name.slice(0, 64) });
  }
  return null;
}

export function missingParameter(name: string): Answer {
  return invalid({ code: 'parameter_missing', message: `Missing required param: ${name}.`, param: name });
}
