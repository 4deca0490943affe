import { visibleText } from '../protocol/plain-text.ts';

/** Text that is HTML already. Everything else that a template is given is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** HTML (or SVG) with values in it: text is escaped, null is left out, lists are put one after another. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.reduce((all, part, index) => all + textOf(values[index - 1] ?? null) + part, '').trim(),
  );
}

function textOf(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(textOf).join('\n');
  return escaped(String(content));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as text and within a quoted attribute, of HTML and of XML; without characters that show nothing. */
export function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
