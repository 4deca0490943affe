import type { LinkMessage } from '../../shared/ports/device-link.ts';
import { filterMatches } from '../../shared/protocol/topic-filter.ts';

/** The connection that a session has at the moment. */
export interface Subscriber {
  mayReceive(topic: string): boolean;
  receive(message: LinkMessage): void | Promise<void>;
  /** A message was not handled: the connection ends, and the message comes again on the next one. */
  failed(topic: string, error: unknown): void;
}

/** QoS 1 messages that wait for a session of this process while it is away; newer ones are dropped beyond it. */
const waitingMax = 100_000;

/**
 * What the broker knows of one client of its own process. A QoS 1 message belongs to the session until its handler is
 * done: what was being handled when the connection ended is handed over again on the next one.
 */
export class Session {
  readonly clientId: string;
  readonly filters = new Set<string>();
  #subscriber: Subscriber | null = null;
  #waiting: LinkMessage[] = [];
  readonly #unfinished = new Set<LinkMessage>();

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  attach(subscriber: Subscriber): void {
    this.#subscriber = subscriber;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.deliver(message);
  }

  /** False when another connection has the session by now. */
  detach(subscriber: Subscriber): boolean {
    if (this.#subscriber !== subscriber) return false;
    this.#subscriber = null;
    this.#waiting = [...this.#unfinished, ...this.#waiting];
    this.#unfinished.clear();
    return true;
  }

  matches(topic: string): boolean {
    for (const filter of this.filters) if (filterMatches(filter, topic)) return true;
    return false;
  }

  /** Hands the message over, or keeps it. A handler's failure ends the connection. False when it had to be dropped. */
  deliver(message: LinkMessage): boolean {
    const subscriber = this.#subscriber;
    if (!subscriber) return this.#keep(message);
    this.#hand(subscriber, message)?.catch((error: unknown) => subscriber.failed(message.topic, error));
    return true;
  }

  /**
   * The same for a publisher that waits until the message is handled, and sends it again when this rejects. Without a
   * connection it does not wait.
   */
  async deliverHeld(message: LinkMessage): Promise<boolean> {
    const subscriber = this.#subscriber;
    if (!subscriber) return this.#keep(message);
    try {
      await this.#hand(subscriber, message);
    } catch (error) {
      this.#unfinished.delete(message);
      throw error;
    }
    return true;
  }

  #keep(message: LinkMessage): boolean {
    if (message.qos === 0) return true;
    if (this.#waiting.length >= waitingMax) return false;
    this.#waiting.push(message);
    return true;
  }

  #hand(subscriber: Subscriber, message: LinkMessage): Promise<void> | undefined {
    if (!subscriber.mayReceive(message.topic)) return undefined;
    try {
      const handled = subscriber.receive(message);
      if (handled === undefined) return undefined;
      if (message.qos === 0) return handled;
      this.#unfinished.add(message);
      return handled.then(() => void this.#unfinished.delete(message));
    } catch (error) {
      if (message.qos === 1) this.#unfinished.add(message);
      return Promise.reject(error);
    }
  }
}
