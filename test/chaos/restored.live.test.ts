import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';

import { silentLog } from '../../shared/ports/log.ts';
import { type Fleet, fleet } from '../../simulator/fleet/fleet.ts';
import { makeFleet } from '../../simulator/fleet/make-fleet.ts';
import { type Clients, clientsOf } from '../../simulator/live/clients.ts';
import { startStandIns } from '../../simulator/live/stand-ins.ts';
import { shippedModels } from '../../simulator/models/models-folder.ts';
import { register } from '../../simulator/run/registration.ts';
import { modelName } from '../../simulator/vehicle/models.ts';
import { buildWhenOutdated } from '../e2e/build.ts';
import { fleetwake } from '../e2e/command.ts';
import { onceThereIsAPlace } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { gatewayProcess } from './gateway-process.ts';
import { freshConfig } from './run.ts';

beforeAll(buildWhenOutdated, 300_000);

/** Of a month each; sport mode is charged at once. */
const prices = {
  'heated-seats': 1490,
  'adaptive-cruise': 2990,
  'range-boost': 4990,
  'ambient-light': 590,
  'remote-start': 790,
  'sport-mode': 9900,
} as const;
type Service = keyof typeof prices;

interface Bought {
  readonly id: string;
  readonly vin: string;
  readonly serviceId: Service;
  readonly activation: { readonly id: string };
}

interface Reconciled {
  readonly payments: readonly {
    readonly difference: string | null;
    readonly payment: { readonly activationId: string };
    readonly left: string | null;
  }[];
  readonly left: number;
}

const customers = Array.from({ length: 5 }, (_, index) => ({
  id: `customer-${index + 1}`,
  name: `Customer ${index + 1}`,
  email: `customer-${index + 1}@example.com`,
  language: 'en',
}));

const specs = makeFleet({
  first: 1,
  count: customers.length,
  random: systemRandom,
  models: shippedModels().filter(({ id }) => id === 'aurora-2026'),
  newPassword: () => systemSecrets.newToken(),
});

async function registerAll(clients: Clients): Promise<void> {
  const vehicles = specs.map(({ vin, model, password }, index) => ({
    vin,
    model: model.id,
    modelName: modelName(model.id),
    customerId: customers[index]?.id ?? '',
    credentialDigest: systemSecrets.digest(password),
  }));
  await register({ ...clients, clock: wallClock }, { customers, vehicles });
}

/** A customer and an operator of one gateway. */
function usersOf({ platform }: Clients) {
  const phaseOf = async ({ activation }: Bought) =>
    ((await platform.get(`/activations/${activation.id}`)).body as { phase: string }).phase;
  return {
    async buy(vehicle: number, serviceId: Service): Promise<Bought> {
      const vin = specs[vehicle]?.vin ?? '';
      const duration = { unit: 'months', count: 1 };
      const body = { vin, serviceId, duration, customerId: customers[vehicle]?.id };
      const answer = await onceThereIsAPlace(() =>
        platform.send('POST', '/purchases', { ...body, paymentMethod: 'pm_card_visa' }),
      );
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return { ...(answer.body as Bought), vin, serviceId };
    },
    async cancel({ id }: Bought) {
      const answer = await platform.send('POST', `/purchases/${id}/cancel`);
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    },
    phasesOf: (all: readonly Bought[]) => Promise.all(all.map(phaseOf)),
    reach: (phase: string, all: readonly Bought[]) =>
      until(
        async () => (await Promise.all(all.map(phaseOf))).every((one) => one === phase),
        `each is ${phase}`,
      ),
    /** What the platform says that customers own, `VIN service`. */
    async owned(): Promise<string[]> {
      const all = await Promise.all(
        specs.map(async ({ vin }) => {
          const { services } = (await platform.get(`/vehicles/${vin}`)).body as {
            services: { serviceId: string; status: string }[];
          };
          return services
            .filter(({ status }) => status === 'active')
            .map(({ serviceId }) => `${vin} ${serviceId}`);
        }),
      );
      return all.flat().toSorted();
    },
    /** Activations that switched something off. */
    async switchedOff(): Promise<string[]> {
      const { activations } = (await platform.get('/activations?limit=100')).body as {
        activations: { id: string; kind: string }[];
      };
      return activations.filter(({ kind }) => kind !== 'activation').map(({ id }) => id);
    },
  };
}

const activeIn = (fleets: readonly Fleet[]) =>
  fleets
    .flatMap((one) => one.states())
    .flatMap(({ vin, features }) =>
      features
        .filter(({ feature, state }) => state === 'active' && feature.replaceAll('_', '-') in prices)
        .map(({ feature }) => `${vin} ${feature.replaceAll('_', '-')}`),
    )
    .toSorted();

test(
  'a backup under purchases, more purchases, a cancellation and a refund, kill -9, restore, reconcile-payments, resume: each customer is charged exactly for what is active',
  () =>
    withTemporaryFolder(async (folder) => {
      const fresh = await freshConfig(folder);
      const keys = await openKeys(fresh.data);
      const standIns = await startStandIns({
        dataFolder: folder,
        paymentsKey: keys.paymentsKey,
        vapidPublicKey: (JSON.parse(keys.vapidKeys) as { publicKey: string }).publicKey,
        log: silentLog,
        ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
      });
      const config = {
        ...fresh,
        paymentsUrl: standIns.paymentsUrl,
        smtpUrl: standIns.smtpUrl,
        pushPrivate: 'yes' as const,
      };
      const parts: { stop(): Promise<unknown> }[] = [standIns];
      try {
        const first = await gatewayProcess(config);
        parts.push(first);
        const origins = { platform: first.started.platform ?? '', apiIot: first.started.apiIot };
        const clients = clientsOf(keys, origins);
        const users = usersOf(clients);
        await registerAll(clients);
        const link = mqttLink({ url: first.started.mqtt ?? '', log: silentLog });
        const vehicles = (some: typeof specs) => {
          const cars = fleet({ link, clock: wallClock, random: systemRandom, log: silentLog }, some, {
            applyMs: 20,
            telemetryMs: 500,
          });
          parts.push(cars);
          return cars;
        };
        const cars = vehicles(specs.slice(0, 4));
        await cars.start();

        // The last vehicle is away: one command is under way, the other purchases wait behind it.
        const underWay = await users.buy(4, 'heated-seats');
        await users.reach('waiting_response', [underWay]);
        const delivered = await users.buy(4, 'remote-start');
        const voided = await users.buy(4, 'ambient-light');
        const refunded = await users.buy(4, 'sport-mode');
        const before = await users.buy(0, 'heated-seats');
        await users.reach('active', [before]);

        // Customers buy until the backup is there.
        const during: Bought[] = [];
        let isSaved: boolean = false;
        const buying = (async () => {
          for (const serviceId of Object.keys(prices) as Service[])
            for (const vehicle of [1, 2]) if (!isSaved) during.push(await users.buy(vehicle, serviceId));
        })();
        await until(() => during.length > 0, 'a first purchase');
        const backup = join(folder, 'backup');
        const made = await fleetwake(folder, ['backup', backup, '--data', config.data]);
        expect([made.exitCode, made.stderr]).toEqual([0, '']);
        isSaved = true;
        await buying;

        const after = [await users.buy(3, 'range-boost'), await users.buy(3, 'adaptive-cruise')];
        await users.cancel(voided);
        await users.cancel(refunded);
        await users.reach('cancelled', [voided, refunded]);
        const late = vehicles(specs.slice(4));
        await late.start();
        const kept = [before, underWay, delivered, ...during, ...after];
        await users.reach('active', kept);
        const isCaptured = async () =>
          (await Promise.all(kept.map(({ activation }) => standIns.ledger.net(activation.id)))).every(
            ({ netMinor }, index) => netMinor === prices[kept[index]?.serviceId ?? 'heated-seats'],
          );
        await until(isCaptured, 'each is charged');
        const expected: string[] = kept.map(({ vin, serviceId }) => `${vin} ${serviceId}`);
        expected.sort((a, b) => (a < b ? -1 : 1));
        expect(activeIn([cars, late])).toEqual(expected);
        const entriesBefore = await standIns.ledger.allEntries();
        await first.kill();

        const data = join(folder, 'restored');
        const put = await fleetwake(folder, ['restore', backup, '--data', data]);
        expect([put.exitCode, put.stderr]).toEqual([0, '']);
        const second = await gatewayProcess({ ...config, data });
        parts.push(second);
        const call = ['--platform-url', origins.platform, '--data', data];
        const reconcile = async (...flags: string[]) => {
          let ended = await fleetwake(folder, ['reconcile-payments', '--json', ...flags, ...call]);
          await until(async () => {
            if (ended.exitCode !== 3) return true;
            ended = await fleetwake(folder, ['reconcile-payments', '--json', ...flags, ...call]);
            return false;
          }, 'the comparison ends');
          return { ...ended, body: JSON.parse(ended.stdout || 'null') as Reconciled | null };
        };
        const listed = await reconcile();
        const differs = (listed.body?.payments ?? [])
          .filter(({ difference }) => difference !== null)
          .map(({ difference, payment }) => [payment.activationId, difference]);
        expect([listed.exitCode, listed.stderr]).toEqual([1, '']);
        expect(differs).toEqual(
          expect.arrayContaining([
            [voided.activation.id, 'reversed_there'],
            [refunded.activation.id, 'reversed_there'],
            [delivered.activation.id, 'captured_there'],
            [underWay.activation.id, 'captured_there'],
          ]),
        );
        const unknown = (listed.body?.payments ?? []).filter(({ difference }) => difference === null);
        const unknownIds = unknown.map(({ payment }) => payment.activationId);
        expect(unknownIds).toEqual(expect.arrayContaining(after.map(({ activation }) => activation.id)));
        // Nothing is worked on before the decisions.
        expect(await standIns.ledger.allEntries()).toEqual(entriesBefore);

        const applied = await reconcile('--apply', '--as', 'olga');
        expect(applied.body?.payments.filter(({ left }) => left !== null)).toEqual([]);
        expect([applied.exitCode, applied.stderr]).toEqual([0, '']);
        expect((await reconcile()).exitCode).toBe(0);
        const resumed = await fleetwake(folder, ['restore', 'resume', ...call]);
        expect([resumed.exitCode, resumed.stderr]).toEqual([0, '']);

        await users.reach('active', kept);
        await users.reach('cancelled', [voided, refunded]);
        await until(async () => {
          const { settlements } = (await clients.platform.get('/settlements?status=unsettled')).body as {
            settlements: unknown[];
          };
          const open = await Promise.all(
            [...kept, voided, refunded].map(
              async ({ activation }) =>
                (
                  (await clients.platform.get(`/activations/${activation.id}`)).body as {
                    settlement: { dueAt: number | null };
                  }
                ).settlement.dueAt,
            ),
          );
          return settlements.length === 0 && open.every((dueAt) => dueAt === null);
        }, 'no payment step is open');
        // The payment service has moved no money since: what is active was charged once, the rest is back.
        expect(await standIns.ledger.allEntries()).toEqual(entriesBefore);
        const nets = await standIns.ledger.nets();
        expect(kept.map(({ activation }) => nets.get(activation.id)?.netMinor)).toEqual(
          kept.map(({ serviceId }) => prices[serviceId]),
        );
        expect([voided, refunded].map(({ activation }) => nets.get(activation.id)?.netMinor)).toEqual([0, 0]);
        expect(await users.owned()).toEqual(expected);
        expect(activeIn([cars, late])).toEqual(expected);
        expect(await users.switchedOff()).toEqual([]);
      } finally {
        for (const part of parts.reverse()) await part.stop();
      }
    }),
  600_000,
);
