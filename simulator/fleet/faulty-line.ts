import type { Clock, Timer } from '../../shared/ports/clock.ts';
import {
  type DeviceLink,
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
  type LinkOptions,
} from '../../shared/ports/device-link.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { Agenda } from './agenda.ts';
import type { FaultSet } from './fault-set.ts';
import { silenceOfKeepAlives } from './link-effects.ts';
import { damages, damageTypes, isMessage, isResult } from './message-damage.ts';
import { Pacer, type Stream } from './pacer.ts';

export interface LineDeps {
  readonly link: DeviceLink;
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly random: () => Random;
  readonly faults: FaultSet;
  /** The network ended the connection; the vehicle has to dial again. */
  readonly onBroken: () => void;
}

/** Messages that wait for their own moment; beyond it the oldest is lost. */
const laterMax = 64;
/** Topic length, packet id, header. */
const headerBytes = 6;
const ackBytes = 4;

/**
 * The connection of one vehicle with the faults of its network in the way: the link layer by bytes and time, the message
 * layer by what a message says. Without faults it is the connection itself.
 */
export class FaultyLine implements LinkConnection {
  readonly #deps: LineDeps;
  readonly #options: LinkOptions;
  readonly #inner: LinkConnection;
  readonly #pacer: Pacer;
  /** Held back until their moment, and then for as long as there is no connection. */
  readonly #later = new Set<() => void>();
  /** Messages that keep those after them waiting. */
  #blocking = 0;
  /** The vehicle has gone, and the broker does not know yet. */
  #halfOpen: Timer | null = null;
  /** Counts the connections. */
  #connection = 0;

  constructor(deps: LineDeps, options: LinkOptions) {
    this.#deps = deps;
    this.#options = options;
    const silenceMaxMs = options.keepAliveSeconds * silenceOfKeepAlives * 1_000;
    this.#pacer = new Pacer({ ...deps, silenceMaxMs }, () => this.break());
    this.#inner = deps.link.open({
      ...options,
      onMessage: (message) => this.#arrive(message),
      onConnect: (state) => {
        deps.faults.renew();
        this.#pacer.renew();
        this.#connection += 1;
        this.armResets();
        options.onConnect?.(state);
        for (const send of [...this.#later]) send();
      },
      onDisconnect: (reason) => {
        this.#pacer.end();
        options.onDisconnect?.(reason);
      },
    });
  }

  get connected(): boolean {
    return this.#inner.connected && this.#halfOpen === null;
  }

  /** Messages that a fault delays and that are not through yet. */
  get heldCount(): number {
    return this.#later.size + this.#blocking;
  }

  async publish(message: LinkMessage): Promise<void> {
    if (this.#isFree) return this.#inner.publish(message);
    if (!this.connected) throw new LinkClosed('the link is not connected');
    const { now, later, blockedMs } = this.#copies(message, 'upstream');
    for (const copy of later) this.#hold(copy.delayMs, () => this.#sendLater(copy.message));
    if (blockedMs > 0) await this.#block(blockedMs);
    for (const copy of now) await this.#send(copy);
  }

  subscribe(filters: readonly string[]): Promise<void> {
    return this.#inner.subscribe(filters);
  }

  cut(): void {
    // The broker learns when it was going to, however often the vehicle has gone since.
    if (this.#halfOpen !== null) return;
    const delayMs = Math.max(0, ...this.#deps.faults.standing('slow_close').map((close) => close.delayMs));
    if (delayMs === 0 || !this.connected) {
      this.#inner.cut();
      return;
    }
    this.#pacer.end();
    this.#halfOpen = this.#deps.agenda.after(delayMs, () => {
      this.#endHalfOpen();
      this.#inner.cut();
    });
  }

  reconnect(): void {
    // A new connection while the broker still believes in the old one: it takes the old one's place.
    if (this.#endHalfOpen()) this.#inner.cut();
    this.#inner.reconnect();
  }

  async close(): Promise<void> {
    this.#endHalfOpen();
    this.#later.clear();
    this.#pacer.end();
    await this.#inner.close();
  }

  /** The network ends the connection at once, without a word to either side. */
  break(): void {
    if (!this.connected) return;
    this.#inner.cut();
    this.#deps.onBroken();
  }

  /** `reset_peer` counts from the connection, or from the moment at which it begins to stand. */
  armResets(): void {
    const connection = this.#connection;
    for (const reset of this.#deps.faults.standing('reset_peer')) {
      this.#deps.agenda.after(reset.timeoutMs, () => {
        // Its own end counts, not that of another one.
        const stillStands = this.#deps.faults.standing('reset_peer').includes(reset);
        if (stillStands && connection === this.#connection) this.break();
      });
    }
  }

  #endHalfOpen(): boolean {
    const wasHalfOpen = this.#halfOpen !== null;
    this.#halfOpen?.cancel();
    this.#halfOpen = null;
    return wasHalfOpen;
  }

  get #isFree(): boolean {
    return !this.#deps.faults.meetsLine && this.#pacer.isIdle && this.#halfOpen === null;
  }

  async #send(message: LinkMessage): Promise<void> {
    const passes = await this.#pacer.pass('upstream', sizeOf(message));
    if (!passes) throw new LinkClosed('the link dropped before the message was out');
    await this.#inner.publish(message);
    if (message.qos === 0) return;
    const isHeard = await this.#pacer.pass('downstream', ackBytes);
    if (!isHeard) throw new LinkClosed("the link dropped before the broker's acknowledgement arrived");
  }

  #arrive(message: LinkMessage): void | Promise<void> {
    if (this.#isFree) return this.#options.onMessage(message);
    return this.#arriveLate(message);
  }

  /** Resolves when the broker may have its acknowledgement; what ends with the connection, the broker sends again. */
  async #arriveLate(message: LinkMessage): Promise<void> {
    if (this.#halfOpen !== null) {
      await this.#pacer.untilEnd();
      return;
    }
    if (!(await this.#pacer.pass('downstream', sizeOf(message)))) return;
    const { now, later } = this.#copies(message, 'downstream');
    for (const copy of later) this.#hold(copy.delayMs, () => this.#options.onMessage(copy.message));
    for (const copy of now) await this.#options.onMessage(copy);
    await this.#pacer.pass('upstream', ackBytes);
  }

  /** What becomes of a message: none of it, damaged, later, more than once. */
  #copies(message: LinkMessage, stream: Stream): Copies {
    const { faults } = this.#deps;
    const passes: Copies = { now: [message], later: [], blockedMs: 0 };
    if (!isMessage(message.topic)) return passes;
    const ofStream = (fault: { readonly stream: Stream }) => fault.stream === stream;
    const command = faults.commands.commandOf(message.topic, message.payload);
    const isAny = () => true;
    if (stream === 'downstream' && faults.strike('lose_command', isAny, command))
      return { now: [], later: [], blockedMs: 0 };
    let { payload } = message;
    for (const type of damageTypes)
      if (faults.strike(type, ofStream, command)) payload = damages[type](payload);
    const damaged = payload === message.payload ? message : { ...message, payload };
    const overtaken = faults.strike('reorder', ofStream, command);
    const late =
      overtaken === null && isResult(message.topic) && stream === 'upstream'
        ? faults.strike('delay_ack', isAny, command)
        : null;
    const held = overtaken ?? late;
    const again = faults.strike('duplicate', ofStream, command);
    const copies: Copies = { now: [], later: [], blockedMs: late?.withStatus ? late.delayMs : 0 };
    if (held && copies.blockedMs === 0) copies.later.push({ message: damaged, delayMs: held.delayMs });
    else copies.now.push(damaged);
    if (again) copies.later.push({ message: damaged, delayMs: (held?.delayMs ?? 0) + again.delayMs });
    return copies;
  }

  /** Keeps the vehicle waiting for its own message, and with it what it sends next. */
  async #block(ms: number): Promise<void> {
    this.#blocking += 1;
    await new Promise<void>((resolve) => void this.#deps.agenda.after(ms, resolve));
    this.#blocking -= 1;
    if (!this.connected) throw new LinkClosed('the link dropped while the message was held');
  }

  #hold(delayMs: number, send: () => unknown): void {
    const [oldest] = this.#later;
    if (this.#later.size >= laterMax && oldest) this.#later.delete(oldest);
    let isDue = false;
    const attempt = () => {
      if (!isDue || !this.connected || !this.#later.delete(attempt)) return;
      send();
    };
    this.#later.add(attempt);
    this.#deps.agenda.after(delayMs, () => {
      isDue = true;
      attempt();
    });
  }

  /** The vehicle believes that it was sent, so the line keeps it across connections. */
  #sendLater(message: LinkMessage): void {
    this.#send(message).catch((error: unknown) => {
      if (!(error instanceof LinkClosed)) throw error;
      this.#hold(0, () => this.#sendLater(message));
    });
  }
}

interface Copies {
  readonly now: LinkMessage[];
  /** What is sent now waits for so long, and what comes after it too. */
  readonly blockedMs: number;
  readonly later: { readonly message: LinkMessage; readonly delayMs: number }[];
}

function sizeOf({ topic, payload }: LinkMessage): number {
  return topic.length + payload.length + headerBytes;
}
