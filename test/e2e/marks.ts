/** Where a secret stands in a text; empty where it does not. */
export function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return at === -1 ? '' : text.slice(Math.max(0, at - 200), at + 60);
}
