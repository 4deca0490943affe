import type { Clock, Timer } from '../../shared/ports/clock.ts';
import {
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
  type LinkOptions,
} from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Access, Principal } from './access.ts';
import { Session, type Subscriber } from './in-process-session.ts';

/** What the connections of this process need of the broker behind them. */
export interface InProcessBroker {
  readonly clock: Clock;
  readonly log: Log;
  readonly access: Access;
  check(username: string, password: string): Promise<Principal | null>;
  /** Takes a message that the rules allow, and brings it to every subscriber, those of this process included. */
  take(message: LinkMessage, clientId: string): Promise<void>;
  /** The retained messages under the filters. */
  retained(filters: readonly string[]): AsyncIterable<LinkMessage>;
  refuse(reason: string, clientId: string, topic?: string): void;
}

const reconnectMs = 250;

/** What the connections of one broker share. */
export interface Hub {
  readonly broker: InProcessBroker;
  readonly sessions: Map<string, Session>;
  readonly open: Set<InProcessConnection>;
  /** Those whose connection stands. */
  readonly established: Set<InProcessConnection>;
  up: boolean;
}

interface Subscribing {
  readonly filters: readonly string[];
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** One connection of a client in the broker's own process. It dials again by itself until it is closed. */
export class InProcessConnection implements LinkConnection, Subscriber {
  readonly #hub: Hub;
  readonly #options: LinkOptions;
  #wanted: boolean = false;
  #isClosed: boolean = false;
  #isDialling: boolean = false;
  #principal: Principal | null = null;
  #session: Session | null = null;
  /** Filters of this connection, renewed when its session is forgotten. */
  readonly #granted = new Set<string>();
  #subscribing: Subscribing[] = [];
  #timer: Timer | null = null;

  constructor(hub: Hub, options: LinkOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  get connected(): boolean {
    return this.#session !== null;
  }

  isOf(vin: string): boolean {
    return this.#principal?.role === 'vehicle' && this.#principal.vin === vin;
  }

  async publish(message: LinkMessage): Promise<void> {
    const session = this.#session;
    const principal = this.#principal;
    if (!session || !principal) throw new LinkClosed('the link is not connected');
    const { broker } = this.#hub;
    const refusal = broker.access.refusePublish(principal, message);
    if (refusal !== null) {
      broker.refuse(refusal, this.#options.clientId, message.topic);
      this.lost(`refused to publish: ${refusal}`);
      throw new LinkClosed(`the broker refused to publish on ${message.topic}: ${refusal}`);
    }
    await broker.take(message, this.#options.clientId);
    if (message.qos === 1 && this.#session !== session && !this.#isClosed)
      throw new LinkClosed('the link dropped');
  }

  subscribe(filters: readonly string[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new LinkClosed('the link is closed'));
    return new Promise((resolve, reject) => {
      this.#subscribing.push({ filters, resolve, reject });
      if (this.connected) this.#settleSubscribing();
    });
  }

  cut(): void {
    this.#wanted = false;
    this.#end('cut', true);
  }

  reconnect(): void {
    if (this.#isClosed) return;
    this.#wanted = true;
    // Not at once: callers have not got the connection yet when `open` asks for it.
    queueMicrotask(() => this.dial());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wanted = false;
    this.#hub.open.delete(this);
    this.#end('closed', false);
    for (const { reject } of this.#subscribing.splice(0)) reject(new LinkClosed('the link is closed'));
  }

  /** Connects if that is wanted and possible; tries again later when the credentials cannot be checked now. */
  dial(): void {
    if (!this.#hub.up || !this.#wanted || this.connected || this.#isDialling) return;
    this.#isDialling = true;
    this.#establish()
      .catch((error: unknown) => {
        this.#hub.broker.log.error('broker.look_up_failed', { error: String(error) });
        this.#dialLater();
      })
      .finally(() => {
        this.#isDialling = false;
      });
  }

  /** The connection ended against its will. */
  lost(reason: string): void {
    this.#end(reason, true);
    if (this.#hub.up) this.#dialLater();
  }

  mayReceive(topic: string): boolean {
    return this.#principal !== null && this.#hub.broker.access.refuseReceive(this.#principal, topic) === null;
  }

  receive(message: LinkMessage): void | Promise<void> {
    return this.#options.onMessage(message);
  }

  failed(topic: string, error: unknown): void {
    this.#hub.broker.log.error('broker.subscriber_failed', { topic, error: String(error) });
    this.lost('a message could not be handled');
  }

  async #establish(): Promise<void> {
    const { broker, sessions, established } = this.#hub;
    const { clientId, username, password, cleanSession } = this.#options;
    const principal = await broker.check(username, password);
    if (!this.#hub.up || !this.#wanted) return;
    const refusal = this.#refusal(principal);
    if (principal === null || refusal !== null) {
      // The credentials will not get better by themselves.
      this.#wanted = false;
      broker.refuse(refusal ?? 'credentials', clientId);
      this.#options.onDisconnect?.(`refused: ${refusal}`);
      return;
    }
    for (const other of [...established]) {
      if (other.#options.clientId === clientId) other.#replaced();
    }
    const known = cleanSession ? undefined : sessions.get(clientId);
    const session = known ?? new Session(clientId);
    sessions.set(clientId, session);
    established.add(this);
    this.#principal = principal;
    this.#session = session;
    if (!known && this.#granted.size > 0) this.#subscribeTo([...this.#granted]);
    this.#settleSubscribing();
    this.#options.onConnect?.({ sessionPresent: known !== undefined });
    session.attach(this);
  }

  #refusal(principal: Principal | null): string | null {
    if (principal === null) return 'credentials';
    const { clientId, cleanSession, will } = this.#options;
    const { access } = this.#hub.broker;
    const refusal = access.refuseClientId(principal, clientId, cleanSession);
    if (refusal !== null || !will) return refusal;
    return access.refusePublish(principal, will) === null ? null : 'will';
  }

  /** Another connection has the client id: coming back would only throw that one out again. */
  #replaced(): void {
    this.#wanted = false;
    this.#end('another connection took the client id', true);
  }

  #end(reason: string, withWill: boolean): void {
    this.#timer?.cancel();
    this.#timer = null;
    const session = this.#session;
    if (!session) return;
    const { broker, sessions, established } = this.#hub;
    const { clientId, cleanSession, will } = this.#options;
    this.#session = null;
    established.delete(this);
    if (session.detach(this) && cleanSession) sessions.delete(clientId);
    if (withWill && will && this.#hub.up && this.#mayPublishWill(will)) {
      broker
        .take(will, clientId)
        .catch((error: unknown) => broker.log.error('broker.will_lost', { error: String(error) }));
    }
    if (!this.#isClosed) this.#options.onDisconnect?.(reason);
  }

  #mayPublishWill(will: LinkMessage): boolean {
    const { broker } = this.#hub;
    const { clientId } = this.#options;
    const refusal = this.#principal && broker.access.refuseWill(this.#principal, clientId, will);
    if (refusal !== null) broker.refuse(refusal, clientId, will.topic);
    return refusal === null;
  }

  #dialLater(): void {
    if (!this.#wanted) return;
    this.#timer?.cancel();
    this.#timer = this.#hub.broker.clock.setTimer(reconnectMs, () => this.dial());
  }

  #settleSubscribing(): void {
    for (const { filters, resolve, reject } of this.#subscribing.splice(0)) {
      const refused = this.#subscribeTo(filters);
      if (refused.length === 0) resolve();
      else reject(new Error(`the broker refused ${refused.join(', ')}`));
    }
  }

  /** Returns the filters that were refused. */
  #subscribeTo(filters: readonly string[]): string[] {
    const { broker } = this.#hub;
    const principal = this.#principal;
    const session = this.#session;
    if (!principal || !session) return [...filters];
    const allowed = filters.filter((filter) => broker.access.refuseSubscribe(principal, filter) === null);
    for (const filter of allowed) {
      this.#granted.add(filter);
      session.filters.add(filter);
    }
    this.#sendRetained(session, allowed).catch((error: unknown) => this.failed(allowed.join(' '), error));
    const refused = filters.filter((filter) => !allowed.includes(filter));
    for (const filter of refused) broker.refuse('filter', this.#options.clientId, filter);
    return refused;
  }

  async #sendRetained(session: Session, filters: readonly string[]): Promise<void> {
    if (filters.length === 0) return;
    for await (const message of this.#hub.broker.retained(filters)) {
      if (this.#session !== session) return;
      if (this.mayReceive(message.topic)) await this.receive(message);
    }
  }
}
