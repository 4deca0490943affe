/**
 * An at-least-once work queue and event stream with the semantics of NATS JetStream that the product relies on:
 * durable subjects, a duplicate window by message id, acknowledgement, redelivery after `ackWaitMs`, nak with a delay.
 */
export interface Bus {
  /** Resolves when the stream has stored the message (or has dropped it as a duplicate of `messageId`). */
  publish(subject: string, payload: string, options?: PublishOptions): Promise<void>;
  /** Starts a durable pull consumer. Several processes with the same `durable` share its messages. */
  consume(options: ConsumeOptions, handle: (delivery: Delivery) => Promise<void>): Promise<Consumption>;
  /** Why messages cannot be published now, as far as is known, for the log and for operators; null when they can. */
  problem(): string | null;
  /** Stops without waiting for handlers; `Consumption.stop` first for a polite end. */
  close(): Promise<void>;
}

export interface PublishOptions {
  /** Messages with the same id within the duplicate window (2 minutes) are stored once. */
  readonly messageId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ConsumeOptions {
  readonly stream: string;
  readonly durable: string;
  /** A subject, wildcards `*` and `>` allowed. */
  readonly subject: string;
  /** A message neither acknowledged nor refused within this time is delivered again. */
  readonly ackWaitMs: number;
  /** The most handlers under way at once in this process. Messages waiting for a nak's delay do not count. */
  readonly concurrency: number;
}

export interface Delivery {
  readonly subject: string;
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 at the first delivery. */
  readonly deliveryCount: number;
  /** Of the message in its stream, the same at each delivery. */
  readonly sequence: number;
  ack(): void;
  /** Gives the message back, to be delivered again `delayMs` from now. */
  nak(delayMs: number): void;
}

export interface Consumption {
  /** Takes no new message and waits for the handlers under way. */
  stop(): Promise<void>;
}

/**
 * The stream gave no acknowledgement. Retryable, with the same `messageId`; the message may have been stored. Also
 * thrown when a bus cannot be reached at all.
 */
export class BusUnavailable extends Error {
  override readonly name = 'BusUnavailable';
}
