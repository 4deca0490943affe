import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import type { Clock } from '../../shared/ports/clock.ts';

/**
 * `node:net` without sockets, as far as broker and client use it: what is written arrives after a latency of virtual
 * time, in order, and so does the end. `vi.mock('node:net')` puts it in their place. The host that a client dials is the
 * name of its line, and every line leads to the one server that listens.
 */
export interface MemoryNetwork {
  readonly clock: Clock;
  /** One way. */
  readonly latencyMs: () => number;
  server: MemoryServer | null;
  readonly silentLines: Set<string>;
  /** What a silent line holds back, oldest first. */
  readonly held: Map<string, (() => void)[]>;
}

let present: MemoryNetwork | null = null;

/** Replaces `node:net` for all later imports. */
export function openNetwork(deps: Pick<MemoryNetwork, 'clock' | 'latencyMs'>): MemoryNetwork {
  present = { ...deps, server: null, silentLines: new Set(), held: new Map() };
  return present;
}

/** Nothing passes on the line, nor is lost, until it is lifted. */
export function setLineSilent(network: MemoryNetwork, line: string, isSilent: boolean): void {
  if (isSilent) {
    network.silentLines.add(line);
    return;
  }
  network.silentLines.delete(line);
  const held = network.held.get(line) ?? [];
  network.held.delete(line);
  for (const arrive of held) arrive();
}

function networkNow(): MemoryNetwork {
  if (present === null) throw new Error('openNetwork was not called');
  return present;
}

const idMax = 65_535;
const idsApart = 1_000;

type Handler = (socket: MemorySocket) => void;

export class MemoryServer extends EventEmitter {
  maxConnections = Number.POSITIVE_INFINITY;
  readonly #network = networkNow();
  readonly #handler: Handler;
  readonly #sockets = new Set<MemorySocket>();
  #port = 0;
  #accepted = 0;
  #onClosed: (() => void) | null = null;

  constructor(handler: Handler) {
    super();
    this.#handler = handler;
  }

  listen(port: number, _hostname: string, onListening: () => void): void {
    this.#network.server = this;
    this.#port = port;
    queueMicrotask(onListening);
  }

  address(): { readonly port: number } {
    return { port: this.#port };
  }

  close(onClosed: () => void): void {
    if (this.#network.server === this) this.#network.server = null;
    this.#onClosed = onClosed;
    this.#endWhenEmpty();
  }

  accept(socket: MemorySocket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#endWhenEmpty();
    });
    const { random } = Math;
    this.#accepted += 1;
    // Aedes draws the first message id of a connection: with the same draw each time, those of an old one would come again.
    Math.random = () => ((this.#accepted * idsApart) % idMax) / idMax;
    this.#handler(socket);
    Math.random = random;
  }

  #endWhenEmpty(): void {
    if (this.#sockets.size > 0) return;
    this.#onClosed?.();
    this.#onClosed = null;
  }
}

/** One end of a connection. */
export class MemorySocket extends Duplex {
  readonly #network: MemoryNetwork;
  readonly #line: string;
  #peer: MemorySocket | null = null;
  #arrivesAt = 0;
  #hasEnded: boolean = false;

  constructor(network: MemoryNetwork, line: string) {
    super({ allowHalfOpen: false });
    this.#network = network;
    this.#line = line;
  }

  /** The other end is made when the dialling arrives. */
  dial(): void {
    this.#later(() => {
      const { server } = this.#network;
      const peer = new MemorySocket(this.#network, this.#line);
      this.#peer = peer;
      peer.#peer = this;
      if (server) server.accept(peer);
      else peer.#later(() => this.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
    });
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#later(() => this.#peer?.hear(chunk));
    done();
  }

  /** What was written in one turn travels together. */
  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', done);
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    done(error);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#later(() => this.#peer?.hear(null));
  }

  hear(chunk: Buffer | null): void {
    if (!this.destroyed && !this.readableEnded) this.push(chunk);
  }

  #later(arrive: () => void): void {
    const { clock, latencyMs, silentLines, held } = this.#network;
    this.#arrivesAt = Math.max(this.#arrivesAt, clock.now() + latencyMs());
    clock.setTimer(this.#arrivesAt - clock.now(), () => {
      if (!silentLines.has(this.#line)) return arrive();
      held.set(this.#line, [...(held.get(this.#line) ?? []), arrive]);
    });
  }
}

export function createServer(handler: Handler): MemoryServer {
  return new MemoryServer(handler);
}

export function connect({ host }: { readonly host: string }): MemorySocket {
  const socket = new MemorySocket(networkNow(), host);
  socket.dial();
  return socket;
}
