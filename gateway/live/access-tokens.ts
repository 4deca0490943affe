import { wallClock } from '../../shared/live/clock.ts';
import { jwtTokens } from '../../shared/live/tokens.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';
import type { GatewayConfig } from '../config.ts';
import type { Keys } from './keys.ts';

/** Tokens of our own for one surface, and of the outside issuer that the configuration trusts. */
export function accessTokens(
  { config, keys, http }: { readonly config: GatewayConfig; readonly keys: Keys; readonly http: Http },
  issuer: string,
): Promise<Tokens> {
  const { trustedIssuer, trustedJwks } = config;
  const trusted =
    trustedIssuer !== null && trustedJwks !== null ? [{ issuer: trustedIssuer, jwksUrl: trustedJwks }] : [];
  return jwtTokens({ clock: wallClock, issuer, privateKey: JSON.parse(keys.signingKey), trusted, http });
}
