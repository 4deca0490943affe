import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type PublishPacket } from 'aedes';
import type { Clock } from '../../shared/ports/clock.ts';
import type { DeviceLink, LinkMessage } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { waitingMaxOf } from '../../shared/protocol/broker-limits.ts';
import { reachableHost, urlHost } from '../../shared/protocol/url-host.ts';
import { payloadOf } from '../../shared/protocol/utf8.ts';
import { type Access, fleetAccess } from './access.ts';
import { handlersOf, type Rules } from './aedes-handlers.ts';
import { brokerMemory } from './broker-memory.ts';
import { type Account, credentials } from './credentials.ts';
import { inProcessLink } from './in-process-link.ts';
import { guardSocket } from './packet-guard.ts';
import { orderPublishes } from './publish-order.ts';
import type { RetainedStore } from './retained-store.ts';

export interface EmbeddedBrokerOptions {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly log: Log;
  /** The SHA-256 digest of a vehicle's password, or null when no vehicle has this VIN. */
  readonly lookUp: (vin: string) => Promise<string | null>;
  /** The API IoT's account: writes commands, reads what vehicles say. */
  readonly serviceCredential: Account;
  /** Account that reads `vehicles/#` and publishes nothing; without it no client may. */
  readonly monitorCredential?: Account;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Default: the rules of the fleet. */
  readonly access?: Access;
  /** Default 20,000; further sockets are closed at once. */
  readonly connectionMax?: number;
}

export interface EmbeddedBroker {
  /** `mqtt://127.0.0.1:1883`; known once started. */
  readonly url: string;
  readonly port: number;
  /** A link for clients of this process, without a socket. May be opened before `start`. */
  readonly link: DeviceLink;
  /** Rejects with a sentence when the port can't be had. Started again, it has the same port. */
  start(): Promise<void>;
  /** Ends every connection. With `keepsSessions` the next start has the sessions and retained messages of now; else it begins empty. */
  stop(how?: { readonly keepsSessions: boolean }): Promise<void>;
  /** The password of this vehicle was replaced: the old one is refused from now on, and its connections end. */
  replaceCredential(vin: string): void;
  connections(): number;
  /** What was refused since the process began, by reason. */
  refusals(): Readonly<Record<string, number>>;
  /** Calls the listener for every message that the broker accepts or delivers, until the returned function is called. */
  tap(handler: (entry: BrokerEntry) => void): () => void;
}

interface BrokerEntry {
  readonly at: number;
  /** `taken`: from its publisher, rules passed, subscribers of this process done. `delivered`: a subscriber acknowledged it (QoS 1). */
  readonly kind: 'taken' | 'delivered';
  /** The publisher, or for `delivered` the subscriber. */
  readonly clientId: string;
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/**
 * MQTT 3.1.1 (and 3.1) over TCP on Aedes, another version is answered with CONNACK 1; in memory: in a new process sessions
 * and retained messages are gone, and vehicles make them anew when they reconnect. A publisher's QoS 1 acknowledgement waits
 * for the subscribers of this process; one of them failing closes the publisher's connection unacknowledged, so that it
 * sends again. What the rules forbid closes the connection too (3.1.1 knows no other answer), a forbidden subscription is
 * answered with 0x80.
 */
export function embeddedBroker(options: EmbeddedBrokerOptions): EmbeddedBroker {
  const { clock, log } = options;
  const hostname = options.hostname ?? '127.0.0.1';
  const taps = new Set<(entry: BrokerEntry) => void>();
  const refused: Record<string, number> = {};
  const accounts = credentials({
    ...options,
    service: options.serviceCredential,
    monitor: options.monitorCredential ?? null,
  });
  let running: Running | null = null;
  let { port } = options;

  const refuse = (reason: string, clientId: string | null, topic?: string) => {
    refused[reason] = (refused[reason] ?? 0) + 1;
    log.warn('broker.refused', { reason, clientId, ...(topic === undefined ? {} : { topic }) });
  };
  const record = (kind: BrokerEntry['kind'], clientId: string, message: LinkMessage) => {
    if (taps.size === 0) return;
    const { topic, payload, retain } = message;
    const entry = { at: clock.now(), kind, clientId, topic, payload, retain };
    for (const tap of taps) tap(entry);
  };

  const access = options.access ?? fleetAccess;
  const inProcess = inProcessLink({
    clock,
    log,
    access,
    refuse,
    check: accounts.check,
    async take(message, clientId) {
      if (!running) throw new Error('the broker is not running');
      record('taken', clientId, message);
      inProcess.deliver(message);
      await running.publish(packetOf(message));
    },
    retained: (filters) => (running ? retainedMessages(running.retained, filters) : nothing()),
  });

  const rules: Rules = {
    access,
    check: accounts.check,
    refuse,
    async takeIn(clientId, packet) {
      // Its subscribers have gone, and its connection goes next: what is not acknowledged is sent again.
      if (!running) return new Promise<never>(() => {});
      const message = messageOf(packet);
      await inProcess.deliverHeld(message);
      record('taken', clientId, message);
    },
    takeWill(clientId, packet) {
      const message = messageOf(packet);
      inProcess.deliver(message);
      record('taken', clientId, message);
    },
    delivered: (clientId, packet) => record('delivered', clientId, messageOf(packet)),
    log,
  };
  const answers = handlersOf(rules);
  const newMemory = () =>
    brokerMemory({
      waitingMaxOf,
      onDropped: (clientId) => log.warn('broker.queue_full', { clientId }),
      isGranted: (client, filter) => answers.limit.isGranted(client, filter),
    });
  let memory = newMemory();

  return {
    get url() {
      return `mqtt://${reachableHost(hostname)}:${this.port}`;
    },
    get port() {
      return port;
    },
    link: inProcess.link,
    async start() {
      if (running) return;
      const { connectionMax = 20_000 } = options;
      running = await run({ rules, answers, memory, hostname, port, connectionMax });
      port = running.port;
      inProcess.setUp(true);
      log.info('broker.started', { url: this.url });
    },
    async stop({ keepsSessions } = { keepsSessions: false }) {
      const stopping = running;
      if (!stopping) return;
      running = null;
      // First, because a stopping broker must not publish the last wills of the whole fleet.
      inProcess.setUp(false);
      await stopping.stop();
      if (!keepsSessions) memory = newMemory();
    },
    replaceCredential(vin) {
      accounts.forget(vin);
      answers.close(vin);
      inProcess.closeVehicle(vin);
    },
    connections: () => (running?.aedes.connectedClients ?? 0) + inProcess.count(),
    refusals: () => ({ ...refused }),
    tap(handler) {
      taps.add(handler);
      return () => void taps.delete(handler);
    },
  };
}

interface Running {
  readonly aedes: Aedes;
  readonly retained: RetainedStore<PublishPacket>;
  readonly port: number;
  publish(packet: PublishPacket): Promise<void>;
  stop(): Promise<void>;
}

interface RunOptions {
  readonly rules: Rules;
  readonly answers: ReturnType<typeof handlersOf>;
  readonly memory: ReturnType<typeof brokerMemory>;
  readonly hostname: string;
  readonly port: number;
  readonly connectionMax: number;
}

async function run({ rules, answers, memory, hostname, port, connectionMax }: RunOptions): Promise<Running> {
  const { handlers, limit } = answers;
  const { persistence, retained } = memory;
  const aedes = new Aedes({
    persistence,
    connectTimeout: 10_000,
    // A subscriber that takes nothing for so long is closed; until then it holds a slot of `concurrency`.
    drainTimeout: 15_000,
    concurrency: 1_000,
    // Packets that a client sends before it was let in (Aedes: 42).
    queueLimit: 64,
    keepaliveLimit: 1_200,
    maxTopicLevels: 8,
    ...handlers,
  });
  const publish = orderPublishes(aedes);
  const emitter: EventEmitter = aedes;
  emitter.on('error', (error: Error) => rules.log.error('broker.failed', { error: error.message }));
  aedes.on('clientError', (client, error) => {
    rules.log.info('broker.client_error', { clientId: client.id, error: error.message });
  });
  aedes.on('connectionError', (_client, error) => rules.refuse(reasonOf(error), null, error.message));
  aedes.on('ack', (packet, client) => {
    if (packet && 'topic' in packet) rules.delivered(client.id, packet);
  });
  aedes.on('unsubscribe', (filters, client) => limit.release(client, filters));
  await aedes.listen();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    guardSocket(socket, () => rules.refuse('packet_too_large', null));
    const client = aedes.handle(socket);
    limit.watch(client, () => rules.refuse('too_many_filters', client.id ?? null));
  });
  server.maxConnections = connectionMax;
  server.on('drop', () => rules.refuse('too_many_connections', null));
  try {
    await listen(server, hostname, port);
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(resolve));
    throw error;
  }
  const address = server.address();
  return {
    aedes,
    retained,
    port: typeof address === 'object' && address ? address.port : port,
    publish,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Aedes says why in the code of the CONNACK that it sent (MQTT 3.1.1 section 3.2.2.3; 6 is its own). */
function reasonOf(error: Error): string {
  const { errorCode } = error as { readonly errorCode?: number };
  if (errorCode === 1) return 'protocol_version';
  return errorCode === 6 ? 'keep_alive' : 'malformed';
}

function listen(server: Server, hostname: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'another program has the port; choose another one' : error.message;
      reject(
        new Error(`The MQTT broker cannot listen on ${urlHost(hostname)}:${port}: ${reason}.`, {
          cause: error,
        }),
      );
    });
    server.listen(port, hostname, () => resolve());
  });
}

function messageOf(packet: PublishPacket): LinkMessage {
  return {
    topic: packet.topic,
    ...payloadOf(packet.payload),
    qos: packet.qos === 0 ? 0 : 1,
    retain: packet.retain,
  };
}

function packetOf(message: LinkMessage): PublishPacket {
  const { topic, payload, qos, retain } = message;
  return { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false };
}

async function* retainedMessages(
  retained: RetainedStore<PublishPacket>,
  filters: readonly string[],
): AsyncGenerator<LinkMessage> {
  for (const packet of retained.matchedBy(filters)) yield { ...messageOf(packet), retain: true };
}

async function* nothing(): AsyncGenerator<LinkMessage> {}
