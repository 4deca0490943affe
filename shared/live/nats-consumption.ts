import {
  createInbox,
  type Msg,
  type NatsConnection,
  nanos,
  type Subscription,
} from '@nats-io/transport-node';
import type { ConsumeOptions, Consumption, Delivery } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { type JetStreamRemedy, remedyOf, remedyOfPull } from './jetstream-errors.ts';
import { deletionMs, pause } from './nats-streams.ts';

/** How long the server holds a pull request open. */
const pullExpiryMs = 5_000;
/** Interval of the server's heartbeats while a pull request waits: without them the request is lost. */
const heartbeatMs = 1_000;
/** Silence after which the consumer is looked after. */
const silenceMaxMs = 2_500;
/** Wait of a message whose handler threw. */
const failedDelayMs = 1_000;
const stopMaxMs = 2_000;
/** Longest wait between two tries to prepare stream and consumer. */
const recoverMaxMs = 4_000;

interface ConsumptionDeps {
  readonly connection: NatsConnection;
  /** Where fetched messages come; default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  readonly log: Log;
  /** Makes sure that the stream and the consumer stand; `recreate`: what stands is deleted first. */
  readonly prepare: (remedy: JetStreamRemedy) => Promise<void>;
}

export interface LiveConsumption extends Consumption {
  /** To be called after a reconnect: pull requests that the server held are gone, and so may be stream and consumer. */
  recover(): void;
}

type Handle = (delivery: Delivery) => Promise<void>;

/**
 * Pulls messages of a durable consumer: never more than handlers are free, so that no message waits here while its
 * acknowledgement time runs and another process is idle. What the server said no to, or nothing at all, is answered by
 * preparing stream and consumer anew.
 */
export class PullConsumption implements LiveConsumption {
  readonly #deps: ConsumptionDeps;
  readonly #options: ConsumeOptions;
  readonly #handle: Handle;
  readonly #inbox: string;
  #subscription: Subscription;
  /** Messages still to come by pull request number, oldest first. */
  #requests = new Map<number, number>();
  #requestNumber = 0;
  #running = new Set<Promise<void>>();
  #heardAt = performance.now();
  #recovering: boolean = false;
  #stopped: boolean = false;
  #watch: NodeJS.Timeout;

  constructor(deps: ConsumptionDeps, options: ConsumeOptions, handle: Handle) {
    this.#deps = deps;
    this.#options = options;
    this.#handle = handle;
    this.#inbox = createInbox(deps.inboxPrefix);
    this.#subscription = deps.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error) this.recover();
        else this.#receive(message);
      },
    });
    this.#watch = setInterval(() => this.#watchSilence(), heartbeatMs);
    this.#pull();
  }

  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      clearInterval(this.#watch);
      // What is on its way here goes back at once (see #receive), so that another process has it without waiting.
      await within(stopMaxMs, this.#subscription.drain());
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
    await within(stopMaxMs, this.#deps.connection.flush());
  }

  /** Ends without waiting. */
  abandon(): void {
    this.#stopped = true;
    clearInterval(this.#watch);
  }

  recover(pauseMs = 0): void {
    if (this.#recovering || this.#stopped) return;
    this.#recovering = true;
    this.#requests.clear();
    void this.#recoverUntilDone(pauseMs);
  }

  async #recoverUntilDone(firstPauseMs: number): Promise<void> {
    let pauseMs = firstPauseMs;
    let remedy: JetStreamRemedy = 'create';
    while (!this.#stopped && !this.#deps.connection.isClosed()) {
      await pause(pauseMs);
      try {
        await this.#deps.prepare(remedy);
        break;
      } catch (error) {
        const { stream, durable } = this.#options;
        remedy = remedyOf(error);
        const level = remedy === 'report' ? 'error' : 'warn';
        this.#deps.log[level]('bus.consumer_unavailable', { stream, durable, error: String(error), remedy });
        pauseMs = Math.min(Math.max(deletionMs, pauseMs * 2), recoverMaxMs);
      }
    }
    this.#recovering = false;
    this.#heardAt = performance.now();
    this.#pull();
  }

  #watchSilence(): void {
    if (this.#requests.size > 0 && performance.now() - this.#heardAt > silenceMaxMs) this.recover();
  }

  #pull(): void {
    if (this.#stopped || this.#recovering || this.#deps.connection.isClosed()) return;
    let coming = 0;
    for (const left of this.#requests.values()) coming += left;
    const free = this.#options.concurrency - this.#running.size - coming;
    // One request for many messages: not one for each handler that ends.
    if (free <= 0 || (coming > 0 && free < this.#options.concurrency / 4)) return;
    this.#requestNumber += 1;
    this.#requests.set(this.#requestNumber, free);
    if (coming === 0) this.#heardAt = performance.now();
    const { stream, durable } = this.#options;
    this.#deps.connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
      JSON.stringify({ batch: free, expires: nanos(pullExpiryMs), idle_heartbeat: nanos(heartbeatMs) }),
      { reply: `${this.#inbox}.${this.#requestNumber}` },
    );
  }

  #receive(message: Msg): void {
    this.#heardAt = performance.now();
    if (message.subject.startsWith(this.#inbox)) this.#receiveStatus(message);
    else if (this.#stopped) answer(message, '-NAK');
    else this.#start(message);
  }

  #start(delivered: Msg): void {
    this.#countDown();
    const run = this.#run(delivered).finally(() => {
      this.#running.delete(run);
      this.#pull();
    });
    this.#running.add(run);
  }

  /** The server serves pull requests in their order. */
  #countDown(): void {
    for (const [request, left] of this.#requests) {
      if (left > 1) this.#requests.set(request, left - 1);
      else this.#requests.delete(request);
      return;
    }
  }

  #receiveStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    // A heartbeat: the request still waits.
    if (code === 100) return;
    this.#requests.delete(Number(message.subject.slice(this.#inbox.length + 1)));
    const remedy = remedyOfPull(code);
    if (remedy === null) {
      this.#pull();
      return;
    }
    this.#deps.log[remedy === 'report' ? 'error' : 'warn']('bus.pull_refused', {
      stream: this.#options.stream,
      durable: this.#options.durable,
      code,
      description: message.headers?.description,
    });
    this.recover(deletionMs);
  }

  async #run(message: Msg): Promise<void> {
    const delivery = deliveryOf(message);
    try {
      await this.#handle(delivery);
    } catch (error) {
      this.#deps.log.error('bus.handler_failed', { subject: message.subject, error: String(error) });
      delivery.nak(failedDelayMs);
    }
  }
}

function deliveryOf(message: Msg): Delivery {
  const headers: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) {
    if (!name.startsWith('Nats-')) headers[name] = values[0] ?? '';
  }
  return {
    subject: message.subject,
    payload: message.string(),
    headers,
    deliveryCount: replyNumber(message, 4),
    sequence: replyNumber(message, 5),
    ack: () => answer(message, '+ACK'),
    nak: (delayMs) => answer(message, `-NAK {"delay":${Math.max(0, Math.ceil(delayMs * 1e6))}}`),
  };
}

/**
 * The reply subject tells it: `$JS.ACK.{stream}.{consumer}.{delivered}.{sequence}.…` (9 tokens), or from newer servers
 * with domain and account before the stream (NATS ADR-15).
 */
function replyNumber(message: Msg, position: 4 | 5): number {
  const tokens = message.reply?.split('.') ?? [];
  return Number(tokens[tokens.length > 9 ? position + 2 : position]);
}

/** On a closed connection an answer is lost, and the message comes again: that is what at-least-once means. */
function answer(message: Msg, text: string): void {
  try {
    message.respond(text);
  } catch {}
}

/** Waits for `work`, but not longer than `limitMs`, and not for its error: the connection may be gone. */
export async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => {}), limit]);
  clearTimeout(timer);
}
