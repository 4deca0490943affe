const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of these bytes without a byte order mark, or null where they are not UTF-8. A replacement character in place of
 * what could not be read would be stored and shown as if the sender had written it (RFC 8259 section 8.1).
 */
export function utf8Of(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
