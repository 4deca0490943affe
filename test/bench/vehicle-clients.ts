import { connect } from 'mqtt';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { fleet } from '../../simulator/fleet/fleet.ts';
import type { VehicleSpec } from '../../simulator/fleet/make-fleet.ts';
import { benchFleet } from './fleet.ts';

export type ClientKind = 'product' | 'bare';

/** Sent to the parent once all are connected. */
export interface ReadyMessage {
  readonly kbEach: number;
  readonly connectMs: number;
}

/** Resident memory in KB after everything that can be freed was. */
function settledKb(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024;
}

async function connectProduct(url: string, specs: readonly VehicleSpec[]): Promise<void> {
  const running = fleet(
    { link: mqttLink({ url, log: silentLog }), clock: wallClock, random: systemRandom, log: silentLog },
    specs,
  );
  await running.start();
  const away = running.states().filter((state) => !state.connected).length;
  if (away > 0) throw new Error(`${away} vehicles are not connected`);
}

/** What a vehicle is on the wire and nothing else: a session, a will, a subscription. Fifty at a time, as the fleet does. */
async function connectBare(url: string, specs: readonly VehicleSpec[]): Promise<void> {
  const rest = specs.values();
  const worker = async () => {
    for (const { vin, password } of rest) {
      const client = connect(url, {
        protocolVersion: 4,
        clientId: `vehicle-${vin}`,
        username: vin,
        password,
        clean: false,
        keepalive: 60,
        will: { topic: topics.status(vin), payload: Buffer.from('{}'), qos: 1, retain: true },
      });
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve());
        client.once('error', reject);
      });
      await client.subscribeAsync(`vehicles/${vin}/cmd/#`, { qos: 1 });
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
}

if (process.send) {
  process.once('disconnect', () => process.exit());
  const [kind = 'product', url = '', count = '0'] = process.argv.slice(2);
  const specs = benchFleet(Number(count));
  const beforeKb = settledKb();
  const startedAt = wallClock.now();
  await (kind === 'product' ? connectProduct(url, specs) : connectBare(url, specs));
  const connectMs = wallClock.now() - startedAt;
  const ready: ReadyMessage = { kbEach: (settledKb() - beforeKb) / specs.length, connectMs };
  process.send(ready);
}
