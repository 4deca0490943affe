import type { GatewayConfig } from '../config.ts';

const localHost = /^(localhost|127(\.\d+){3}|\[::1\])$/i;
const remedy = 'set FLEETWAKE_PUBLIC_URL (--public-url), or FLEETWAKE_WEB_URL (--web-url)';

/**
 * Returns a sentence where e-mails leave this machine and no customer can open their links: neither the platform's public address
 * nor that of a web platform is set, or its host is of this machine or has a name of one label, as containers have.
 * Null: links lead somewhere, or mails stay here (a stand-in, a mail server on this machine).
 */
export function unreachableLinks(
  config: Pick<GatewayConfig, 'publicUrl' | 'webUrl' | 'smtpUrl'>,
): string | null {
  const { publicUrl, webUrl, smtpUrl } = config;
  if (smtpUrl === null) return null;
  // A scheme that the URL standard knows: of others it leaves the host's case and form as they are.
  const mailHost = new URL(smtpUrl.reveal().replace(/^smtps?:/, 'http:')).hostname;
  if (localHost.test(mailHost)) return null;
  const address = webUrl ?? publicUrl;
  if (address === null)
    return `E-mails go to a mail server elsewhere, and their links lead to this machine's own address: ${remedy}.`;
  const { hostname, origin } = new URL(address);
  return localHost.test(hostname) || !/[.:]/.test(hostname)
    ? `E-mails go to a mail server elsewhere, and their links lead to ${origin}, which customers cannot reach: ${remedy}, to an address with a full host name.`
    : null;
}
