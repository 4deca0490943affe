/**
 * Where a service is, with the credentials to use there. As a text, in JSON and in a log it is the address without them: only `reveal` gives
 * them, to the library that connects.
 */
export class Address {
  readonly #text: string;

  /** `text` must be an address that `readAddress` takes, or one of our own making. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The whole text. Not to be shown, logged or stored. */
  reveal(): string {
    return this.#text;
  }

  /** The user and the password in it, decoded, or null where it holds none. */
  credentials(): { readonly username: string; readonly password: string } | null {
    const { username, password } = new URL(this.#text);
    return username === '' && password === ''
      ? null
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  }

  /** What stands in it that may be in no output: the password, and the values of a query. */
  secrets(): string[] {
    return this.#text.split(',').flatMap((part) => {
      if (!URL.canParse(part)) return [];
      const { password, searchParams } = new URL(part);
      const values = [...searchParams].filter(([name]) => !harmless.has(name)).map(([, value]) => value);
      return [...(password === '' ? [] : [decodeURIComponent(password)]), ...values];
    });
  }

  /** With its path, and without the values of its query: for an address that its user must recognise. */
  withPath(): string {
    return maskedText(this.#text);
  }

  toString(): string {
    return maskedAddress(this.#text);
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Parameters of database and broker addresses whose values are words that stand elsewhere too. */
const harmless = new Set(['sslmode', 'application_name', 'connect_timeout', 'pool', 'secure', 'name']);

export interface AddressRule {
  /** `https://` and others of its kind. */
  readonly protocols: readonly string[];
  /** Whether a user and a password may stand in it. */
  readonly hasCredentials: boolean;
  /** Several may be given, separated by commas; those after the first may leave the protocol out. */
  readonly isList?: boolean;
  /** Paths are added to it: a query or a fragment would take them in. A link to a page may end in the fragment of its router. */
  readonly base?: 'request' | 'link';
}

/** An address, or what it must be. The sentence shows nothing of a text that may hold a secret. */
export function readAddress(
  text: string,
  rule: AddressRule,
): { readonly value: string } | { readonly fault: string } {
  const parts = rule.isList ? listOf(text, rule.protocols[0] ?? '') : [text.trim()];
  for (const part of parts) {
    const fault = faultOf(part, rule);
    if (fault !== null) return { fault };
  }
  return { value: parts.join(',').replace(/(?<!\/)\/$/, '') };
}

function listOf(text: string, protocol: string): string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.map((part, index) => (index === 0 || part.includes('://') ? part : `${protocol}${part}`));
}

const encodeThem =
  'cannot be read as a URL: percent-encode the user and the password, where "#" is %23, "/" is %2F, "@" is %40 and "%" is %25 (RFC 3986 section 3.2.1)';

function faultOf(text: string, { protocols, hasCredentials, base }: AddressRule): string | null {
  if (!protocols.some((protocol) => text.toLowerCase().startsWith(protocol))) {
    const isHost = /^[a-z0-9.-]{1,100}(:\d{1,5})?$/i.test(text);
    const shown = isHost && isShown(text) ? `, not "${text}"` : '';
    return `must be a URL that starts with ${protocols.join(' or ')}${shown}`;
  }
  const [, authority = '', rest = ''] = /^[a-z+]+:\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  const mayHold = authority.includes('@') || rest.includes('@');
  if (!URL.canParse(text))
    return mayHold ? encodeThem : 'cannot be read as a URL: correct its host or its port';
  if (!hasCredentials && authority.includes('@'))
    return 'must hold no user and no password: credentials have options of their own';
  // What was meant for a password ended the host: an unencoded "/", "?" or "#".
  if (hasCredentials && rest.includes('@') && !authority.includes('@')) return encodeThem;
  if (base !== undefined && /[?#]/.test(base === 'link' ? rest.replace(/#.*$/s, '') : rest))
    return 'must hold no query and no fragment: paths are added to it';
  const { username, password } = new URL(text);
  return isDecodable(username) && isDecodable(password) ? null : encodeThem;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a user or a password stands in a URL. */
export function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

const urlCredentials = /(\/\/)[^/?#\s@"\\]*@/g;
const urlQuery = /(\b[a-z][a-z0-9+.-]*:\/{1,2}[^\s?#"'<>\\]*)([?#])[^\s"'<>\\]+/gi;

/** Returns a text with user, password, query and fragment of every URL in it left out, fit for a log, an error or a list. */
export function maskedText(text: string): string {
  return text.replace(urlCredentials, '$1***@').replace(urlQuery, '$1$2…');
}

const shownMax = 31;
const secretShape = /:\/\/.*[@?#]|^(sk|rk|whsec|ghp)_|^eyJ|^(Bearer|Basic) /is;

/**
 * Returns a text as an error repeats it that was given where something else belongs, in quotes. A long text, a URL with more than
 * a path and what looks like a key are left out: the flag may be the wrong one for a secret.
 */
export function givenText(text: string): string {
  return isShown(text) ? `"${text}"` : '"***"';
}

function isShown(text: string): boolean {
  return text.length <= shownMax && !secretShape.test(text);
}

/** A text about a request to `url`, with the address masked. */
export function maskedIn(text: string, url: string): string {
  return text.replaceAll(url, maskedAddress(url)).replaceAll(url.split('?')[0] ?? url, maskedAddress(url));
}

/** Without user, password and query; of an HTTP address the path is left out too, since it may be what lets its holder in. */
export function maskedAddress(text: string): string {
  return text
    .split(',')
    .map((part) => {
      const [, protocol = '', authority = '', path = ''] =
        /^\s*([a-z+]+:\/\/)?([^/?#]*)([^?#]*)/is.exec(part) ?? [];
      const host = authority.slice(authority.lastIndexOf('@') + 1);
      const isHttp = /^https?:/i.test(protocol);
      return `${protocol}${host}${isHttp ? (path.length > 1 ? '/…' : '') : path}`;
    })
    .join(',');
}
