import { join } from 'node:path';
import { type Keys, openKeys } from '../../gateway/live/keys.ts';
import { accessTokens } from '../../gateway/oauth/access-token.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Http } from '../../shared/ports/http.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { fleet } from '../../simulator/fleet/fleet.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { startChild } from './child.ts';
import { benchFleet } from './fleet.ts';
import type { GatewayArgument, GatewayReady } from './gateway-child.ts';
import { median, round } from './numbers.ts';

export interface ApiIotReport {
  /** Configure commands a second: by HTTP, over MQTT to the vehicle and back, answered with the vehicle's confirmation. */
  readonly commandsPerSecond: number;
}

const rounds = 4;
const underWay = 128;

/** The API IoT and its broker in one process, vehicles and callers in this one. Each vehicle takes one command a round. */
export async function measureApiIot(folder: string, vehicles: number): Promise<ApiIotReport> {
  const data = join(folder, 'api-iot-alone');
  const argument: GatewayArgument = { data, roles: ['api-iot', 'broker'] };
  const child = await startChild<GatewayReady>('gateway-child', argument);
  try {
    const keys = await openKeys(data);
    const { provisioner } = clientsOf(keys, child.ready);
    const caller = callerOf(keys, child.ready.apiIot);
    const specs = benchFleet(vehicles);
    for (let from = 0; from < specs.length; from += 1_000) {
      const page = specs.slice(from, from + 1_000).map(({ vin, model, password }) => ({
        vin,
        model: model.id,
        credentialDigest: systemSecrets.digest(password),
      }));
      const answer = await provisioner.send('POST', '/provisioning/vehicles', { vehicles: page });
      if (answer.status >= 300) throw new Error(`provisioning answered ${answer.status}`);
    }
    const link = mqttLink({ url: child.ready.mqttUrl, log: silentLog });
    const deps = { link, clock: wallClock, random: systemRandom, log: silentLog };
    const cars = fleet(deps, specs, { telemetryMs: 60_000, applyMs: 5 });
    await cars.start();
    try {
      const vins = specs.map(({ vin }) => vin);
      const rates: number[] = [];
      for (let index = 0; index <= rounds; index += 1) rates.push(await commandAll(caller, vins, index));
      // The first round warms up.
      return { commandsPerSecond: round(median(rates.slice(1))) };
    } finally {
      await cars.stop();
    }
  } finally {
    await child.stop();
  }
}

interface Caller {
  readonly http: Http;
  readonly origin: string;
  readonly tokens: ReturnType<typeof accessTokens>;
}

/** A developer of the API IoT over sockets. */
function callerOf(keys: Keys, origin: string): Caller {
  const { http } = liveHttp({ clock: wallClock, timeoutMs: 30_000 });
  const credentials = { clientId: 'developer', clientSecret: keys.developerSecret, scope: '' };
  const tokenUrl = `${origin}/oauth/token`;
  return {
    http,
    origin,
    tokens: accessTokens({ http, clock: wallClock, credentials: { ...credentials, tokenUrl } }),
  };
}

async function configure({ http, origin, tokens }: Caller, vin: string, index: number): Promise<void> {
  const target = index % 2 === 0 ? 'active' : 'dormant';
  const headers = {
    authorization: `Bearer ${await tokens.get()}`,
    'content-type': 'application/json',
    'idempotency-key': `${vin}-${index}`,
    prefer: 'wait=10',
  };
  const body = JSON.stringify({
    reference: `bench-${index}`,
    features: [{ feature: 'heated_seats', target }],
  });
  const response = await http(
    new Request(`${origin}/vehicle/${vin}/configure`, { method: 'POST', headers, body }),
  );
  const text = await response.text();
  if (response.status !== 200) throw new Error(`a command was answered ${response.status}: ${text}`);
}

async function commandAll(caller: Caller, vins: readonly string[], index: number): Promise<number> {
  const startedAt = performance.now();
  const rest = vins.values();
  const one = async () => {
    for (const vin of rest) await configure(caller, vin, index);
  };
  await Promise.all(Array.from({ length: underWay }, one));
  return (1_000 * vins.length) / (performance.now() - startedAt);
}
