import type { Keys } from '../../gateway/live/keys.ts';
import { accessTokens, sendAuthorised } from '../../gateway/oauth/access-token.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { ClientRefused } from '../run/api-client.ts';
import type { EventTailOptions } from '../run/event-tail.ts';

/** Returns what opens the stream of events of the platform at `origin`, each time with a token that is good. */
export function eventStreamAt(keys: Keys, origin: string): EventTailOptions['open'] {
  const { http } = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const clientId = 'developer';
  const tokens = accessTokens({
    http,
    clock: wallClock,
    credentials: {
      ...{ tokenUrl: `${origin}/oauth/token`, clientId, clientSecret: keys.developerSecret },
      scope: 'events:read',
    },
  });
  return async (after, signal) => {
    const place = after === null ? {} : { 'last-event-id': String(after) };
    const response = await sendAuthorised(
      tokens,
      http,
      (token) =>
        new Request(`${origin}/events`, { headers: { authorization: `Bearer ${token}`, ...place }, signal }),
    );
    if (response === null) throw new ClientRefused(origin, clientId);
    return response;
  };
}
