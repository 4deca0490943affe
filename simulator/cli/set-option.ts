import { givenText } from '../../shared/protocol/address.ts';
import { UsageError } from './exit.ts';

/** For an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** The fields of `--set name=value`: a number, true, false or null where the value is one, else the text. */
export function fieldsOfSet(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new UsageError(`--set takes name=value, such as levels=2, not ${givenText(text)}`);
      }
      return [name, plainValue(value)];
    }),
  );
}

function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  const number = Number(text);
  // What a number cannot hold as it is written (a VIN of digits) is meant as a text.
  const isExact =
    Number.isFinite(number) && (Number.isSafeInteger(number) || !/^[-+]?[0-9]+$/.test(text.trim()));
  return text.trim() !== '' && isExact ? number : text;
}
