import type { GatewayConfig } from '../config.ts';

const localHost = /^(localhost|127(\.\d+){3}|\[::1\])$/i;

/**
 * Returns a sentence where e-mails leave this machine and their links do not: neither the platform's public address nor that of
 * a web platform is set. Null: links lead somewhere, or mails stay here (a stand-in, a mail server on this machine).
 */
export function unreachableLinks(
  config: Pick<GatewayConfig, 'publicUrl' | 'webUrl' | 'smtpUrl'>,
): string | null {
  const { publicUrl, webUrl, smtpUrl } = config;
  if (publicUrl !== null || webUrl !== null || smtpUrl === null) return null;
  // A scheme that the URL standard knows: of others it leaves the host's case and form as they are.
  const { hostname } = new URL(smtpUrl.reveal().replace(/^smtps?:/, 'http:'));
  return localHost.test(hostname)
    ? null
    : "E-mails go to a mail server elsewhere, and their links lead to this machine's own address: set FLEETWAKE_PUBLIC_URL (--public-url), or FLEETWAKE_WEB_URL (--web-url).";
}
