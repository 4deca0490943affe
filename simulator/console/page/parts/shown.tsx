import type { ComponentChildren } from 'preact';
import { visibleLine } from '../../../../shared/protocol/plain-text.ts';
import { messageOf } from '../api.ts';

/** Text that others wrote, on one line, and apart from the direction of the text around it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{visibleLine(text)}</bdi>;
}

export function Id({ text, href }: { readonly text: string; readonly href?: string }) {
  const code = <code>{visibleLine(text)}</code>;
  return href === undefined ? code : <a href={href}>{code}</a>;
}

export type Tone = 'good' | 'bad' | 'unsure' | 'plain';

export function Tag({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone;
  readonly children: ComponentChildren;
}) {
  return <span class={`tag ${tone}`}>{children}</span>;
}

/** Says that something failed; a screen reader reads it at once. */
export function Problem({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <p class="message bad" role="alert">
      <Foreign text={text} />
    </p>
  );
}

/** A table that scrolls by itself where the window is narrower. */
export function Table({
  label,
  heads,
  children,
  isEmpty,
  empty,
}: {
  readonly label: string;
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
  readonly isEmpty: boolean;
  readonly empty: string;
}) {
  if (isEmpty) return <p class="soft empty">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who scrolls with the keyboard has to reach it
    <section class="scrolled" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

/** Runs a change and reports its failure as a sentence. */
export async function attempt(
  work: () => Promise<unknown>,
  report: (problem: string | null) => void,
): Promise<boolean> {
  try {
    await work();
    report(null);
    return true;
  } catch (error) {
    report(messageOf(error));
    return false;
  }
}
