import type { Keys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import type { Http } from '../../shared/ports/http.ts';
import { type ApiClient, apiClient } from '../run/api-client.ts';

export interface Clients {
  /** A developer at the platform API. */
  readonly platform: ApiClient;
  /** Client that registers vehicles at the API IoT. */
  readonly provisioner: ApiClient;
  /** A developer at the API IoT. */
  readonly apiIot: ApiClient;
}

/**
 * Clients over sockets of their own: what their requests meet is the network, not a call inside the process. Once `over` is
 * aborted they send nothing, and the users who wait for an answer do nothing any more.
 */
export function clientsOf(
  keys: Keys,
  origins: { readonly platform: string; readonly apiIot: string },
  over?: AbortSignal,
): Clients {
  const { http: network } = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const http: Http = (...request) => (over?.aborted ? new Promise(() => {}) : network(...request));
  const common = { http, clock: wallClock };
  const developer = { clientId: 'developer', clientSecret: keys.developerSecret };
  return {
    platform: apiClient({ ...common, ...developer, origin: origins.platform }),
    apiIot: apiClient({ ...common, ...developer, origin: origins.apiIot }),
    provisioner: apiClient({
      ...common,
      origin: origins.apiIot,
      clientId: 'provisioner',
      clientSecret: keys.provisionerSecret,
    }),
  };
}
