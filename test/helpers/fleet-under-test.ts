import { type EmbeddedBroker, embeddedBroker } from '../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { LinkConnection, LinkMessage } from '../../shared/ports/device-link.ts';
import { silentLog } from '../../shared/ports/log.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { CommandResult, ConfigureCommand } from '../../shared/protocol/device-messages.ts';
import { fleetFilters, topics } from '../../shared/protocol/topics.ts';
import type { ConnectivityProfile } from '../../simulator/fleet/connectivity.ts';
import { type Fleet, fleet } from '../../simulator/fleet/fleet.ts';
import { makeFleet, type VehicleSpec } from '../../simulator/fleet/make-fleet.ts';
import type { FleetOptions } from '../../simulator/fleet/options.ts';
import type { VehicleFault } from '../../simulator/fleet/vehicle-faults.ts';
import { shippedModels } from '../../simulator/models/models-folder.ts';
import { until } from './until.ts';

/** Chance that repeats: a 32-bit generator (Marsaglia's xorshift), streams seeded by name. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return {
    fraction() {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    },
    stream(name) {
      let hash = seed | 0;
      for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
      const stream = seededRandom(hash);
      for (let index = 0; index < 8; index += 1) stream.fraction();
      return stream;
    },
  };
}

export interface FleetUnderTest {
  readonly broker: EmbeddedBroker;
  readonly fleet: Fleet;
  readonly specs: readonly VehicleSpec[];
  /** What the API IoT got, newest last. */
  readonly heard: LinkMessage[];
  readonly service: LinkConnection;
  send(spec: VehicleSpec, command: Partial<ConfigureCommand> & Pick<ConfigureCommand, 'id'>): Promise<void>;
  resultsOf(spec: VehicleSpec): CommandResult[];
  statusesOf(spec: VehicleSpec): boolean[];
}

/** A fleet on an embedded broker without sockets, and a connection of the API IoT. */
export async function withFleet(
  options: {
    count?: number;
    faults?: readonly VehicleFault[];
    model?: string;
    connectivity?: ConnectivityProfile;
    fleet?: Partial<FleetOptions>;
  },
  work: (under: FleetUnderTest) => Promise<void>,
): Promise<void> {
  const models = shippedModels().filter((model) => model.id === (options.model ?? 'aurora-2026'));
  const specs = makeFleet({
    first: 1,
    count: options.count ?? 1,
    random: seededRandom(7),
    models,
    newPassword: () => systemSecrets.newToken(),
    connectivity: options.connectivity ?? 'steady',
  }).map((spec) => ({ ...spec, faults: options.faults ?? [] }));
  const digests = new Map(specs.map((spec) => [spec.vin, systemSecrets.digest(spec.password)]));
  const account = { username: 'api-iot', password: 'service-secret' };
  const broker = embeddedBroker({
    clock: wallClock,
    secrets: systemSecrets,
    log: silentLog,
    lookUp: async (vin) => digests.get(vin) ?? null,
    serviceCredential: account,
    port: 0,
  });
  await broker.start();
  const heard: LinkMessage[] = [];
  const service = broker.link.open({
    clientId: 'api-iot',
    ...account,
    cleanSession: false,
    keepAliveSeconds: 60,
    onMessage: (message) => void heard.push(message),
  });
  await until(() => service.connected, 'the API IoT is connected');
  await service.subscribe(fleetFilters);
  const running = fleet(
    { link: broker.link, clock: wallClock, random: seededRandom(11), log: silentLog },
    specs,
    { applyMs: 5, bootMs: 20, telemetryMs: 60_000, ...options.fleet },
  );
  const payloads = <T>(topic: string) =>
    heard.filter((message) => message.topic === topic).map((message): T => JSON.parse(message.payload));
  try {
    await work({
      broker,
      fleet: running,
      specs,
      heard,
      service,
      async send(spec, command) {
        const full = {
          vin: spec.vin,
          features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
          sentAt: wallClock.now(),
          expiresAt: wallClock.now() + 60_000,
          ...command,
        };
        const payload = JSON.stringify(full);
        await service.publish({ topic: topics.configure(spec.vin), payload, qos: 1, retain: false });
      },
      resultsOf: (spec) => payloads<CommandResult>(topics.result(spec.vin)),
      statusesOf: (spec) =>
        payloads<{ online: boolean }>(topics.status(spec.vin)).map((status) => status.online),
    });
  } finally {
    await running.stop();
    await service.close();
    await broker.stop();
  }
}

export function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('the list is empty');
  return item;
}
