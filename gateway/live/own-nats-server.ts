import { wallClock } from '../../shared/live/clock.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from '../../shared/live/nats-server.ts';
import { sleep } from '../../shared/ports/clock.ts';

const pauseMs = 500;

export interface OwnNatsServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A nats-server that is started again, on its port and data, whenever it ends without being asked to. */
export async function ownNatsServer(options: NatsServerOptions): Promise<OwnNatsServer> {
  const { log } = options;
  let server: NatsServer = await startNatsServer(options);
  const { url, port } = server;
  const stopping = new AbortController();

  async function watch(): Promise<void> {
    for (;;) {
      await server.exited;
      if (stopping.signal.aborted) return;
      log.error('nats.ended', { port });
      while (!stopping.signal.aborted) {
        await sleep(wallClock, pauseMs, stopping.signal);
        if (stopping.signal.aborted) return;
        try {
          server = await startNatsServer({ ...options, port });
          break;
        } catch (error) {
          log.error('nats.not_started', { port, reason: String(error) });
        }
      }
    }
  }

  const watching = watch();
  return {
    url,
    port,
    async stop() {
      stopping.abort();
      await server.stop();
      await watching;
      // It may have come back while it was being ended.
      await server.stop();
    },
  };
}
