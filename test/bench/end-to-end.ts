import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BareArgument, BareReady } from './bare-child.ts';
import { startChild } from './child.ts';
import { type Order, type Pipeline, type Round, runRound } from './drive.ts';
import { benchFleet } from './fleet.ts';
import { addHistory } from './history.ts';
import { median, round } from './numbers.ts';
import {
  type Bench,
  type BenchKeys,
  connected,
  customerId,
  customersOf,
  openBench,
  registerAll,
  startGateway,
  startProduct,
} from './product.ts';

export interface EndToEndOptions {
  readonly folder: string;
  /** Measured rounds of each pipeline; one more goes before them and is not counted. */
  readonly rounds: number;
  readonly purchases: number;
  /** Ended activations that the third pipeline begins with; 0 leaves it out. */
  readonly history: number;
  readonly say: (line: string) => void;
}

interface Compared {
  /** Medians of activations a second. */
  readonly product: number;
  readonly bare: number;
  /** Of the medians. */
  readonly ratio: number;
}

export interface EndToEndReport {
  readonly e2e: Compared & {
    readonly withNotices: Compared;
    readonly cpuMs: Compared;
    readonly rounds: readonly Readonly<Record<string, Round>>[];
  };
  readonly history: {
    readonly activations: number;
    readonly empty: number;
    readonly full: number;
    readonly ratio: number;
  };
}

/** Sold on delivery, and built into the model that the bench drives. Each round of a vehicle takes another. */
const services = ['heated-seats', 'ambient-light', 'range-boost'] as const;
const historyService = 'remote-start';

type EndToEndBench = Bench & { readonly options: EndToEndOptions };

/** Product, bare pipeline and a product with a long history, round by round against the same stand-ins. */
export async function measureEndToEnd(options: EndToEndOptions): Promise<EndToEndReport> {
  const all = options.rounds + 1;
  const vehicles = Math.ceil((all * options.purchases) / services.length);
  const parts: { stop(): Promise<void> }[] = [];
  try {
    const { bench, keys } = await openBench(options, vehicles, parts);
    const bare = await startBare(bench, keys);
    const product = await startProduct(bench, keys, 'product');
    const full = options.history > 0 ? { full: await startFull(bench, keys) } : {};
    return await race(bench, { product, bare, ...full });
  } finally {
    for (const part of parts.reverse()) await part.stop();
  }
}

async function race(
  bench: EndToEndBench,
  pipelines: Readonly<Record<string, Pipeline>>,
): Promise<EndToEndReport> {
  const rounds: Record<string, Round>[] = [];
  for (let index = 0; index <= bench.options.rounds; index += 1) {
    const taken: Record<string, Round> = {};
    for (const [name, pipeline] of Object.entries(pipelines)) {
      taken[name] = await runRound(bench.stage, pipeline, ordersOf(bench, index));
    }
    // The first round warms up.
    if (index > 0) rounds.push(taken);
    const said = Object.entries(taken).map(([name, one]) => `${name} ${Math.round(one.perSecond)}/s`);
    bench.options.say(`round ${index}: ${said.join(', ')}`);
  }
  const of = (name: string, figure: keyof Round) => median(rounds.map((one) => one[name]?.[figure] ?? 0));
  const compare = (figure: keyof Round): Compared => {
    const [product, bare] = [of('product', figure), of('bare', figure)];
    return { product: round(product), bare: round(bare), ratio: round(product / bare) };
  };
  const [empty, fullRate] = [of('product', 'perSecond'), of('full', 'perSecond')];
  return {
    e2e: {
      ...compare('perSecond'),
      withNotices: compare('perSecondWithNotices'),
      cpuMs: compare('cpuMsEach'),
      rounds,
    },
    history: {
      activations: bench.options.history,
      empty: round(empty),
      full: round(fullRate),
      ratio: round(fullRate / empty),
    },
  };
}

/** Each vehicle once a round, each of its services once a run. */
function ordersOf({ vehicles, options }: EndToEndBench, index: number): Order[] {
  const fleet = benchFleet(vehicles);
  return Array.from({ length: options.purchases }, (_, position) => {
    const place = index * options.purchases + position;
    const vehicle = place % vehicles;
    const serviceId = services[Math.floor(place / vehicles)] ?? services[0];
    return { customerId: customerId(vehicle), vin: fleet[vehicle]?.vin ?? '', serviceId };
  });
}

async function startBare(bench: EndToEndBench, keys: BenchKeys): Promise<Pipeline> {
  const { world, parts, options, vehicles } = bench;
  const dataFolder = join(options.folder, 'bare');
  await mkdir(dataFolder);
  const argument: BareArgument = {
    dataFolder,
    paymentsUrl: world.ready.paymentsUrl,
    paymentsKey: keys.paymentsKey,
    smtpUrl: world.ready.smtpUrl,
    vapid: JSON.parse(keys.vapidKeys) as BareArgument['vapid'],
    customers: customersOf(bench),
  };
  const child = await startChild<BareReady>('bare-child', argument);
  parts.push(child);
  await world.ask('connect', { name: 'bare', url: child.ready.mqttUrl, vehicles });
  return {
    name: 'bare',
    origin: child.ready.origin,
    headers: async () => ({}),
    cpuMs: () => child.ask<number>('cpuMs'),
  };
}

/** One activation of each vehicle is really made, then copied: the gateway that starts again has a long history. */
async function startFull(bench: EndToEndBench, keys: BenchKeys): Promise<Pipeline> {
  const { options, vehicles, stage, world } = bench;
  const name = 'full';
  const first = await startGateway(bench, keys, name);
  await registerAll(bench, keys, first.ready);
  const orders = benchFleet(vehicles).map(({ vin }, index) => ({
    vin,
    customerId: customerId(index),
    serviceId: historyService,
  }));
  await runRound(stage, await connected(bench, keys, name, first), orders);
  await world.ask('disconnect', { name });
  await first.stop();
  addHistory(join(options.folder, name), options.history);
  return connected(bench, keys, name, await startGateway(bench, keys, name));
}
