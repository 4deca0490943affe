import { type Clock, wallAheadMs } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { LinkConnection } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import { silentTracing, type Tracing } from '../../shared/ports/tracing.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { spanned } from '../../shared/tracing/traced-ports.ts';
import type { Background } from './background.ts';
import { commandMessage, fitsInPacket } from './command-message.ts';
import { messageSpan } from './message-span.ts';
import { listWaiting, listWaitingOf } from './store/commands.ts';
import type { ApiIotSchema, CommandRow } from './store/schema.ts';

/** The most commands handed to the broker at once during a sweep. */
const sweepPage = 200;
/** The most suspects sent together. */
const suspectsMax = 64;

/**
 * Sends commands to the broker. A command that waits for its answer is sent again whenever its message may have been
 * lost: when the link comes back, when its vehicle comes online, when the service starts. Vehicles de-duplicate by command id.
 *
 * A broker that refuses a message can only cut the connection, and all vehicles share it. So a command that was under way
 * when the link was cut is a suspect: it is sent again after all others, with no other under way. One that is alone when
 * the link is cut once more is parked: it is not sent again, and ends by its time-out.
 */
export interface Publisher {
  publish(command: CommandRow): void;
  publishWaitingOf(vin: string): void;
  /** Sends everything that waits; two sweeps never run at once. */
  sweep(): void;
  /** Commands that are parked now. */
  parkedCount(): number;
}

interface PublisherDeps {
  readonly database: Database<ApiIotSchema>;
  readonly connection: () => LinkConnection | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: Background;
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
}

type Sent = 'taken' | 'cut' | 'not_sent';

/** What is known of commands that were under way when the link was cut. */
class Suspects {
  readonly #log: Log;
  /** Cuts while it was under way, by command. */
  readonly #cuts = new Map<string, number>();
  readonly #parked = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  get parkedCount(): number {
    return this.#parked.size;
  }

  isParked = ({ id }: CommandRow) => this.#parked.has(id);
  has = ({ id }: CommandRow) => this.#cuts.has(id);

  /** How many of the first of these may be sent together. */
  batchOf(commands: readonly CommandRow[], max: number): number {
    const isSuspectAgain = ({ id }: CommandRow) => (this.#cuts.get(id) ?? 0) > 1;
    const [first] = commands;
    if (first !== undefined && isSuspectAgain(first)) return 1;
    const again = commands.findIndex(isSuspectAgain);
    return Math.min(max, again === -1 ? commands.length : again);
  }

  taken({ id }: CommandRow): void {
    this.#cuts.delete(id);
  }

  cut(command: CommandRow, isAlone: boolean): void {
    const { id, vin } = command;
    if (!isAlone) {
      this.#cuts.set(id, (this.#cuts.get(id) ?? 0) + 1);
      return;
    }
    this.park(command);
    this.#log.error('api_iot.command_parked', { commandId: id, vin, reason: 'the broker cuts the link' });
  }

  park({ id }: CommandRow): void {
    this.#cuts.delete(id);
    this.#parked.add(id);
  }

  /** Forgets all but these: the others have ended. */
  keepOnly(waiting: ReadonlySet<string>): void {
    for (const id of this.#cuts.keys()) if (!waiting.has(id)) this.#cuts.delete(id);
    for (const id of this.#parked) if (!waiting.has(id)) this.#parked.delete(id);
  }
}

export function newPublisher(deps: PublisherDeps): Publisher {
  const { database, clock, log, background, tracing = silentTracing } = deps;
  const suspects = new Suspects(log);
  const underWay = new Set<Promise<Sent>>();
  /** While suspects are sent nothing else is. */
  let trial: Promise<void> | null = null;
  let sweeping = false;
  let sweepAgain = false;

  async function transmit(command: CommandRow, isAlone: boolean): Promise<Sent> {
    const connection = deps.connection();
    // Nothing is lost: the sweep on the next connect sends it.
    if (connection === null || !connection.connected) return 'not_sent';
    const payload = JSON.stringify(commandMessage(command, clock.now(), wallAheadMs(clock)));
    if (!fitsInPacket(command.vin, payload)) {
      suspects.park(command);
      log.error('api_iot.command_parked', { commandId: command.id, vin: command.vin, reason: 'too large' });
      return 'not_sent';
    }
    try {
      const message = { topic: topics.configure(command.vin), payload, qos: 1, retain: false } as const;
      const publish = () => connection.publish(message);
      await (tracing.isOn && command.traceparent !== null
        ? spanned(tracing, messageSpan('configure', 'send', command.traceparent), publish)
        : publish());
      suspects.taken(command);
      return 'taken';
    } catch (error) {
      log.warn('api_iot.publish_failed', { commandId: command.id, message: String(error) });
      suspects.cut(command, isAlone);
      return 'cut';
    }
  }

  function tracked(command: CommandRow, isAlone: boolean): Promise<Sent> {
    const sending = transmit(command, isAlone).finally(() => underWay.delete(sending));
    underWay.add(sending);
    return sending;
  }

  async function send(command: CommandRow): Promise<void> {
    while (trial !== null) await trial;
    if (!suspects.has(command) && !suspects.isParked(command)) await tracked(command, false);
  }

  async function trySuspects(commands: readonly CommandRow[]): Promise<void> {
    await Promise.all(underWay);
    let max = 1;
    for (let rest = commands; rest.length > 0; max = Math.min(2 * max, suspectsMax)) {
      const size = suspects.batchOf(rest, max);
      const sent = await Promise.all(rest.slice(0, size).map((command) => tracked(command, size === 1)));
      // The sweep after the next connect sends the rest.
      if (sent.includes('cut')) return;
      rest = rest.slice(size);
    }
  }

  async function sweepOnce(): Promise<void> {
    const waiting = new Set<string>();
    const suspected: CommandRow[] = [];
    let after: { expiresAt: number; id: string } | null = null;
    for (;;) {
      const page: CommandRow[] = await listWaiting(database.reader, clock.now(), after, sweepPage);
      for (const command of page) {
        waiting.add(command.id);
        if (suspects.has(command)) suspected.push(command);
      }
      await Promise.all(page.map(send));
      const last = page.at(-1);
      if (last === undefined || page.length < sweepPage) break;
      after = { expiresAt: last.expires_at, id: last.id };
    }
    suspects.keepOnly(waiting);
    if (suspected.length === 0) return;
    trial = trySuspects(suspected).finally(() => {
      trial = null;
    });
    await trial;
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
    parkedCount: () => suspects.parkedCount,
  };
}
