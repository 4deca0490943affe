import { type EmbeddedBroker, embeddedBroker } from '../../gateway/broker/embedded-broker.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import type { DeviceLink, LinkConnection, LinkOptions } from '../../shared/ports/device-link.ts';
import { silentLog } from '../../shared/ports/log.ts';
import type { VirtualBroker } from '../../shared/virtual/device-link.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { openNetwork, setLineSilent } from './memory-net.ts';

export interface RealBrokerDeps {
  readonly loop: VirtualLoop;
  readonly latencyMs: () => number;
  readonly service: { readonly username: string; readonly password: string };
  readonly monitor: { readonly username: string; readonly password: string };
  /** Of every vehicle. */
  readonly password: string;
}

/** The part of the virtual broker that a real one can stand in for. */
export type BrokerPart = Pick<VirtualBroker, 'connect' | 'restart' | 'setSilent'>;

const port = 1_883;

/**
 * The gateway's embedded broker (Aedes with its rules, limits and order) and its real clients (mqtt.js in the live link),
 * on the time of the loop. `node:net` has to be test/link/memory-net.ts, and time taken over. A restart forgets everything.
 */
export function realBroker(deps: RealBrokerDeps): BrokerPart {
  const { loop, latencyMs, service, monitor } = deps;
  const clock = loop.clock('broker');
  const network = openNetwork({ clock, latencyMs });
  const secrets = virtualSecrets(loop.process('broker'), seededRandom(1));
  const digest = secrets.digest(deps.password);
  let broker = newBroker();

  function newBroker(): EmbeddedBroker {
    const made = embeddedBroker({
      clock,
      secrets,
      log: silentLog,
      lookUp: async () => digest,
      serviceCredential: service,
      monitorCredential: monitor,
      port,
    });
    void made.start();
    return made;
  }

  /** A client id is a line. */
  const outside: DeviceLink = {
    open: (options) => mqttLink({ url: `mqtt://${options.clientId}:${port}`, log: silentLog }).open(options),
  };

  return {
    connect(process, { embedded = false } = {}) {
      return {
        open: (options) => ofProcess(embedded ? broker.link : outside, process, options),
      };
    },
    restart({ keepsSessions, downMs = 500 }) {
      if (keepsSessions) throw new Error('the embedded broker keeps everything in memory');
      void broker.stop();
      clock.setTimer(downMs, () => {
        broker = newBroker();
      });
    },
    setSilent(clientId, isSilent) {
      setLineSilent(network, clientId, isSilent);
    },
  };
}

/** A connection that ends with its process: the system closes its socket without an event. */
function ofProcess(link: DeviceLink, process: VirtualProcess, options: LinkOptions): LinkConnection {
  const { onConnect, onDisconnect } = options;
  const connection = link.open({
    ...options,
    onMessage: (message) => (process.isAlive ? options.onMessage(message) : new Promise<void>(() => {})),
    ...(onConnect && { onConnect: (state) => void (process.isAlive && onConnect(state)) }),
    ...(onDisconnect && { onDisconnect: (reason) => void (process.isAlive && onDisconnect(reason)) }),
  });
  const forget = process.onEnd(() => connection.cut());
  return {
    get connected() {
      return connection.connected;
    },
    publish: (message) => process.call(`mqtt ${message.topic}`, () => connection.publish(message)),
    subscribe: (filters) => connection.subscribe(filters),
    cut: () => connection.cut(),
    reconnect: () => connection.reconnect(),
    close() {
      forget();
      return connection.close();
    },
  };
}
