import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Problem, problemOf } from '../protocol/problem.ts';

/**
 * Returns why a request never reaches a handler, or null: it names no host, two hosts or one that is not served here
 * (a page of another site reaches loopback under its own name by DNS rebinding), or its target is no URL in UTF-8.
 * `allowedHosts` is null at a server whose names no option extends.
 */
export function requestProblem(
  incoming: IncomingMessage,
  allowedHosts: ReadonlySet<string> | null,
): Problem | null {
  const { url = '', rawHeaders } = incoming;
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host',
  );
  const [host, ...others] = hosts;
  if (host === undefined || others.length > 0)
    return malformed(`A request has one Host header, not ${hosts.length}.`);
  if (!isTarget(incoming.method, url))
    return malformed('The request target must be a path, percent-encoded in UTF-8 and without a backslash.');
  const names = [host, ...(url.startsWith('/') || url === '*' ? [] : [new URL(url).host])].map(nameOf);
  if (names.includes(null)) return malformed('The Host header is no host name or address.');
  const strange = names.find((name) => !isServed(name ?? '') && !allowedHosts?.has(name ?? ''));
  if (strange === undefined) return null;
  return misdirected(strange ?? '', allowedHosts !== null);
}

/** What a request for a host is answered that is not served here. */
export function misdirected(host: string, isExtensible: boolean): Problem {
  const fix = isExtensible
    ? 'Name it in --allowed-hosts (FLEETWAKE_ALLOWED_HOSTS) if it is ours.'
    : 'Use 127.0.0.1 or localhost.';
  return problemOf('misdirected-request', `Requests for the host ${host} are not answered here. ${fix}`);
}

function malformed(detail: string): Problem {
  return problemOf('malformed-request', detail);
}

function isTarget(method: string | undefined, url: string): boolean {
  if (url === '*') return method === 'OPTIONS';
  // Only visible ASCII may stand in a target (RFC 3986); a backslash would be taken for a slash.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(url)) return false;
  if (!url.startsWith('/') && !(/^https?:\/\//.test(url) && URL.canParse(url))) return false;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** The host without its port in lower case, or null for what is none. */
function nameOf(host: string): string | null {
  if (!/^[a-z0-9._[\]:-]+$/i.test(host) || !URL.canParse(`http://${host}/`)) return null;
  return new URL(`http://${host}/`).hostname;
}

/** Addresses and names without a dot cannot be pointed elsewhere by an outsider; `localhost` names always mean this machine (RFC 6761). */
function isServed(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || !name.includes('.') || name.endsWith('.localhost');
}
