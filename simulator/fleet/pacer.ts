import type { Clock } from '../../shared/ports/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
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
  /** In [-1, 1]: the last jitter, of which the next one may keep a part. */
  jitter: number;
}

interface PacerDeps {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly random: () => Random;
  readonly faults: FaultSet;
}

/** When bytes get through one vehicle's connection: latency, bandwidth, black holes and limits, a stream each way. */
export class Pacer {
  readonly #deps: PacerDeps;
  readonly #onLimit: () => void;
  #ways: Record<Stream, Way> = newWays();
  /** What waits for the end of this connection, or for its moment and is given up with the connection. */
  readonly #waiting = new Set<() => void>();

  constructor(deps: PacerDeps, onLimit: () => void) {
    this.#deps = deps;
    this.#onLimit = onLimit;
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
      this.#onLimit();
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
    way.arrivesAt = Math.max(way.arrivesAt, Math.max(way.freeAt, now) + this.#latencyMs(stream));
    const waitMs = Math.ceil(way.arrivesAt - now);
    return waitMs <= 0 || this.#wait(waitMs);
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

  #wait(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        resolve(false);
      };
      const timer = this.#deps.agenda.after(waitMs, () => {
        this.#waiting.delete(end);
        resolve(true);
      });
      this.#waiting.add(end);
    });
  }
}

function newWays(): Record<Stream, Way> {
  const way = () => ({ bytes: 0, freeAt: 0, arrivesAt: 0, jitter: 0 });
  return { upstream: way(), downstream: way() };
}
