import { connect, createServer, type Server, type Socket } from 'node:net';
import { wallClock } from '../../shared/live/clock.ts';
import { systemRandom } from '../../shared/live/random.ts';
import type { Log } from '../../shared/ports/log.ts';
import { urlHost } from '../../shared/protocol/url-host.ts';
import { agenda } from '../fleet/agenda.ts';
import { type FirstPacket, readFirstPacket } from '../line-proxy/first-packet.ts';
import type { VehicleLine } from '../line-proxy/vehicle-line.ts';
import { VehicleLines } from '../line-proxy/vehicle-lines.ts';
import type { VehicleModel } from '../vehicle/models.ts';

/** A port of the proxy: of any vehicle, which its CONNECT names, or of one. */
export interface LinePort {
  readonly port: number;
  readonly vin: string | null;
}

export interface LineProxyOptions {
  readonly ports: readonly LinePort[];
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** The broker's address; TLS of the vehicles passes through. */
  readonly brokerUrl: string;
  readonly models: readonly VehicleModel[];
  readonly log: Log;
  /** Default 20,000; further ones are closed at once. */
  readonly connectionMax?: number;
}

export interface LineProxy {
  readonly lines: VehicleLines;
  /** `127.0.0.1:18883`, in the order of the ports. */
  readonly places: readonly string[];
  /** The address at which this vehicle connects. */
  listenOf(vin: string): string | null;
  stop(): Promise<void>;
}

const connectionMaxDefault = 20_000;
/** Time-out of the CONNECT packet, which names the vehicle. */
const firstPacketMaxMs = 10_000;

/**
 * Listens in front of the MQTT broker for vehicles that Fleetwake does not simulate, and gives the line of each its faults.
 * Rejects with a sentence when a port cannot be had.
 */
export async function startLineProxy(options: LineProxyOptions): Promise<LineProxy> {
  const { ports, hostname = '127.0.0.1', models, log } = options;
  const moments = agenda(wallClock);
  const modelOf = (vin: string) => models.find((model) => vin.startsWith(model.vinPrefix))?.id ?? null;
  const lines = new VehicleLines({ clock: wallClock, agenda: moments, random: systemRandom, log, modelOf });
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const stop = async () => {
    moments.clear();
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    lines.destroy();
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  const places: { readonly address: string; readonly vin: string | null }[] = [];
  try {
    for (const { port, vin } of ports) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        socket.on('error', () => {});
        if (sockets.size >= (options.connectionMax ?? connectionMaxDefault)) {
          log.warn('line_proxy.connection_refused', { connections: sockets.size });
          socket.destroy();
          return;
        }
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        if (vin === null) readVehicle(socket, { options, lines });
        else joinLine(socket, lines.line(vin), { options, first: Buffer.alloc(0), keepAliveSeconds: null });
      });
      servers.push(server);
      const taken = await bind(server, port, hostname);
      places.push({ address: `${urlHost(hostname)}:${taken}`, vin });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    lines,
    places: places.map(({ address, vin }) => (vin === null ? address : `${address}=${vin}`)),
    listenOf: (vin) =>
      (places.find((place) => place.vin === vin) ?? places.find((place) => place.vin === null))?.address ??
      null,
    stop,
  };
}

/** Gathers the first packet, and joins the line of the vehicle that it names. */
function readVehicle(
  socket: Socket,
  { options, lines }: { readonly options: LineProxyOptions; readonly lines: VehicleLines },
): void {
  let first = Buffer.alloc(0);
  const deadline = wallClock.setTimer(firstPacketMaxMs, () => socket.destroy());
  socket.once('close', () => deadline.cancel());
  const onEnd = () => socket.destroy();
  const onData = (chunk: Buffer) => {
    first = Buffer.concat([first, chunk]);
    const packet = readFirstPacket(first);
    if (packet.type === 'incomplete') return;
    deadline.cancel();
    socket.off('data', onData);
    socket.off('end', onEnd);
    const keepAliveSeconds = packet.type === 'connect' ? packet.keepAliveSeconds : null;
    joinLine(socket, lineOf(packet, lines, options.log), { options, first, keepAliveSeconds });
  };
  socket.on('data', onData);
  socket.on('end', onEnd);
}

function lineOf(packet: FirstPacket, lines: VehicleLines, log: Log): VehicleLine | null {
  if (packet.type === 'connect' && packet.vin !== null) return lines.line(packet.vin);
  log.warn('line_proxy.connection_without_vin', { isMqtt: packet.type === 'connect' });
  return lines.unnamed;
}

interface Joining {
  readonly options: LineProxyOptions;
  readonly first: Buffer;
  readonly keepAliveSeconds: number | null;
}

function joinLine(
  vehicle: Socket,
  line: VehicleLine | null,
  { options, first, keepAliveSeconds }: Joining,
): void {
  if (line === null || line.isAway || vehicle.destroyed) {
    vehicle.resetAndDestroy();
    return;
  }
  const { hostname, port, protocol } = new URL(options.brokerUrl);
  const usual = protocol === 'mqtts:' || protocol === 'tls:' ? 8883 : 1883;
  const broker = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || usual),
    noDelay: true,
    allowHalfOpen: true,
  });
  broker.once('error', ({ message }) => {
    if (broker.bytesRead === 0) options.log.warn('line_proxy.broker_connect_failed', { message });
  });
  line.join(vehicle, broker, first, keepAliveSeconds);
}

function bind(server: Server, port: number, hostname: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `port ${port} on ${hostname} is taken: stop what listens there, or choose another with --line-proxy`
          : `the line proxy cannot listen on ${hostname}, port ${port} (${error.message}): correct --line-proxy or --line-proxy-host`;
      reject(new Error(why, { cause: error }));
    });
    server.listen(port, hostname, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
