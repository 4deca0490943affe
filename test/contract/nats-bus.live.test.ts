import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { connectTo } from '../../shared/live/nats-connection.ts';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { type Bus, BusUnavailable } from '../../shared/ports/bus.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { streams } from '../../shared/protocol/subjects.ts';
import { freePort } from '../helpers/free-port.ts';
import { newTemporaryFolder, removeFolder, withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { describeBus } from './bus.ts';

let folder: string;
let server: NatsServer;

beforeAll(async () => {
  folder = await newTemporaryFolder();
  server = await startNatsServer({ dataFolder: folder, log: silentLog });
});
afterAll(async () => {
  await server.stop();
  await removeFolder(folder);
});

describeBus('NATS JetStream', () => openNatsBus({ url: server.url, log: silentLog }));

/** Runs `work` on a NATS of its own, which it may kill. */
async function withNats<T>(
  work: (own: { dataFolder: string; start: () => Promise<NatsServer> }) => Promise<T>,
) {
  return withTemporaryFolder(async (own) => {
    const dataFolder = join(own, 'nats');
    await mkdir(dataFolder);
    const started: NatsServer[] = [];
    let port = 0;
    const start = async () => {
      const next = await startNatsServer({ dataFolder, port, log: silentLog });
      port = next.port;
      started.push(next);
      return next;
    };
    try {
      return await work({ dataFolder, start });
    } finally {
      for (const one of started) await one.kill();
    }
  });
}

const wakeUps = {
  stream: streams.wakeUps.name,
  durable: 'engine',
  subject: 'fleetwake.wake.>',
  ackWaitMs: 5_000,
  concurrency: 16,
};

/** A bus that writes down what it consumes. */
async function withConsumer<T>(url: string, work: (bus: Bus, seen: string[]) => Promise<T>): Promise<T> {
  const bus = await openNatsBus({ url, log: silentLog });
  const seen: string[] = [];
  const consumption = await bus.consume(wakeUps, async (delivery) => {
    seen.push(delivery.payload);
    delivery.ack();
  });
  try {
    return await work(bus, seen);
  } finally {
    await consumption.stop();
    await bus.close();
  }
}

/** Publishes until it was acknowledged, as a caller with an outbox does. */
async function publishSurely(bus: Bus, payload: string): Promise<void> {
  await until(
    () =>
      bus.publish('fleetwake.wake.a', payload, { messageId: payload }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof BusUnavailable) return false;
          throw error;
        },
      ),
    `${payload} is stored`,
  );
}

describe('the NATS bus', () => {
  it('configures streams and consumer as documented', async () => {
    await withNats(async ({ start }) => {
      const { url } = await start();
      await withConsumer(url, async () => {
        const { host, username, password } = new URL(url);
        const connection = await connect({ servers: host, user: username, pass: password });
        const manager = await jetstreamManager(connection);
        const queue = await manager.streams.info('FLEETWAKE_WAKEUPS');
        expect(queue.config).toMatchObject({
          subjects: ['fleetwake.wake.>'],
          retention: 'workqueue',
          storage: 'file',
          duplicate_window: 120e9,
          discard: 'new',
        });
        const events = await manager.streams.info('FLEETWAKE_EVENTS');
        expect(events.config).toMatchObject({ retention: 'limits', max_age: 7 * 86_400e9 });
        const consumer = await manager.consumers.info('FLEETWAKE_WAKEUPS', 'engine');
        expect(consumer.config).toMatchObject({
          ack_policy: 'explicit',
          ack_wait: 5e9,
          max_ack_pending: -1,
          max_deliver: -1,
        });
        await connection.close();
      });
    });
  });

  it('changes a consumer that stands with another acknowledgement time', async () => {
    await withNats(async ({ start }) => {
      const { url } = await start();
      await withConsumer(url, async (bus) => {
        const changed = await bus.consume({ ...wakeUps, ackWaitMs: 7_000 }, async () => {});
        await changed.stop();
        const { host, username, password } = new URL(url);
        const connection = await connect({ servers: host, user: username, pass: password });
        const consumer = await (await jetstreamManager(connection)).consumers.info(wakeUps.stream, 'engine');
        expect(consumer.config.ack_wait).toBe(7e9);
        await connection.close();
      });
    });
  });

  it('continues with the stored messages after NATS was killed and restarted', async () => {
    await withNats(async ({ start }) => {
      const first = await start();
      await withConsumer(first.url, async (bus, seen) => {
        await publishSurely(bus, 'before');
        await until(() => seen.includes('before'), 'it arrives');
        await first.kill();
        const lost = await bus.publish('fleetwake.wake.a', 'meanwhile').catch((error: unknown) => error);
        expect(lost).toBeInstanceOf(BusUnavailable);
        await start();
        await publishSurely(bus, 'after');
        await until(() => seen.includes('after'), 'it arrives after the restart');
      });
    });
  });

  it('has no problem any more as soon as the connection is back, without a publish', async () => {
    await withNats(async ({ start }) => {
      const first = await start();
      await withConsumer(first.url, async (bus) => {
        expect(bus.problem()).toBeNull();
        await first.kill();
        const lost = await bus.publish('fleetwake.wake.a', 'meanwhile').catch((error: unknown) => error);
        expect(lost).toBeInstanceOf(BusUnavailable);
        expect(bus.problem()).not.toBeNull();
        await start();
        await until(() => bus.problem() === null, 'the connection is back');
      });
    });
  });

  it('continues after NATS lost all its data', async () => {
    await withNats(async ({ dataFolder, start }) => {
      const first = await start();
      await withConsumer(first.url, async (bus, seen) => {
        await publishSurely(bus, 'before');
        await until(() => seen.includes('before'), 'it arrives');
        await first.kill();
        await rm(join(dataFolder, 'jetstream'), { recursive: true });
        await start();
        await publishSurely(bus, 'after');
        await until(() => seen.includes('after'), 'it arrives after the wipe');
      });
    });
  });

  it('continues after its streams were deleted', async () => {
    await withNats(async ({ start }) => {
      const { url } = await start();
      await withConsumer(url, async (bus, seen) => {
        await publishSurely(bus, 'before');
        const { host, username, password } = new URL(url);
        const connection = await connect({ servers: host, user: username, pass: password });
        const manager = await jetstreamManager(connection);
        await manager.streams.delete('FLEETWAKE_WAKEUPS');
        await connection.close();
        await publishSurely(bus, 'after');
        await until(() => seen.includes('after'), 'it arrives in the new stream');
      });
    });
  });

  it('reports in a sentence that no server answers, or that the password is wrong', async () => {
    const port = await freePort();
    await expect(openNatsBus({ url: `nats://127.0.0.1:${port}`, log: silentLog })).rejects.toThrow(
      new RegExp(`^NATS at nats://127.0.0.1:${port} cannot be used: `),
    );
    const wrong = server.url.replace(/:[0-9a-f]+@/, ':wrong@');
    const error = await openNatsBus({ url: wrong, log: silentLog }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BusUnavailable);
    expect(String(error)).not.toContain('wrong@');
  });
});

describe('the NATS server that we start', () => {
  it('refuses clients without the password, and makes the password readable only for this user', async () => {
    await expect(connect({ servers: `127.0.0.1:${server.port}` })).rejects.toThrow(/authorization/i);
    const modes = await Promise.all(
      ['nats-password', 'nats-server.conf'].map(
        async (file) => (await stat(join(folder, file))).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o600, 0o600]);
  });

  it('refuses a taken port with a sentence', async () => {
    await withTemporaryFolder(async (own) => {
      const starting = startNatsServer({ dataFolder: own, port: server.port, log: silentLog });
      await expect(starting).rejects.toThrow(
        `port ${server.port} on 127.0.0.1 is taken: stop what listens there, or choose another for NATS`,
      );
    });
  });

  it('ends a server that was left behind on the same folder before it starts', async () => {
    await withNats(async ({ start }) => {
      const first = await start();
      const second = await start();
      await first.exited;
      expect(second.pid).not.toBe(first.pid);
    });
  });
});

it('lets a client in whose event loop has turns of three seconds', async () => {
  const turnMs = 3_000;
  const busy = setInterval(() => {
    const endsAt = performance.now() + turnMs;
    while (performance.now() < endsAt);
  }, 0);
  try {
    const connection = await connectTo({ url: server.url });
    clearInterval(busy);
    await connection.flush();
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  } finally {
    clearInterval(busy);
  }
});
