import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { LinkConnection } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { ConfigureCommand } from '../../shared/protocol/device-messages.ts';
import { topics } from '../../shared/protocol/topics.ts';
import type { Background } from './background.ts';
import { featuresOf } from './command-resource.ts';
import { listWaiting, listWaitingOf } from './store/commands.ts';
import type { ApiIotSchema, CommandRow } from './store/schema.ts';

/** The most commands handed to the broker at once during a sweep. */
const sweepPage = 200;

/**
 * Sends commands to the broker. A command that waits for its answer is sent again whenever its message may have been
 * lost: when the link comes back, when its vehicle comes online, when the service starts. Vehicles de-duplicate by command id.
 */
export interface Publisher {
  publish(command: CommandRow): void;
  publishWaitingOf(vin: string): void;
  /** Sends everything that waits; two sweeps never run at once. */
  sweep(): void;
}

function messageOf(command: CommandRow, now: number): ConfigureCommand {
  return {
    id: command.id,
    vin: command.vin,
    features: featuresOf(command),
    sentAt: now,
    expiresAt: command.expires_at,
    ...(command.display === null
      ? {}
      : { display: JSON.parse(command.display) as { receiving: string; applied: string } }),
    ...(command.traceparent === null ? {} : { traceparent: command.traceparent }),
  };
}

export function newPublisher(deps: {
  readonly database: Database<ApiIotSchema>;
  readonly connection: () => LinkConnection | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: Background;
}): Publisher {
  const { database, clock, log, background } = deps;
  let sweeping = false;
  let sweepAgain = false;

  async function send(command: CommandRow): Promise<void> {
    const connection = deps.connection();
    // Nothing is lost: the sweep on the next connect sends it.
    if (connection === null || !connection.connected) return;
    try {
      const payload = JSON.stringify(messageOf(command, clock.now()));
      await connection.publish({ topic: topics.configure(command.vin), payload, qos: 1, retain: false });
    } catch (error) {
      log.warn('api_iot.publish_failed', { commandId: command.id, message: String(error) });
    }
  }

  async function sweepOnce(): Promise<void> {
    let after: { expiresAt: number; id: string } | null = null;
    for (;;) {
      const page: CommandRow[] = await listWaiting(database.reader, clock.now(), after, sweepPage);
      await Promise.all(page.map(send));
      const last = page.at(-1);
      if (last === undefined || page.length < sweepPage) return;
      after = { expiresAt: last.expires_at, id: last.id };
    }
  }

  async function sweepUntilDone(): Promise<void> {
    sweeping = true;
    try {
      do {
        sweepAgain = false;
        await sweepOnce();
      } while (sweepAgain);
    } finally {
      sweeping = false;
    }
  }

  return {
    publish: (command) => background.run('publish', () => send(command)),
    publishWaitingOf: (vin) =>
      background.run('publish', async () => {
        for (const command of await listWaitingOf(database.reader, vin, clock.now())) await send(command);
      }),
    sweep() {
      sweepAgain = true;
      if (!sweeping) background.run('sweep', sweepUntilDone);
    },
  };
}
