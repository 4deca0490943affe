import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Database } from '../../shared/ports/database.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import { virtualBroker } from '../../shared/virtual/device-link.ts';
import { type HttpFault, virtualNetwork } from '../../shared/virtual/http.ts';
import { virtualIds } from '../../shared/virtual/ids.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { virtualStream } from '../../shared/virtual/process-bus.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { virtualTokens } from '../../shared/virtual/tokens.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';
import { fleet } from '../fleet/fleet.ts';
import type { SeenEvent } from '../reports/evidence.ts';
import { paymentsStandIn } from '../stand-ins/payments/payments-stand-in.ts';
import type { GatewayService } from '../virtual/gateway-processes.ts';
import { bootApiIot } from './api-iot-process.ts';
import { type Call, callOf } from './call.ts';
import { newCrashes } from './crashes.ts';
import { faultBook } from './fault-book.ts';
import { constantsOf, origins, platformFigures, testSecrets } from './figures.ts';
import { telemetryEveryMs, vehicleSpecsOf, vinOf } from './plan-of-schedule.ts';
import { bootPlatform } from './platform-process.ts';
import type { HttpFailure, HttpStep, ProcessName, Schedule } from './schedule.ts';
import { shippedCatalogue } from './shipped-files.ts';
import { newSinks } from './sinks.ts';
import { giveStoresBack, registerFleet, takeStores } from './stores.ts';
import type { Tampers } from './tampers.ts';
import { type Move, newWatch } from './watch.ts';
import { newWire } from './wire.ts';

/** Any instant serves: this one is 2027-01-15T08:00:00Z. */
export const worldBeginsAt = 1_800_000_000_000;
/** The workload begins when the fleet stands. */
export const settleInMs = 10_000;

export interface StageOptions {
  /** Turns without anything new before a drain counts as done; a deeper drain must give the same trace. */
  readonly drainDepth?: number;
  readonly tampers?: Tampers;
  /** What is sold; the schedule's policy takes the place of every service's. The product's own by default. */
  readonly catalogue?: Catalogue;
}

/** A process that died in this run. */
export interface Death {
  readonly atMs: number;
  readonly process: string;
  readonly step: number;
  /** `after http POST /v1/payment_intents` */
  readonly label: string;
}

/** Calls that do not say which activation they are about. */
const anybodys: ReadonlySet<HttpStep> = new Set(['token', 'purchase', 'cancel', 'ticket']);

/** Everything of one run, wired and not yet begun. */
export async function newStage(schedule: Schedule, options: StageOptions = {}) {
  const { drainDepth = 1, tampers = {}, catalogue = shippedCatalogue() } = options;
  const { batchMs, skewMs, seed } = schedule;
  const loop = virtualLoop({ startAt: worldBeginsAt, batchMs, drainDepth, eventsMax: 2_000_000 });
  const startedAt = worldBeginsAt + settleInMs;
  const random = seededRandom(seed);
  const trace = virtualTrace({ now: () => loop.now() - startedAt });
  const book = faultBook(schedule);
  const moves: (Move & { readonly atMs: number })[] = [];
  let onMove: (move: Move) => void = () => {};
  const watch = newWatch({
    now: () => loop.now() - startedAt,
    constants: constantsOf(schedule),
    onMove(move) {
      moves.push({ ...move, atMs: loop.now() - startedAt });
      onMove(move);
      const { id, before, after } = move;
      trace.record('engine', 'state', {
        id,
        from: before?.phase ?? null,
        to: after.phase,
        attempts: after.attempts.length,
        money: after.settlement?.status ?? null,
      });
    },
    onMoney: (kind, activationId) => trace.record('payment', kind, { activationId }),
  });
  const stores = await takeStores();
  if (schedule.fleet) await registerFleet(stores, loop.process('setup'), schedule.fleet);
  const draws = random.stream('network');
  const latencyMs = () => integerBetween(draws, 1, 60);
  const clock = loop.clock('network');
  const wishes = new Map<string, { readonly activation: number; readonly feature: string }>();
  const outages = newOutages(schedule, () => (book.isHealed ? null : loop.now() - startedAt));

  /** The activation that is about to be paid for is what came of somebody's wish in the schedule. */
  function bindWish(activationId: string): void {
    const [row] = stores.platform.read<{ vin: string; service: string }>(
      'select vin, service_id as service from activations where id = ?',
      activationId,
    );
    const wish = row && wishes.get(`${row.service} ${row.vin}`);
    if (wish) book.bind(wish.activation, activationId, row.vin, wish.feature);
  }

  function failureOfCall(call: Call, origin: string): HttpFailure | 'refused' | null {
    if (call.step === 'authorise' && call.activationId !== null) bindWish(call.activationId);
    if (origin === origins.payments && outages.isDown('payments')) return 'refused';
    if (origin === origins.apiIot && outages.isDown('api_iot')) return 'refused';
    if (call.step === null) return null;
    const activation = book.activationOf(call.activationId, call.vin);
    return activation === null && !anybodys.has(call.step) ? null : book.callFailure(call.step, activation);
  }

  const network = virtualNetwork({ loop, random, latencyMs });
  const calls = new WeakMap<Request, Call>();
  network.onRequest(async ({ origin, request }) => {
    const call = await callOf(request);
    calls.set(request, call);
    return httpFaultOf(failureOfCall(call, origin));
  });
  network.onOutcome(({ from, request }, outcome) => {
    trace.record(from, 'http', { call: calls.get(request)?.name ?? request.url, outcome });
  });
  const sinks = newSinks({
    clock,
    latencyMs,
    failure(channel, to) {
      if (outages.isDown(channel === 'email' ? 'mail' : 'push')) return 'refused';
      const vehicle = Number(/customer-(\d)/.exec(to)?.[1] ?? 0) - 1;
      return book.callFailure(channel, vehicle < 0 ? null : book.activationOf(null, vinOf(vehicle)));
    },
    onSeen: (channel, to, headline) => trace.record('notice', channel, { to, headline }),
  });
  const wire = newWire({
    clock,
    book,
    onWire(topic, payload) {
      trace.record(topic.includes('/cmd/') ? 'api_iot' : 'vehicle', 'wire', { topic, payload });
      watch.onWire(topic, payload);
    },
  });
  const broker = virtualBroker({ loop, random });
  const stream = virtualStream({ loop });
  const events: SeenEvent[] = [];
  stream.onPublish(({ subject, payload }) => {
    trace.record('nats', 'publish', { subject });
    if (subject.startsWith('fleetwake.events.')) {
      const { id, type } = JSON.parse(payload) as SeenEvent;
      events.push({ id, type });
    }
    return null;
  });

  const common = (process: VirtualProcess, log: string) => ({
    clock: process.clock,
    ids: virtualIds(process, random),
    secrets: virtualSecrets(process, random),
    log: trace.log(process),
    random: random.stream(log),
    http: network.client(process),
  });
  const lives: Readonly<
    Record<ProcessName, { readonly origin: string; boot(process: VirtualProcess): Promise<GatewayService> }>
  > = {
    platform: {
      origin: origins.platform,
      boot: (process) =>
        bootPlatform(
          {
            ...common(process, 'platform'),
            tokens: virtualTokens({ clock: process.clock, issuer: origins.platform, key: 'platform' }),
            database: watched(stores.platform.connect(process), () =>
              watch.afterPlatform(stores.platform.read),
            ),
            bus: countingRedeliveries(process, stream.connect(process), () => book.note('redelivery')),
            mailer: sinks.mailer(process),
            pusher: sinks.pusher(process),
          },
          platformFigures(schedule, catalogue),
          tampers,
        ),
    },
    api_iot: {
      origin: origins.apiIot,
      boot: (process) =>
        bootApiIot(
          {
            ...common(process, 'api_iot'),
            tokens: virtualTokens({ clock: process.clock, issuer: origins.apiIot, key: 'api_iot' }),
            database: watched(stores.apiIot.connect(process), () => watch.afterApiIot(stores.apiIot.read)),
            link: wire.service(broker.connect(process)),
          },
          { commandTimeoutMs: schedule.policy.commandTimeoutMs },
          tampers,
        ),
    },
  };
  const deaths: Death[] = [];
  const steps: string[] = [];
  const comingBack = new Set<ProcessName>();

  function start(name: ProcessName): void {
    const process = loop.process(name, name === 'api_iot' ? skewMs.apiIot : 0);
    const { origin, boot } = lives[name];
    boot(process).then(
      ({ fetch }) => network.listen(origin, { process, handle: fetch }),
      (error: unknown) => {
        trace.record('world', 'boot failed', { name, error: String(error) });
        process.kill();
        clock.setTimer(1_000, () => start(name));
      },
    );
  }

  function die(process: VirtualProcess, number: number, label: string, downMs: number): void {
    const name = process.name as ProcessName;
    deaths.push({ atMs: loop.now() - startedAt, process: name, step: number, label });
    trace.record('world', 'crash', { process: name, step: number, label });
    comingBack.add(name);
    process.kill();
    clock.setTimer(downMs, () => {
      comingBack.delete(name);
      trace.record('world', 'comes back', { process: name });
      start(name);
    });
  }

  const crashes = newCrashes(schedule);
  loop.onStep(({ process, number, label, phase }) => {
    if (book.isHealed || !process.isAlive || !(process.name in lives)) return;
    steps.push(`${process.name} ${number} ${phase} ${label}`);
    const downMs = crashes.downMs(process.name, number, phase, label);
    if (downMs !== null) die(process, number, `${phase} ${label}`, downMs);
  });

  const paymentsProcess = loop.process('payment');
  const payments = paymentsStandIn({
    database: watched(stores.payments.connect(paymentsProcess), () =>
      watch.afterPayments(stores.payments.read),
    ),
    clock: paymentsProcess.clock,
    ids: virtualIds(paymentsProcess, random),
    log: trace.log(paymentsProcess),
    secrets: virtualSecrets(paymentsProcess, random),
    apiKeyDigest: virtualSecrets(paymentsProcess, random).digest(testSecrets.payments),
  });
  network.listen(origins.payments, { process: paymentsProcess, handle: payments.fetch });

  const vehicleProcess = loop.process('vehicle');
  const cars = fleet(
    {
      link: wire.vehicles(broker.connect(vehicleProcess)),
      clock: vehicleProcess.clock,
      random: random.stream('vehicles'),
      log: trace.log(vehicleProcess),
    },
    vehicleSpecsOf(schedule, catalogue),
    { telemetryMs: telemetryEveryMs },
  );

  return {
    catalogue,
    loop,
    startedAt,
    trace,
    book,
    watch,
    stores,
    network,
    sinks,
    wire,
    broker,
    stream,
    cars,
    ledger: payments.ledger,
    random,
    clock,
    start,
    wishes,
    moves: () => moves,
    /** Told of each saved change of an activation from now on. */
    onMove(look: (move: Move) => void): void {
      onMove = look;
    },
    deaths: () => deaths,
    /** Every step of the platform and the API IoT, in order: where a crash sweep can kill them. */
    steps: (): readonly string[] => steps,
    isComingBack: () => comingBack.size > 0,
    events: (): readonly SeenEvent[] => events,
    /** Nothing of this stage acts any more; its databases go to the next one. */
    close(): void {
      loop.killAll();
      giveStoresBack(stores);
    },
  };
}

export type Stage = Awaited<ReturnType<typeof newStage>>;

/** Looks right after each commit, before the one who wrote hears of it. */
function watched<Schema>(database: Database<Schema>, look: () => void): Database<Schema> {
  return {
    ...database,
    async write(work) {
      const value = await database.write(work);
      look();
      return value;
    },
  };
}

/** What a process took and died over comes again, to the next one. */
function countingRedeliveries(process: VirtualProcess, bus: Bus, onRedelivery: () => void): Bus {
  return {
    ...bus,
    consume: (options, handle) =>
      bus.consume(options, (delivery) => {
        if (process.life > 1 && delivery.deliveryCount > 1) onRedelivery();
        return handle(delivery);
      }),
  };
}

/** A slow answer takes longer than the payment client waits and less than the engine does. */
const slowMs = 12_000;

function httpFaultOf(failure: HttpFailure | 'refused' | null): HttpFault | null {
  switch (failure) {
    case null:
      return null;
    case 'refused':
      return { kind: 'refused' };
    case 'request_lost':
      return { kind: 'request_lost', as: 'reset' };
    case 'response_lost':
      return { kind: 'answer_lost', as: 'reset' };
    case 'slow':
      return { kind: 'slow', delayMs: slowMs };
    case 'server_error':
      return { kind: 'answered', response: unavailable };
  }
}

function unavailable(): Response {
  const body = { type: 'about:blank', title: 'Unavailable', status: 503, detail: 'not now' };
  return new Response(JSON.stringify(body), {
    status: 503,
    headers: { 'content-type': 'application/problem+json' },
  });
}

type Outage = 'payments' | 'mail' | 'push' | 'api_iot' | 'nats';

/** `nowMs` is null once everything is healed. */
function newOutages(schedule: Schedule, nowMs: () => number | null) {
  return {
    isDown(service: Outage): boolean {
      const now = nowMs();
      return (
        now !== null &&
        schedule.world.some(
          (fault) =>
            fault.type === 'down' &&
            fault.service === service &&
            now >= fault.fromMs &&
            now < fault.fromMs + fault.forMs,
        )
      );
    },
  };
}
