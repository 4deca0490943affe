import { machineClock } from '../../shared/live/clock.ts';
import { jwtTokens } from '../../shared/live/tokens.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';
import type { GatewayConfig } from '../config.ts';
import type { Keys } from './keys.ts';

/**
 * Tokens of our own for one surface, and of the outside issuer that the configuration trusts. Without a public URL each
 * process on a data folder issues under its own address; `acceptsOwnKeyAlone` lets each take the others' tokens.
 */
export function accessTokens(
  { config, keys, http }: { readonly config: GatewayConfig; readonly keys: Keys; readonly http: Http },
  { issuer, acceptsOwnKeyAlone }: { readonly issuer: string; readonly acceptsOwnKeyAlone: boolean },
): Promise<Tokens> {
  const { trustedIssuer, trustedJwks, tokenLeewaySeconds: leewaySeconds } = config;
  const trusted =
    trustedIssuer !== null && trustedJwks !== null
      ? [{ issuer: trustedIssuer, jwksUrl: trustedJwks.reveal(), leewaySeconds }]
      : [];
  const privateKey = JSON.parse(keys.signingKey);
  return jwtTokens({ clock: machineClock, issuer, acceptsOwnKeyAlone, privateKey, trusted, http });
}

/** The host names under which the servers of this configuration answer. */
export function allowedHosts({ allowedHosts: further, publicUrl, apiIotPublicUrl }: GatewayConfig): string[] {
  const urls = [publicUrl, apiIotPublicUrl].filter((url) => url !== null);
  return [...further, ...urls.map((url) => new URL(url).hostname)];
}
