import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { retransmissionOf } from '../faults/packet-loss.ts';
import type { Agenda } from './agenda.ts';
import type { FaultSet } from './fault-set.ts';

export type Stream = 'upstream' | 'downstream';

interface Way {
  /** Bytes on this connection. */
  bytes: number;
  /** The last byte that is under way leaves then. */
  freeAt: number;
  /** What went before arrives then: a stream keeps its order. */
  arrivesAt: number;
  /** Messages that wait for their moment, oldest first: none passes before those in front of it. */
  readonly queue: Waiting[];
  /** In [-1, 1]: the last jitter, of which the next one may keep a part. */
  jitter: number;
}

interface Waiting {
  isDue: boolean;
  readonly release: () => void;
}

export interface PacerDeps {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly random: () => Random;
  readonly faults: FaultSet;
  /** A stall that takes this long ends the connection, because the keep-alive fails; null where its ends see to that. */
  readonly silenceMaxMs: number | null;
}

/** When bytes get through one vehicle's connection: latency, bandwidth, loss, black holes and limits, a stream each way. */
export class Pacer {
  readonly #deps: PacerDeps;
  /** Ends the connection. */
  readonly #onEnd: () => void;
  #ways: Record<Stream, Way> = newWays();
  /** What waits for the end of this connection, or for its moment and is given up with the connection. */
  readonly #waiting = new Set<() => void>();

  constructor(deps: PacerDeps, onEnd: () => void) {
    this.#deps = deps;
    this.#onEnd = onEnd;
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  /** A new connection. */
  renew(): void {
    this.#ways = newWays();
  }

  /** The connection is over: what was under way did not get through. */
  end(): void {
    const ends = [...this.#waiting];
    this.#ways.upstream.queue.length = 0;
    this.#ways.downstream.queue.length = 0;
    this.#waiting.clear();
    for (const end of ends) end();
  }

  untilEnd(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Resolves with true when so many bytes are through, with false when the connection ended before. */
  async pass(stream: Stream, bytes: number): Promise<boolean> {
    const { clock, faults } = this.#deps;
    const way = this.#ways[stream];
    way.bytes += bytes;
    if (faults.standing('limit_data', stream).some((limit) => way.bytes > limit.bytes)) {
      this.#onEnd();
      return false;
    }
    if (faults.standing('timeout', stream).length > 0) {
      await this.untilEnd();
      return false;
    }
    const now = clock.now();
    for (const { bytesPerSecond } of faults.standing('bandwidth', stream)) {
      way.freeAt = Math.max(way.freeAt, now) + (bytes / bytesPerSecond) * 1_000;
    }
    const stall = this.#stall(stream, bytes);
    const arrivesAt = Math.max(way.freeAt, now) + this.#latencyMs(stream) + stall.delayMs;
    way.arrivesAt = Math.max(way.arrivesAt, arrivesAt);
    const waitMs = Math.ceil(way.arrivesAt - now);
    if (stall.isLast) return this.#wait(way, waitMs, { endsConnection: true });
    // The timer of an earlier message may be late, and its place is still before this one.
    return (waitMs <= 0 && way.queue.length === 0) || this.#wait(way, Math.max(0, waitMs));
  }

  /** Returns how long packet loss delays so many bytes, and whether the connection ends with it. */
  #stall(stream: Stream, bytes: number): { readonly delayMs: number; readonly isLast: boolean } {
    const { faults, random, silenceMaxMs } = this.#deps;
    const sum = { delayMs: 0, isLast: false };
    for (const loss of faults.standing('packet_loss', stream)) {
      const { delayMs, isGivenUp } = retransmissionOf(bytes, loss, () => random().fraction());
      sum.delayMs += delayMs;
      sum.isLast ||= isGivenUp;
    }
    if (silenceMaxMs === null || sum.delayMs < silenceMaxMs) return sum;
    return { delayMs: silenceMaxMs, isLast: true };
  }

  #latencyMs(stream: Stream): number {
    const way = this.#ways[stream];
    let sumMs = 0;
    for (const { latencyMs, jitterMs, correlation } of this.#deps.faults.standing('latency', stream)) {
      if (jitterMs > 0) {
        const drawn = this.#deps.random().fraction() * 2 - 1;
        way.jitter = correlation * way.jitter + (1 - correlation) * drawn;
      }
      sumMs += Math.max(0, latencyMs + jitterMs * way.jitter);
    }
    return sumMs;
  }

  #wait(way: Way, waitMs: number, { endsConnection = false } = {}): Promise<boolean> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        resolve(false);
      };
      const waiting: Waiting = {
        isDue: false,
        release: () => {
          this.#waiting.delete(end);
          resolve(!endsConnection);
          // Within this turn, or what is due at the same moment would still pass.
          if (endsConnection) this.#onEnd();
        },
      };
      way.queue.push(waiting);
      const timer = this.#deps.agenda.after(waitMs, () => {
        waiting.isDue = true;
        while (way.queue[0]?.isDue) way.queue.shift()?.release();
      });
      this.#waiting.add(end);
    });
  }
}

function newWays(): Record<Stream, Way> {
  const way = (): Way => ({ bytes: 0, freeAt: 0, arrivesAt: 0, queue: [], jitter: 0 });
  return { upstream: way(), downstream: way() };
}
