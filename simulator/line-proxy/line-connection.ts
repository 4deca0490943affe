import type { Socket } from 'node:net';
import type { Timer } from '../../shared/ports/clock.ts';
import { Pacer, type PacerDeps, type Stream } from '../fleet/pacer.ts';

export interface LineConnectionDeps extends Omit<PacerDeps, 'silenceMaxMs'> {
  /** The broker accepted the vehicle in its first packet. */
  readonly onAccepted: () => void;
  readonly onClosed: () => void;
}

/** Bytes of one stream that wait here; beyond it the sender is read no further, and its TCP slows down. */
const heldMaxBytes = 262_144;
/** One end has closed and the other has not: after so long both are. */
const lingerMs = 60_000;

interface Way {
  readonly from: Socket;
  readonly to: Socket;
  heldBytes: number;
  isToFull: boolean;
}

/**
 * The bytes of one vehicle's connection on their way to the broker and back, with the faults of its line in between. It reads
 * nothing in them but the broker's first answer, so TLS passes. No byte is lost but with the connection.
 */
export class LineConnection {
  readonly #deps: LineConnectionDeps;
  readonly #vehicle: Socket;
  readonly #broker: Socket;
  readonly #pacer: Pacer;
  readonly #ways: Readonly<Record<Stream, Way>>;
  #linger: Timer | null = null;
  #isClosed: boolean = false;
  #isAnswered: boolean = false;

  /** `first` is what was already read from the vehicle. */
  constructor(deps: LineConnectionDeps, vehicle: Socket, broker: Socket, first: Uint8Array) {
    this.#deps = deps;
    this.#vehicle = vehicle;
    this.#broker = broker;
    // The ends have keep-alives of their own.
    this.#pacer = new Pacer({ ...deps, silenceMaxMs: null }, () => this.break());
    const way = (from: Socket, to: Socket): Way => ({ from, to, heldBytes: 0, isToFull: false });
    this.#ways = { upstream: way(vehicle, broker), downstream: way(broker, vehicle) };
    deps.faults.renew();
    if (first.length > 0) this.#carry('upstream', first);
    this.#listen('upstream');
    this.#listen('downstream');
    this.armResets();
  }

  /** The network resets the connection for the vehicle at once, for the broker after a `slow_close`. */
  break(): void {
    this.#pacer.end();
    this.#vehicle.resetAndDestroy();
    this.#afterSlowClose(() => this.#broker.resetAndDestroy());
  }

  /** `reset_peer` counts from the connection, or from the moment at which it begins to stand. */
  armResets(): void {
    const { faults, agenda } = this.#deps;
    for (const reset of faults.standing('reset_peer')) {
      agenda.after(reset.timeoutMs, () => {
        if (!this.#isClosed && faults.standing('reset_peer').includes(reset)) this.break();
      });
    }
  }

  /** Ends both sides at once, for good. */
  destroy(): void {
    this.#pacer.end();
    this.#vehicle.destroy();
    this.#broker.destroy();
  }

  #listen(stream: Stream): void {
    const way = this.#ways[stream];
    way.from.on('data', (chunk: Buffer) => {
      if (stream === 'downstream') this.#noteAnswer(chunk);
      this.#carry(stream, chunk);
    });
    way.from.on('end', () => void this.#carryEnd(stream));
    // What follows is "close", with the same meaning for both sides.
    way.from.on('error', () => {});
    way.from.on('close', (hadError) => this.#onClose(stream, hadError));
    way.to.on('drain', () => {
      way.isToFull = false;
      this.#resume(way);
    });
  }

  #carry(stream: Stream, chunk: Uint8Array): void {
    const way = this.#ways[stream];
    if (!this.#deps.faults.meetsLine && this.#pacer.isIdle && way.heldBytes === 0) {
      this.#write(way, chunk);
      return;
    }
    way.heldBytes += chunk.length;
    if (way.heldBytes > heldMaxBytes) way.from.pause();
    void this.#pacer.pass(stream, chunk.length).then((isThrough) => {
      way.heldBytes -= chunk.length;
      if (isThrough) this.#write(way, chunk);
      this.#resume(way);
    });
  }

  #write(way: Way, chunk: Uint8Array): void {
    if (way.to.destroyed || way.to.writableEnded || way.to.write(chunk)) return;
    way.isToFull = true;
    way.from.pause();
  }

  #resume(way: Way): void {
    if (!way.isToFull && way.heldBytes <= heldMaxBytes && way.from.isPaused()) way.from.resume();
  }

  /** The end of a stream travels behind its bytes. */
  async #carryEnd(stream: Stream): Promise<void> {
    const { to } = this.#ways[stream];
    if (this.#deps.faults.meetsLine || !this.#pacer.isIdle) {
      if (!(await this.#pacer.pass(stream, 0))) return;
    }
    const end = () => {
      to.end();
      this.#linger ??= this.#deps.agenda.after(lingerMs, () => this.destroy());
    };
    if (stream === 'upstream') this.#afterSlowClose(end);
    else end();
  }

  /** A side that broke takes the other one with it, unless nothing passes: then that one finds out by its keep-alive. */
  #onClose(stream: Stream, hadError: boolean): void {
    const { from, to } = this.#ways[stream];
    if (hadError && !to.destroyed && this.#deps.faults.standing('timeout', stream).length === 0) {
      if (stream === 'upstream') this.#afterSlowClose(() => to.resetAndDestroy());
      else to.resetAndDestroy();
    }
    if (!from.destroyed || !to.destroyed || this.#isClosed) return;
    this.#isClosed = true;
    this.#linger?.cancel();
    this.#pacer.end();
    this.#deps.onClosed();
  }

  #afterSlowClose(work: () => void): void {
    const { faults, agenda } = this.#deps;
    const delayMs = Math.max(0, ...faults.standing('slow_close').map((close) => close.delayMs));
    if (delayMs === 0) work();
    else agenda.after(delayMs, work);
  }

  /** CONNACK (0x20) with code 0: MQTT 3.1.1 section 3.2.2.3. */
  #noteAnswer(chunk: Buffer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    if (chunk[0] === 0x20 && chunk[3] === 0) this.#deps.onAccepted();
  }
}
