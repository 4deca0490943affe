import { standardSettings } from '../../../gateway/engine/engine.ts';
import { standardDispatch } from '../../../gateway/notifications/delivery.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { virtualStorage } from '../../../shared/virtual/database.ts';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { makeFleet } from '../../../simulator/fleet/make-fleet.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';
import { type ApiClient, apiClient } from '../../../simulator/run/api-client.ts';
import { register } from '../../../simulator/run/registration.ts';
import { modelName } from '../../../simulator/vehicle/models.ts';
import { origins, testSecrets, virtualTimeBeginsAt } from '../../../simulator/virtual-system/settings.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';
import { closeStores, openStores } from '../../../simulator/virtual-system/stores.ts';
import { virtualSystem } from '../../../simulator/virtual-system/virtual-system.ts';

export const hourMs = 3_600_000;

export interface RestoredSystem {
  readonly vins: readonly string[];
  readonly shop: ApiClient;
  readonly operator: ApiClient;
  readonly log: { readonly event: string; readonly fields: unknown }[];
  readonly ledger: ReturnType<typeof virtualSystem>['ledger'];
  /** Posts a form to the payment service. */
  payments(path: string, form?: Readonly<Record<string, string>>): Promise<Record<string, unknown>>;
  /** As the payment service itself: posts a body to the platform. */
  post(path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Response>;
  now(): number;
  /** What the vehicles have on, `VIN feature`, apart from the base platform. */
  activeFeatures(): string[];
  /** Lets so much virtual time pass. */
  pass(ms: number): Promise<void>;
  /** The platform's database as it is now, as a backup keeps it. */
  backUp(): Buffer;
  /** Kills the platform, puts the backup in place of its database and starts it again. */
  restore(backup: Buffer): Promise<void>;
  /** Kills the platform and starts it again. */
  restart(): Promise<void>;
  /** From now on the payment service answers, or does not. */
  setPaymentsAway(isAway: boolean): void;
}

/** A whole system in virtual time with three vehicles, whose platform database can be replaced by a backup. */
export async function withRestoredSystem(run: (system: RestoredSystem) => Promise<void>): Promise<void> {
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt });
  const random = seededRandom(7);
  const stores = { ...(await openStores(loop.process('setup'))) };
  const log: { event: string; fields: unknown }[] = [];
  const note = (event: string, fields?: unknown) => log.push({ event, fields });
  let isAway = false;
  const system = virtualSystem({
    loop,
    random,
    stores,
    latencyMs: () => 5,
    platform: {
      catalogue: shippedCatalogue(),
      engine: standardSettings,
      dispatch: standardDispatch,
      reconcileMs: hourMs,
      slaPollMs: 60_000,
    },
    apiIot: { commandTimeoutMs: 300_000, quotaPerHour: 10, quotaWindowMs: hourMs },
    logOf: (process) =>
      process.name === 'platform'
        ? { info() {}, warn() {}, error: note }
        : { info() {}, warn() {}, error() {} },
  });
  system.network.front(
    origins.payments,
    (http) => (request) => (isAway ? Promise.resolve(new Response('{}', { status: 503 })) : http(request)),
  );
  const clientOf = (name: 'shop' | 'operator' | 'developer'): ApiClient =>
    apiClient({
      ...system.portsOf(loop.process(`client_${name}`)),
      origin: origins.platform,
      clientId: name,
      clientSecret: testSecrets.platform[name],
    });
  const pass = async (ms: number) => {
    await loop.run(loop.now() + ms);
  };
  /** Lets time pass until the promise is settled. */
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    let isOver: boolean = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    await loop.run(() => isOver);
    return work;
  };
  const driven = (client: ApiClient): ApiClient => ({
    get: (path) => settled(client.get(path)),
    send: (...request) => settled(client.send(...request)),
  });
  const specs = makeFleet({
    first: 1,
    count: 3,
    random,
    models: shippedModels().filter(({ id }) => id === 'aurora-2026'),
    newPassword: () => 'password-of-a-test-vehicle',
  });
  const cars = system.fleetOf(specs, (link) => link, { telemetryMs: hourMs, keepAliveSeconds: 60 });
  const comeBack = async (downMs: number) => {
    await loop.run(() => !system.gateway.isComingBack());
    await pass(downMs);
  };
  try {
    await settled(system.gateway.start('api_iot').then(() => system.gateway.start('platform')));
    const { secrets } = system.portsOf(loop.process('setup'));
    const customers = specs.map((_, index) => ({
      id: `customer-${index + 1}`,
      name: `Customer ${index + 1}`,
      email: `customer-${index + 1}@example.com`,
      language: 'en',
    }));
    const vehicles = specs.map(({ vin, model, password }, index) => ({
      vin,
      model: model.id,
      modelName: modelName(model.id),
      customerId: `customer-${index + 1}`,
      credentialDigest: secrets.digest(password),
    }));
    const provisioner = apiClient({
      ...system.portsOf(loop.process('client_provisioner')),
      origin: origins.apiIot,
      clientId: 'provisioner',
      clientSecret: testSecrets.provisioner,
    });
    const platform = clientOf('shop');
    await settled(register({ platform, provisioner, clock: system.clock }, { customers, vehicles }));
    await settled(cars.start());
    await run({
      vins: specs.map(({ vin }) => vin),
      shop: driven(platform),
      operator: driven(clientOf('operator')),
      log,
      ledger: system.ledger,
      now: () => loop.now(),
      async payments(path, form = {}) {
        const request = new Request(`${origins.payments}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${testSecrets.payments}` },
          body: new URLSearchParams(form).toString(),
        });
        const { http } = system.portsOf(loop.process('bank'));
        return (await (await settled(http(request))).json()) as Record<string, unknown>;
      },
      post(path, body, headers) {
        const { http } = system.portsOf(loop.process('bank'));
        return settled(http(new Request(`${origins.platform}${path}`, { method: 'POST', headers, body })));
      },
      activeFeatures: () =>
        cars
          .states()
          .flatMap(({ vin, features }) =>
            features.filter(({ state }) => state === 'active').map(({ feature }) => `${vin} ${feature}`),
          ),
      pass,
      backUp: () => stores.platform.serialize(),
      async restore(backup) {
        system.gateway.crash('platform', 1_000);
        stores.platform = virtualStorage<PlatformSchema>(backup);
        await comeBack(5_000);
      },
      async restart() {
        system.gateway.crash('platform', 1_000);
        await comeBack(5_000);
      },
      setPaymentsAway(value) {
        isAway = value;
      },
    });
  } finally {
    loop.killAll();
    closeStores(stores);
  }
}
