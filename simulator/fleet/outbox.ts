import type { CommandResult } from '../../shared/protocol/device-messages.ts';

/** The way out. Both senders resolve with false when the connection went before the broker took the message. */
export interface OutboxWay {
  readonly open: boolean;
  sendResult(result: CommandResult): Promise<boolean>;
  sendStatus(): Promise<boolean>;
}

/** More results than the vehicle can have accepted commands never wait; the bound is for mistakes. */
const waitingMax = 64;

/**
 * Messages that a vehicle has not delivered yet: every result in order, and one status, built when it is sent. A message
 * stays in the outbox until the broker acknowledges it, across any number of connections.
 */
export class Outbox {
  readonly #way: OutboxWay;
  readonly #results: CommandResult[] = [];
  #statusDue: boolean = false;
  #sending: boolean = false;

  constructor(way: OutboxWay) {
    this.#way = way;
  }

  get waiting(): number {
    return this.#results.length;
  }

  /** Returns the results that no broker has acknowledged. */
  unsent(): readonly CommandResult[] {
    return [...this.#results];
  }

  addResult(result: CommandResult): void {
    if (this.#results.length < waitingMax) this.#results.push(result);
  }

  addStatus(): void {
    this.#statusDue = true;
  }

  /** Sends one at a time until all is acknowledged or the way is closed; call it again when the way opens. */
  async flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      // Looked at without an await in between: what is added in the same turn as a flush that found nothing must not wait.
      while (this.#way.open && this.#hasMore) await this.#sendNext();
    } finally {
      this.#sending = false;
    }
  }

  get #hasMore(): boolean {
    return this.#results.length > 0 || this.#statusDue;
  }

  async #sendNext(): Promise<void> {
    const [result] = this.#results;
    if (result) {
      if (await this.#way.sendResult(result)) this.#results.shift();
      return;
    }
    // A change while the status is under way makes another one due.
    this.#statusDue = false;
    if (!(await this.#way.sendStatus())) this.#statusDue = true;
  }
}
