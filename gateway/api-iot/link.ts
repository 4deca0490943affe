import { type DeviceLink, LinkClosed, type LinkConnection } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import { fleetFilters } from '../../shared/protocol/topics.ts';
import type { Background } from './background.ts';
import type { ApiIotConfig } from './config.ts';
import type { Ingest } from './ingest.ts';

/** The service's own connection to the broker. Subscribes at each connect: a broker may have lost its memory. */
export function openFleetLink(deps: {
  readonly link: DeviceLink;
  readonly signIn: ApiIotConfig['link'];
  readonly ingest: Ingest;
  readonly log: Log;
  readonly background: Background;
  /** True while the service itself closes the connection: not an error then. */
  readonly isLeaving: () => boolean;
  /** The broker has lost our session and the vehicles' presence: each vehicle counts as offline until its next status. */
  readonly onForgotten: () => Promise<void>;
  /** Subscribed: what waits may be sent again. */
  readonly onReady: () => void;
}): LinkConnection {
  const { log, background, ingest } = deps;
  const connection = deps.link.open({
    ...deps.signIn,
    cleanSession: false,
    keepAliveSeconds: 30,
    onMessage: (message) => ingest.take(message),
    onConnect: ({ sessionPresent }) => {
      log.info('api_iot.link_up', { sessionPresent });
      ingest.forgetPresence();
      background.run('subscribe', async () => {
        if (!sessionPresent) await deps.onForgotten();
        try {
          await connection.subscribe(fleetFilters);
        } catch (error) {
          // Stopped before the broker answered.
          if (error instanceof LinkClosed && deps.isLeaving()) return;
          throw error;
        }
        deps.onReady();
      });
    },
    onDisconnect: (reason) => log[deps.isLeaving() ? 'info' : 'warn']('api_iot.link_down', { reason }),
  });
  return connection;
}
