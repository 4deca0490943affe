import { newActivation } from '../../gateway/activation/activation.ts';
import { type RetryPolicy, standardPolicy } from '../../gateway/activation/policy.ts';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { endOf } from '../../gateway/catalogue/duration.ts';
import type { Duration } from '../../gateway/catalogue/service.ts';
import type { ConfigureAnswer } from '../../gateway/engine/configure-call.ts';
import {
  activationEngine,
  type Engine,
  type EngineDeps,
  standardSettings,
} from '../../gateway/engine/engine.ts';
import type { VehicleApi } from '../../gateway/engine/vehicle-api.ts';
import { insertActivation, loadActivation } from '../../gateway/store/activations.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { memoryBus } from '../../shared/memory/bus.ts';
import type { Database } from '../../shared/ports/database.ts';
import { silentLog } from '../../shared/ports/log.ts';
import type { PaymentAnswer, Payments } from '../../shared/ports/payments.ts';
import type { CommandResource, CommandState } from '../../shared/protocol/api-iot.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

export const vin = '11111111111111111';
export const commandTimeoutMs = 300_000;
/** Default payment method of the tests. */
export const payment = {
  capture: 'on_delivery',
  amountMinor: 4_990,
  currency: 'EUR',
  method: 'pm_card_visa',
} as const;

/** The other services: they survive a crash of the engine. */
export interface Outside {
  readonly clock: ManualClock;
  readonly database: Database<PlatformSchema>;
  readonly vehicle: FakeVehicle;
  readonly payments: FakePayments;
  readonly tickets: string[];
  readonly notes: string[];
  readonly notices: string[];
}

export async function withOutside(run: (outside: Outside) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const database = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(database);
  const outside: Outside = {
    clock,
    database,
    vehicle: fakeVehicle(clock),
    payments: fakePayments(clock),
    tickets: [],
    notes: [],
    notices: [],
  };
  await database.write(async (transaction) => {
    await transaction
      .insertInto('customers')
      .values({
        id: 'cus_1',
        name: 'Ada',
        email: 'ada@example.org',
        language: 'en',
        push_subscription: null,
        created_at: 0,
      })
      .execute();
    await transaction
      .insertInto('vehicles')
      .values({ vin, model: 'aurora-2026', model_name: 'Aurora', customer_id: 'cus_1', registered_at: 0 })
      .execute();
  });
  try {
    await run(outside);
  } finally {
    await database.close();
  }
}

export interface Order {
  readonly id: string;
  /** Registered with the first order for it. */
  readonly vin: string;
  readonly feature: string;
  readonly policy: RetryPolicy;
  readonly capture: 'on_delivery' | 'immediately';
  readonly duration: Duration;
}

export async function placeOrder(outside: Outside, order: Partial<Order> = {}): Promise<string> {
  const {
    id = 'act_1',
    vin: ordered = vin,
    feature = 'heated_seats',
    policy = standardPolicy,
    capture = 'on_delivery',
    duration = { unit: 'days', count: 30 },
  } = order;
  const at = outside.clock.now();
  const purchaseId = id.replace('act', 'pur');
  const activation = newActivation(
    { id, vin: ordered, serviceId: feature, feature, policy },
    { ...payment, capture },
    at,
  );
  await outside.database.write(async (transaction) => {
    await transaction
      .insertInto('vehicles')
      .values({
        vin: ordered,
        model: 'aurora-2026',
        model_name: 'Aurora',
        customer_id: 'cus_1',
        registered_at: 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await transaction
      .insertInto('purchases')
      .values({
        id: purchaseId,
        customer_id: 'cus_1',
        vin: ordered,
        service_id: feature,
        service_name: feature,
        feature,
        duration: JSON.stringify(duration),
        amount_minor: 4_990,
        currency: 'EUR',
        capture,
        pre_delivery: 0,
        activation_id: id,
        status: 'pending',
        created_at: at,
      })
      .execute();
    await insertActivation(transaction, activation, { purchaseId, parentId: null, priority: 0 });
  });
  return id;
}

/** Decides whether a port call of the engine's process still happens. Throws or hangs to play a crash. */
export type Gate = (call: string) => Promise<void>;
const open: Gate = async () => {};

/** A started engine process with the other services. */
export async function bootEngine(
  outside: Outside,
  gate: Gate = open,
  changes: Partial<EngineDeps> = {},
): Promise<Engine> {
  const engine = newEngine(outside, gate, changes);
  await engine.start();
  return engine;
}

/** One that is not started; `gate` is asked before and after every port call that leaves the process. */
export function newEngine(outside: Outside, gate: Gate = open, changes: Partial<EngineDeps> = {}): Engine {
  const { clock, vehicle, payments } = outside;
  const gated =
    <Arguments extends unknown[], Result>(name: string, call: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      await gate(`before ${name}`);
      const result = await call(...given);
      await gate(`after ${name}`);
      return result;
    };
  const database: Database<PlatformSchema> = {
    ...outside.database,
    write: gated('save', (work) => outside.database.write(work)) as Database<PlatformSchema>['write'],
  };
  return activationEngine({
    clock,
    database,
    bus: memoryBus({ clock, log: silentLog }),
    log: silentLog,
    ids: systemIds(),
    random: { fraction: () => 0, stream: () => ({}) as never },
    secrets: systemSecrets,
    // Hours of quiet pass in these tests; a sweep every few seconds would cost more than all the rest.
    settings: { ...standardSettings, sweepEveryMs: 60_000 },
    catalogue,
    modelOf: async () => 'aurora-2026',
    callbackUrl: null,
    reservedQuota: 2,
    onCommitted: () => {},
    vehicles: {
      configure: gated('configure', vehicle.api.configure),
      command: gated('command', vehicle.api.command),
      status: gated('status', vehicle.api.status),
      health: gated('health', vehicle.api.health),
      history: gated('history', vehicle.api.history),
    },
    payments: {
      authorise: gated('authorise', payments.port.authorise),
      capture: gated('capture', payments.port.capture),
      void: gated('void', payments.port.void),
      refund: gated('refund', payments.port.refund),
      retrieve: payments.port.retrieve,
    },
    openTicket: async (_, { activation }) => {
      outside.tickets.push(activation.id);
      return null;
    },
    resolveTicket: async () => {},
    noteOnTicket: async (_, id, text) => {
      outside.notes.push(`${id}: ${text}`);
    },
    insertNotices: async (_, { activation }, facts) => {
      const told = ['activation.active', 'activation.notifying_failure', 'activation.payment_confirmed'];
      for (const fact of facts)
        if (told.includes(fact.type)) outside.notices.push(`${activation.id} ${fact.type}`);
      return 0;
    },
    ...changes,
  });
}

const catalogue: Catalogue = {
  services: () => [],
  service: () => null,
  configuration: (serviceId, model) => ({
    serviceId,
    model,
    version: 1,
    parameters: { level: 3 },
    display: { receiving: 'Receiving configuration', applied: 'Feature enabled' },
  }),
  endOf: (duration, from, anchorAt) => endOf(duration, from, anchorAt),
};

export async function phaseOf(outside: Outside, id: string): Promise<string> {
  return (await loadActivation(outside.database.reader, id))?.activation.phase ?? 'missing';
}

export async function recordOf(outside: Outside, id: string): Promise<string[]> {
  const rows = await outside.database.reader
    .selectFrom('record')
    .select('type')
    .where('activation_id', '=', id)
    .orderBy('seq')
    .execute();
  return rows.map((row) => row.type);
}

/** What the vehicle and the API IoT do with attempt n: the state that the command ends in, or a refusal of the request. */
export type AttemptScript = CommandState | ConfigureAnswer | 'no_answer';

export interface FakeVehicle {
  readonly api: VehicleApi;
  /** By attempt, in order over all commands; the last one repeats. */
  script: AttemptScript[];
  online: boolean;
  supports: boolean;
  /** Feature states as the vehicle has them. */
  readonly features: Map<string, { state: 'active' | 'dormant'; version: number }>;
  /** Idempotency-Keys of the commands, in order, without repeats. */
  readonly commands: Map<string, CommandResource>;
  quotaRemaining: number;
  /** The answer to a configure is 200 with the ended command, if it has ended already. */
  confirmsAtOnce: boolean;
}

function fakeVehicle(clock: ManualClock): FakeVehicle {
  const commands = new Map<string, CommandResource>();
  const byId = new Map<string, string>();
  let versions = 0;
  const current = (key: string): CommandResource => {
    const command = commands.get(key);
    if (!command) throw new Error(`no command ${key}`);
    return command;
  };
  const vehicle: FakeVehicle = {
    script: ['applied'],
    online: true,
    supports: true,
    features: new Map(),
    commands,
    quotaRemaining: 10,
    confirmsAtOnce: false,
    api: {
      async configure(asked, request, { key }) {
        if (commands.has(key)) return { ok: true, value: current(key) };
        const step = vehicle.script.length > 1 ? vehicle.script.shift() : vehicle.script[0];
        if (step === undefined) throw new Error('the script is empty');
        if (typeof step === 'object') return step;
        versions += 1;
        const feature = request.features[0]?.feature ?? '';
        const target = request.features[0]?.target ?? 'active';
        const ends = step !== 'no_answer' && step !== 'accepted';
        const command: CommandResource = {
          id: `cmd_${versions}`,
          vin: asked,
          reference: request.reference,
          key,
          state: ends && step !== 'timed_out' ? step : 'accepted',
          features: [{ feature, target, version: versions }],
          acceptedAt: clock.now(),
          expiresAt: clock.now() + commandTimeoutMs,
          endedAt: ends ? clock.now() : null,
          results: null,
          late: false,
          clock: ends ? clock.now() : null,
        };
        commands.set(key, command);
        byId.set(command.id, key);
        if (step === 'applied') vehicle.features.set(feature, { state: target, version: versions });
        if (step === 'timed_out') {
          clock.setTimer(commandTimeoutMs, () =>
            commands.set(key, { ...command, state: 'timed_out', endedAt: clock.now() }),
          );
        }
        if (vehicle.confirmsAtOnce) return { ok: true, value: command };
        return { ok: true, value: { ...command, state: 'accepted', endedAt: null, clock: null } };
      },
      command: async (_, id) => ({ ok: true, value: current(byId.get(id) ?? '') }),
      status: async () => ({
        ok: true,
        value: {
          vin,
          online: vehicle.online,
          lastSeenAt: 0,
          model: 'aurora-2026',
          firmware: '1.0',
          clockSkewMs: 0,
          desired: [],
          reported: (vehicle.supports ? ['heated_seats', 'sport_mode'] : []).map((feature) => ({
            feature,
            ...(vehicle.features.get(feature) ?? { state: 'dormant' as const, version: 0 }),
          })),
          telemetry: {},
          telemetryAt: null,
        },
      }),
      health: async () => ({
        ok: true,
        value: {
          vin,
          online: vehicle.online,
          lastSeenAt: 0,
          signalStrengthDbm: -90,
          pendingCommands: 0,
          quotaRemaining: vehicle.quotaRemaining,
          quotaOpensAt: null,
        },
      }),
      history: async () => ({ ok: true, value: [...commands.values()].reverse() }),
    },
  };
  return vehicle;
}

export interface FakePayments {
  readonly port: Payments;
  /** Effective payment steps in order: one per key, also after repeats. */
  readonly moves: string[];
  /** Answers to come, by step; absent: yes. */
  readonly refuse: Set<string>;
  /** Calls to come that fail without an answer, by step and count. */
  readonly unanswered: Map<string, number>;
}

function fakePayments(clock: ManualClock): FakePayments {
  const moves: string[] = [];
  const keys = new Set<string>();
  const fake: FakePayments = {
    moves,
    refuse: new Set(),
    unanswered: new Map(),
    port: {
      authorise: (request) => step('authorise', request.key),
      capture: (request) => step('capture', request.key),
      void: (request) => step('void', request.key),
      refund: (request) => step('refund', request.key),
      retrieve: () => Promise.reject(new Error('not asked for')),
    },
  };
  async function step(name: string, key: string): Promise<PaymentAnswer> {
    if (fake.refuse.has(name)) return { ok: false, code: `${name}_declined`, message: 'declined' };
    if (!keys.has(key)) moves.push(key);
    keys.add(key);
    const left = fake.unanswered.get(name) ?? 0;
    if (left > 0) {
      fake.unanswered.set(name, left - 1);
      const { PaymentsUnavailable } = await import('../../shared/ports/payments.ts');
      throw new PaymentsUnavailable('the answer was lost');
    }
    return { ok: true, paymentId: 'pi_1', expiresAt: clock.now() + 7 * 24 * 3_600_000 };
  }
  return fake;
}
