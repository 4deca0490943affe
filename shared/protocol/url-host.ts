/** A host as it stands in a URL: an IPv6 address in brackets (RFC 3986 section 3.2.2). */
export function urlHost(hostname: string): string {
  return hostname.includes(':') ? `[${hostname.replace(/^\[(.*)\]$/, '$1')}]` : hostname;
}

/** Where a listener is reached from this machine: an address to listen on everywhere is none to send to. */
export function reachableHost(hostname: string): string {
  return hostname === '0.0.0.0' || hostname === '::' ? '127.0.0.1' : urlHost(hostname);
}
