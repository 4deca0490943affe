import type { Clock, Timer } from '../ports/clock.ts';
import { LinkClosed, type LinkConnection, type LinkMessage, type LinkOptions } from '../ports/device-link.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { VirtualProcess } from './process.ts';
import type { Wire } from './wire.ts';

/** Waits before a reconnect, as the live client's: doubled each time, with jitter. */
const reconnectBaseMs = 500;
const reconnectMaxMs = 15_000;
/** In the broker's own process, as gateway/broker/in-process-link.ts does. */
const reconnectInsideMs = 250;
/** Only a connection that lasted this long resets the wait. */
const steadyMs = 5_000;
const connectTimeoutMs = 10_000;
/** Delay between the last awaited answer and the DISCONNECT. */
const goodbyeAfterMs = 10;
/** Time-out of a DISCONNECT; then the connection is cut. */
const closeMaxMs = 2_000;

/** What a client needs of the broker's side. */
export interface LinkHub {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  openWork(name: string, process: VirtualProcess): () => void;
  wire(clientId: string, isEmbedded: boolean): Wire;
  accept(client: LinkClient, wire: Wire, isEmbedded: boolean): Promise<void>;
}

/** What an accepted client may send. */
export interface Uplink {
  publish(message: LinkMessage, answer: () => void): void;
  /** The answer names the filters that were refused. */
  subscribe(filters: readonly string[], answer: (refused: readonly string[]) => void): void;
  /** Sends DISCONNECT: the broker closes the connection, and publishes no will. */
  leave(): void;
}

/** The client's ears. */
export interface LinkClient {
  readonly options: LinkOptions;
  onAccepted(wire: Wire, sessionPresent: boolean, uplink: Uplink): void;
  onClosed(wire: Wire, reason: string): void;
  /** `fail`: the handler failed, so no acknowledgement will come; true if the publisher learns of it instead. */
  receive(wire: Wire, message: LinkMessage, acknowledge: () => void, fail: () => boolean): void;
  /** The network is silent: asks after the keep-alive whether it still is, as a ping would find. */
  watchSilence(wire: Wire, isStillSilent: () => boolean): void;
}

interface Subscribing {
  readonly filters: readonly string[];
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** open: connected or about to be · waiting: for the next try · away: after `cut`, until asked back · closed: for good. */
type State = 'open' | 'waiting' | 'away' | 'closed';

/** The client of the virtual broker: it behaves as shared/live/mqtt-link.ts does. */
export function newLinkClient(
  hub: LinkHub,
  process: VirtualProcess,
  options: LinkOptions,
  isEmbedded: boolean,
): LinkConnection {
  const random = hub.random.stream(options.clientId);
  const granted = new Set<string>();
  /** What the broker has still to answer. */
  const unanswered = new Set<(reason: Error) => void>();
  let onAllAnswered: (() => void) | null = null;
  let onGone: (() => void) | null = null;
  let hasLeft: boolean = false;
  let subscribing: Subscribing[] = [];
  let state: State = 'away';
  let wire: Wire | null = null;
  let uplink: Uplink | null = null;
  let timer: Timer | null = null;
  let failures = 0;
  let connectedAt = 0;

  function dial(): void {
    const dialled = hub.wire(options.clientId, isEmbedded);
    wire = dialled;
    dialled.up(() => void hub.accept(client, dialled, isEmbedded));
    timer = process.clock.setTimer(connectTimeoutMs, () => lose('no answer to the connect', 'cut'));
  }

  /** Our end closes: what is unanswered stays so. */
  function lose(reason: string, how: 'cut' | 'gone'): void {
    const was = uplink;
    if (how === 'cut') wire?.closeClient();
    wire = null;
    uplink = null;
    timer?.cancel();
    timer = null;
    failures = was && hub.clock.now() - connectedAt > steadyMs ? 0 : failures + 1;
    const rejects = [...unanswered];
    unanswered.clear();
    for (const reject of rejects) reject(new LinkClosed(`the link dropped: ${reason}`));
    if (state === 'open') comeBackLater();
    if (was && state !== 'closed') options.onDisconnect?.(reason);
    onGone?.();
  }

  function answered(reject: (reason: Error) => void): void {
    unanswered.delete(reject);
    if (unanswered.size === 0) onAllAnswered?.();
  }

  /** Once all is answered that was asked. */
  function sayGoodbye(): void {
    const leave = () => {
      hasLeft = true;
      uplink?.leave();
    };
    if (unanswered.size === 0) leave();
    else onAllAnswered = () => process.clock.setTimer(goodbyeAfterMs, leave);
  }

  function comeBackLater(): void {
    state = 'waiting';
    const ceilingMs = Math.min(reconnectMaxMs, reconnectBaseMs * 2 ** Math.min(failures, 10));
    const delayMs = isEmbedded ? reconnectInsideMs : ceilingMs * (0.1 + 0.9 * random.fraction());
    timer = process.clock.setTimer(delayMs, () => reconnect());
  }

  function reconnect(): void {
    if (state === 'closed' || state === 'open' || !process.isAlive) return;
    state = 'open';
    timer?.cancel();
    dial();
  }

  function sendSubscribe(item: Subscribing): void {
    const by = uplink;
    if (by === null) return;
    // It is asked again on the next connection.
    const forget = () => {};
    unanswered.add(forget);
    by.subscribe(item.filters, (refused) => {
      answered(forget);
      subscribing = subscribing.filter((other) => other !== item);
      for (const filter of item.filters) if (!refused.includes(filter)) granted.add(filter);
      if (refused.length === 0) item.resolve();
      else item.reject(new Error(`the broker refused ${refused.join(', ')}`));
    });
  }

  const client: LinkClient = {
    options,
    onAccepted(by, sessionPresent, accepted) {
      if (by !== wire || !process.isAlive) return;
      timer?.cancel();
      timer = null;
      uplink = accepted;
      connectedAt = hub.clock.now();
      if (!sessionPresent && granted.size > 0) {
        const filters = [...granted];
        const reject = (error: Error) =>
          hub.log.warn('link.not_subscribed', { filters, error: error.message });
        subscribing.push({ filters, resolve() {}, reject });
      }
      for (const item of subscribing) sendSubscribe(item);
      options.onConnect?.({ sessionPresent });
    },
    onClosed(by, reason) {
      if (by === wire && process.isAlive) lose(reason, 'gone');
    },
    receive(by, message, acknowledge, fail) {
      if (by !== wire || !process.isAlive) return;
      const done = hub.openWork(`handles ${message.topic}`, process);
      const answer = () => {
        // After the DISCONNECT nothing more can be sent: mqtt.js closes the connection.
        if (hasLeft && message.qos === 1) lose('closed', 'cut');
        else acknowledge();
      };
      let handled: void | Promise<void>;
      try {
        handled = options.onMessage(message);
      } catch (error) {
        handled = Promise.reject(error);
      }
      if (handled === undefined) {
        done();
        answer();
        return;
      }
      handled.then(
        () => {
          done();
          if (by === wire && process.isAlive) answer();
        },
        (error: unknown) => {
          done();
          hub.log.error('link.handler_failed', { topic: message.topic, error: String(error) });
          const isTold = fail();
          if (!isTold && by === wire && process.isAlive) lose('a message could not be handled', 'cut');
        },
      );
    },
    watchSilence(by, isStillSilent) {
      process.clock.setTimer(options.keepAliveSeconds * 1_000, () => {
        if (by === wire && isStillSilent()) lose('no answer to a ping', 'cut');
      });
    },
  };

  const forget = process.onEnd(() => {
    state = 'closed';
    wire?.closeClient();
    wire = null;
    uplink = null;
  });
  reconnect();

  return {
    get connected() {
      return uplink !== null;
    },
    publish: (message) =>
      process.call(`mqtt ${message.topic}`, () => {
        const by = uplink;
        if (by === null || state === 'closed') throw new LinkClosed('the link is not connected');
        if (message.qos === 0) return by.publish(message, () => {});
        return new Promise<void>((resolve, reject) => {
          unanswered.add(reject);
          by.publish(message, () => {
            answered(reject);
            resolve();
          });
        });
      }),
    subscribe(filters) {
      if (state === 'closed') return Promise.reject(new LinkClosed('the link is closed'));
      return new Promise((resolve, reject) => {
        const item: Subscribing = { filters, resolve, reject };
        subscribing.push(item);
        sendSubscribe(item);
      });
    },
    cut() {
      if (state === 'closed') return;
      state = 'away';
      timer?.cancel();
      if (wire) lose('cut', 'cut');
    },
    reconnect,
    async close() {
      if (state === 'closed') return;
      state = 'closed';
      timer?.cancel();
      for (const { reject } of subscribing.splice(0)) reject(new LinkClosed('the link is closed'));
      if (uplink === null) {
        if (wire) lose('closed', 'cut');
      } else {
        timer = process.clock.setTimer(closeMaxMs, () => lose('closed', 'cut'));
        await new Promise<void>((resolve) => {
          onGone = resolve;
          sayGoodbye();
        });
      }
      forget();
    },
  };
}
