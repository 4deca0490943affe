/** Control, format and surrogate characters, and the separators that end a line: none of them shows anything. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const joiner = /^[\u200c\u200d]$/;
/** What a joiner may stand between: letters and marks (Persian, Hindi) and the parts of an emoji. */
const joinable = /[\p{L}\p{M}\p{Extended_Pictographic}]/u;
/** Characters that count as letters or symbols and show nothing. */
const blank = /[\u115f\u1160\u3164\uffa0\u2800]/gu;

function isJoiner(character: string, text: string, offset: number): boolean {
  if (!joiner.test(character)) return false;
  const before = [...text.slice(Math.max(0, offset - 2), offset)].at(-1) ?? '';
  const [after = ''] = text.slice(offset + 1, offset + 3);
  return joinable.test(before) && (joinable.test(after) || joinable.test(text.slice(offset + 1, offset + 3)));
}

function replaceHidden(text: string, replace: (character: string) => string): string {
  return text.replace(hidden, (character, offset: number) =>
    isJoiner(character, text, offset) ? character : replace(character),
  );
}

const controlOrSeparator = /[\p{Cc}\p{Zl}\p{Zp}]/u;

function withoutHidden(text: string): string {
  return replaceHidden(text, (character) => {
    if (controlOrSeparator.test(character)) return ' ';
    return /\p{Cs}/u.test(character) ? '\ufffd' : '';
  });
}

/**
 * One line of text that others wrote, fit for a terminal, a subject and a page: a control character becomes a space,
 * a lone surrogate U+FFFD, a format character (bidirectional marks, zero-width space) is dropped.
 */
export function visibleLine(text: string): string {
  return withoutHidden(text).trim();
}

/** The same for a text of several lines: line breaks and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[^\n\t]+/g, withoutHidden);
}

/** A name as it is kept: NFC, on one line, with single spaces, without characters that show nothing. */
export function normalisedName(text: string): string {
  return visibleLine(text.normalize('NFC')).replace(/\s+/gu, ' ').trim();
}

/** Whether a reader sees anything. */
export function showsSomething(text: string): boolean {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text.replace(blank, ''));
}

/** Whether a text has control characters, or halves of characters (lone surrogates), which no name has. */
export function hasBrokenCharacters(text: string): boolean {
  return /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}

/** The command's own sequences: a style, and the redrawing of a progress line. */
const escapeCode = '\u001b';
const ownSequences = new RegExp(`(${escapeCode}\\[[0-9;]*m|\\r${escapeCode}\\[2K|[\\n\\t])`, 'u');

/**
 * Text for a terminal or a log: a hidden character is written as its escape (`\u202e`), which is also what JSON writes, so that
 * printed JSON keeps its value. Line breaks, tabs and the command's own styles stay.
 */
export function escapedText(text: string): string {
  if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return text;
  return text
    .split(ownSequences)
    .map((part, index) => (index % 2 === 1 ? part : replaceHidden(part, escapeOf)))
    .join('');
}

function escapeOf(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index += 1)
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  return escaped;
}

/** A text that no mail program turns into a link: nothing in it is an address of the web or of mail. */
export function withoutLinks(text: string): string {
  return text
    .replace(/@|[:/\\]{2,}/g, ' ')
    .replace(/([.:])(?=\S)/g, '$1 ')
    .replace(/ {2,}/g, ' ')
    .trim();
}
