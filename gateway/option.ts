import { isIP } from 'node:net';
import { Address, type AddressRule, givenText, maskedText, readAddress } from '../shared/protocol/address.ts';
import { durationOfText, textOfDuration } from '../shared/protocol/duration-text.ts';

/**
 * One table of options: it gives the type, the default, the flag, the environment name, the help text and the check of
 * each. A flag wins over the environment, which wins over the default.
 */
export interface Option<T> {
  readonly flag: string;
  readonly environment: string;
  readonly placeholder: string;
  readonly help: string;
  readonly fallback: T;
  /** The value, or a sentence that says what it must be. */
  readonly read: (text: string) => { readonly value: T } | { readonly fault: string };
}

export function text(words: Omit<Option<string>, 'read'>): Option<string> {
  return {
    ...words,
    read: (value) => (value.trim() === '' ? { fault: 'must not be empty' } : { value }),
  };
}

/** An address or a host name to listen on, an IPv6 address with or without brackets. */
export function listenHost(words: Omit<Option<string>, 'read'>): Option<string> {
  return {
    ...words,
    read(value) {
      const bare = value.replace(/^\[(.*)\]$/, '$1');
      return isIP(bare) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(bare)
        ? { value: bare }
        : {
            fault: `must be an address or a host name alone, such as 127.0.0.1 or ::1, not ${givenText(value)}`,
          };
    },
  };
}

/** A name of streams and subjects: it stands in them as it is, and in capitals. */
export function streamPrefix(words: Omit<Option<string>, 'read'>): Option<string> {
  return {
    ...words,
    read: (value) =>
      /^[a-z0-9][a-z0-9_-]{0,31}$/.test(value)
        ? { value }
        : {
            fault: `must be 1 to 32 lower-case letters, digits, hyphens and underscores, not ${givenText(value)}`,
          },
  };
}

export function optionalText(words: Omit<Option<string | null>, 'read' | 'fallback'>): Option<string | null> {
  return { ...words, fallback: null, read: (value) => ({ value: value === '' ? null : value }) };
}

/** An address that holds no secret and that paths are added to, as a text. */
export function optionalUrl(
  words: Omit<Option<string | null>, 'read' | 'fallback'>,
  protocols: readonly string[],
  base: 'request' | 'link' = 'request',
): Option<string | null> {
  return {
    ...words,
    fallback: null,
    read: (value) => (value === '' ? { value: null } : readUrl(value, protocols, base)),
  };
}

/** A URL as it is written, a slash at its end included: an issuer's name is compared to the letter. */
export function issuerName(words: Omit<Option<string | null>, 'read' | 'fallback'>): Option<string | null> {
  const protocols = ['http://', 'https://'];
  return {
    ...words,
    fallback: null,
    read(value) {
      if (value === '') return { value: null };
      const reading = readUrl(value, protocols);
      return 'fault' in reading ? reading : { value };
    },
  };
}

/** A URL of one of these protocols that paths are added to: without credentials, query, fragment and a slash at its end. */
export function readUrl(
  value: string,
  protocols: readonly string[],
  base: 'request' | 'link' = 'request',
): { readonly value: string } | { readonly fault: string } {
  return readAddress(value, { protocols, hasCredentials: false, base });
}

/** An address that may hold credentials, or lets its holder in by its path: it never shows them. */
export function optionalAddress(
  words: Omit<Option<Address | null>, 'read' | 'fallback'>,
  rule: AddressRule,
): Option<Address | null> {
  return {
    ...words,
    fallback: null,
    read(value) {
      if (value === '') return { value: null };
      const result = readAddress(value, rule);
      return 'fault' in result ? result : { value: new Address(result.value) };
    },
  };
}

export function wholeNumber(
  words: Omit<Option<number>, 'read'>,
  least: number,
  most: number,
): Option<number> {
  return {
    ...words,
    read(value) {
      const number = Number(value);
      const fits = /^\d{1,15}$/.test(value) && number >= least && number <= most;
      return fits
        ? { value: number }
        : { fault: `must be a whole number from ${least} to ${most}, not ${givenText(value)}` };
    },
  };
}

/** A duration: a whole number of milliseconds, or a text with its unit, such as `30s`. */
export function milliseconds(
  words: Omit<Option<number>, 'read'>,
  least: number,
  most: number,
): Option<number> {
  const inNumbers = wholeNumber(words, least, most);
  return {
    ...inNumbers,
    read(value) {
      const ms = durationOfText(value);
      if (ms !== null && ms >= least && ms <= most) return { value: ms };
      const result = ms === null ? inNumbers.read(value) : { fault: '' };
      if (!('fault' in result)) return result;
      return {
        fault: `must be a duration from ${textOfDuration(least)} to ${textOfDuration(most)}, such as 30s or "45 min", or as many milliseconds, not ${givenText(value)}`,
      };
    },
  };
}

export function choices<T extends string>(
  words: Omit<Option<readonly T[]>, 'read'>,
  known: readonly T[],
): Option<readonly T[]> {
  return {
    ...words,
    read(value) {
      const names = value.split(',').map((name) => name.trim());
      const strange = names.find((name) => !known.includes(name as T));
      return strange === undefined
        ? { value: names as T[] }
        : { fault: `knows ${known.join(', ')}, not ${givenText(strange)}` };
    },
  };
}

/** A list of texts that `readOne` checks and normalises, or answers null for. */
export function list(
  { example, ...words }: Omit<Option<readonly string[]>, 'read'> & { readonly example: string },
  readOne: (text: string) => string | null,
): Option<readonly string[]> {
  return {
    ...words,
    read(value) {
      if (value === '') return { value: [] };
      const values: string[] = [];
      for (const text of value.split(',').map((part) => part.trim())) {
        const one = readOne(text);
        if (one === null) return { fault: `must be a list such as ${example}, not ${givenText(text)}` };
        values.push(one);
      }
      return { value: values };
    },
  };
}

/** A host name in lower case: no scheme, no port, no path. */
export function readHostName(name: string): string | null {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name) ? name.toLowerCase() : null;
}

/** `https://shop.example`, as a browser writes it in `Origin`. */
export function readOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { origin, protocol, href } = new URL(text);
  return /^https?:$/.test(protocol) && href === `${origin}/` ? origin : null;
}

export function oneOf<const T extends string>(
  words: Omit<Option<NoInfer<T>>, 'read'>,
  known: readonly T[],
): Option<T> {
  return {
    ...words,
    read: (value) =>
      known.includes(value as T)
        ? { value: value as T }
        : { fault: `must be one of ${known.join(', ')}, not ${givenText(value)}` },
  };
}

/**
 * What flags, else the environment, else the defaults say of each option of a table, and the faults of what cannot be.
 * A variable that is set to nothing counts as not set: compose files and shells pass such on.
 */
export function readOptions(
  table: Readonly<Record<string, Option<unknown>>>,
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly values: Record<string, unknown>; readonly faults: string[] } {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, option] of Object.entries(table)) {
    const given = flags[name] ?? (environment[option.environment] || undefined);
    const result = given === undefined ? { value: option.fallback } : option.read(given);
    if ('fault' in result)
      faults.push(`--${option.flag} (${option.environment}) ${maskedText(result.fault)}`);
    else values[name] = result.value;
  }
  return { values, faults };
}
