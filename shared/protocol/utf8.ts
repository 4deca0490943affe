const decoder = new TextDecoder('utf-8', { fatal: true });

/** A message's payload as `LinkMessage` carries it. */
export function payloadOf(bytes: Uint8Array | string): { readonly payload: string; readonly isUtf8?: false } {
  if (typeof bytes === 'string') return { payload: bytes };
  const payload = utf8Of(bytes);
  return payload === null ? { payload: new TextDecoder().decode(bytes), isUtf8: false } : { payload };
}

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
