/** Where requests came from, as their connection says; a request that came over no connection has no address. */
const addresses = new WeakMap<Request, string>();

/** Keeps the address of the connection over which a request came. */
export function noteClientAddress(request: Request, address: string | undefined): void {
  // An IPv4 client of a socket that takes both.
  if (address !== undefined) addresses.set(request, address.replace(/^::ffff:(?=\d+\.)/, ''));
}

/** Returns the address of the client, or of the proxy before it; null where it is not known. */
export function clientAddressOf(request: Request): string | null {
  return addresses.get(request) ?? null;
}
