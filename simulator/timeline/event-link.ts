/** Where a page's address holds the chosen event. */
const pattern = /(?:^#|&)event=([^&]+)/;

/** Returns the event that an address's fragment names, or null. */
export function eventOfHash(hash: string): string | null {
  const found = pattern.exec(hash)?.[1];
  if (found === undefined) return null;
  try {
    return decodeURIComponent(found);
  } catch {
    return null;
  }
}

/** Returns the fragment that names an event. */
export function hashOfEvent(id: string): string {
  return `#event=${encodeURIComponent(id)}`;
}
