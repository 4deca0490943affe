import { embeddedBroker } from '../../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { mqttLink } from '../../../shared/live/mqtt-link.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { DeviceLink } from '../../../shared/ports/device-link.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import type {
  CommandResult,
  FeatureTarget,
  VehicleStatus,
} from '../../../shared/protocol/device-messages.ts';
import { fleetFilters, parseTopic, topics } from '../../../shared/protocol/topics.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import { virtualBroker } from '../../../shared/virtual/device-link.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { standingFault, vehicleFaultRecordSchema } from '../../../simulator/faults/fault.ts';
import { type Fleet, fleet } from '../../../simulator/fleet/fleet.ts';
import type { ObserveFleet } from '../../../simulator/fleet/fleet-events.ts';
import type { FleetOptions } from '../../../simulator/fleet/options.ts';
import type { VehicleModel } from '../../../simulator/vehicle/models.ts';
import { pacedLoop } from '../../helpers/paced-loop.ts';
import { until } from '../../helpers/until.ts';
import { modelOf } from '../../helpers/vehicle-model.ts';

interface Parts {
  readonly clock: Clock;
  readonly vehicles: DeviceLink;
  readonly service: DeviceLink;
  readonly account: { readonly username: string; readonly password: string };
  readonly password: string;
  stop(): Promise<void>;
}

/** The environments in which every fault must have the same effect. */
export const worlds: Readonly<Record<'live' | 'virtual', () => Promise<Parts>>> = {
  /** Sockets between vehicle and broker. */
  async live() {
    const account = { username: 'api-iot', password: 'service-secret' };
    const password = systemSecrets.newToken();
    const digest = systemSecrets.digest(password);
    const broker = embeddedBroker({
      clock: wallClock,
      secrets: systemSecrets,
      log: silentLog,
      lookUp: async () => digest,
      serviceCredential: account,
      port: 0,
    });
    await broker.start();
    const vehicles = mqttLink({ url: `mqtt://127.0.0.1:${broker.port}`, log: silentLog });
    return { clock: wallClock, vehicles, service: broker.link, account, password, stop: () => broker.stop() };
  },
  async virtual() {
    const paced = pacedLoop();
    const broker = virtualBroker({ loop: paced.loop, random: seededRandom(1), latencyMs: () => 1 });
    return {
      clock: paced.loop.clock('vehicles'),
      vehicles: broker.connect(paced.loop.process('vehicles')),
      service: broker.connect(paced.loop.process('api')),
      account: { username: 'api-iot', password: 'anything' },
      password: 'anything',
      stop: () => paced.stop(),
    };
  },
};

interface Heard {
  readonly at: number;
  readonly channel: string;
  readonly payload: string;
}

export interface FaultWorld {
  readonly vin: string;
  readonly cars: Fleet;
  readonly clock: Clock;
  /** What the API IoT got, oldest first. */
  readonly heard: readonly Heard[];
  /** Adds a fault as `fleetwake fault add` takes it; returns its id. */
  add(fault: object): string;
  remove(id: string): void;
  /** A command for `heated_seats`, active unless told otherwise. */
  send(id: string, version: number, more?: Partial<FeatureTarget>): Promise<void>;
  sendAll(id: string, features: readonly FeatureTarget[]): Promise<void>;
  /** `cmd_1 applied`: the outcome of each feature, or what it was instead of JSON. */
  results(): string[];
  /** `on`, `on, active` when heated seats are, `off`. */
  statuses(): string[];
  /** What came last as the vehicle's result, with how long it took from the vehicle's clock to here. */
  lastResult(): CommandResult & { readonly tookMs: number };
}

/** One connected vehicle and an API IoT; everything is stopped afterwards. */
export async function withFaultWorld(
  open: () => Promise<Parts>,
  work: (world: FaultWorld) => Promise<void>,
  keepAliveSeconds = 60,
  observe?: ObserveFleet,
  { model = modelOf('aurora-2026'), ...more }: Partial<FleetOptions> & { readonly model?: VehicleModel } = {},
): Promise<void> {
  const parts = await open();
  const { clock } = parts;
  const vin = makeVin(model.vinPrefix, model.vinPlant, 100_001);
  const heard: Heard[] = [];
  const service = parts.service.open({
    clientId: 'api-iot',
    ...parts.account,
    cleanSession: false,
    keepAliveSeconds: 60,
    onMessage: ({ topic, payload }) => {
      heard.push({ at: clock.now(), channel: parseTopic(topic)?.channel ?? topic, payload });
    },
  });
  await until(() => service.connected, 'the API IoT is connected');
  await service.subscribe([...fleetFilters]);
  const place = { region: 'DE', latitude: 52.52, longitude: 13.405, chargePercent: 80 };
  const { password } = parts;
  const cars = fleet(
    {
      ...{ link: parts.vehicles, clock, random: seededRandom(11), log: silentLog },
      ...(observe ? { observe } : {}),
    },
    [{ vin, model, ...place, password, connectivity: 'steady', faults: [] }],
    { applyMs: 5, bootMs: 20, telemetryMs: 3_600_000, redialMs: 20, keepAliveSeconds, ...more },
  );
  await cars.start();
  const of = (channel: string) => heard.filter((message) => message.channel === channel);
  let added = 0;
  const sendAll = async (id: string, features: readonly FeatureTarget[]) => {
    const now = clock.now();
    const command = { id, vin, features, sentAt: now, expiresAt: now + 60_000 };
    const topic = topics.configure(vin);
    await service.publish({ topic, payload: JSON.stringify(command), qos: 1, retain: false });
  };
  try {
    await until(() => of('status').length === 1, 'it is online');
    await work({
      vin,
      cars,
      clock,
      heard,
      add(fault) {
        added += 1;
        const record = vehicleFaultRecordSchema.parse({ name: 'test', ...fault });
        cars.faults(vin).add(`fault ${added}`, standingFault(record));
        return `fault ${added}`;
      },
      remove: (id) => cars.faults(vin).remove(id),
      send: (id, version, more) =>
        sendAll(id, [{ feature: 'heated_seats', target: 'active', version, ...more }]),
      sendAll,
      results: () => of('result').map(({ payload }) => resultText(payload)),
      statuses: () => of('status').map(({ payload }) => statusText(payload)),
      lastResult() {
        const last = of('result').at(-1);
        const result = JSON.parse(last?.payload ?? '') as CommandResult;
        return { ...result, tookMs: (last?.at ?? 0) - result.clock };
      },
    });
  } finally {
    await cars.stop();
    await service.close();
    await parts.stop();
  }
}

function resultText(payload: string): string {
  try {
    const { commandId, results } = JSON.parse(payload) as CommandResult;
    const outcomes = results.map(({ outcome, reason }) => (reason ? `${outcome} (${reason})` : outcome));
    return `${commandId} ${outcomes.join(', ')}`;
  } catch {
    return 'no JSON';
  }
}

function statusText(payload: string): string {
  const { online, features = [] } = JSON.parse(payload) as VehicleStatus;
  const isActive = features.some(({ feature, state }) => feature === 'heated_seats' && state === 'active');
  return `${online ? 'on' : 'off'}${isActive ? ', active' : ''}`;
}
