import { startChild } from './child.ts';
import { buyPatiently, type Order, type Pipeline, type Stage } from './drive.ts';
import { benchFleet } from './fleet.ts';
import { round } from './numbers.ts';
import { customerId, openBench, startProduct } from './product.ts';
import type { Flood, FloodRequest, Sent } from './sender.ts';

export interface OverloadReport {
  /** Purchases a second that were answered with 201 while 64 customers waited for one answer each. */
  readonly capacityPerSecond: number;
  /** Requests a second that were sent then, and for how long. */
  readonly sentPerSecond: number;
  readonly seconds: number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  /** Requests without an answer within 30 s, and answers other than 201 and 503. */
  readonly unanswered: number;
  readonly other: number;
  /** By how much timers of the sender, a process of its own, were late at the 99th percentile: so much of each time may be its own. */
  readonly senderLateP99Ms: number;
  /** Of the refused, as its client measured it, from the moment at which it had a connection. */
  readonly refusedWithin200Ms: number;
  readonly refusedP99Ms: number;
  readonly acceptedP99Ms: number;
  readonly livez: { readonly asked: number; readonly answered: number; readonly slowestMs: number };
  /** Payments of requests whose client received no answer. */
  readonly chargedUnanswered: number;
}

interface Options {
  readonly folder: string;
  /** Purchases that the capacity is measured with. */
  readonly purchases: number;
  readonly overloadMs: number;
}

/** How much more is sent than can be taken. */
const factor = 10;
const capacityConcurrency = 64;
const livezEveryMs = 500;
const livezMaxMs = 5_000;
const services = ['heated-seats', 'ambient-light', 'range-boost'] as const;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Sends ten times as many purchases as the gateway can take, whether they are answered or not, and says what became of them. */
export async function measureOverload(options: Options): Promise<OverloadReport> {
  const parts: { stop(): Promise<void> }[] = [];
  // Three services each: more than are bought in both phases.
  const vehicles = Math.max(2 * options.purchases, 50);
  try {
    const { bench, keys } = await openBench(options, vehicles, parts);
    const pipeline = await startProduct(bench, keys, 'overload');
    const orders = ordersOf(vehicles);
    const capacity = await capacityOf(bench.stage, pipeline, orders.splice(0, options.purchases));
    const { ledger } = bench.stage;
    const before = ledger.last();
    const perSecond = Math.ceil(capacity * factor);
    const watching = watchLivez(pipeline.origin);
    const sender = await startChild<boolean>('sender', {});
    parts.push(sender);
    const { sent, senderLateP99Ms } = await sender.ask<Flood>('flood', {
      ...{ origin: pipeline.origin, headers: await pipeline.headers(), orders, perSecond },
      forMs: options.overloadMs,
    } satisfies FloodRequest);
    const livez = await watching();
    await settledPayments(bench.stage, before);
    const answered = sent.filter(({ status }) => status === 201).length;
    return {
      capacityPerSecond: round(capacity),
      sentPerSecond: perSecond,
      seconds: options.overloadMs / 1_000,
      ...outcomesOf(sent),
      senderLateP99Ms,
      livez,
      chargedUnanswered: ledger.authorisedAfter(before) - answered,
    };
  } finally {
    for (const part of parts.reverse()) await part.stop();
  }
}

function ordersOf(vehicles: number): Order[] {
  const fleet = benchFleet(vehicles);
  return services.flatMap((serviceId) =>
    fleet.map(({ vin }, index) => ({ customerId: customerId(index), vin, serviceId })),
  );
}

async function capacityOf({ http }: Stage, pipeline: Pipeline, orders: readonly Order[]): Promise<number> {
  const startedAt = performance.now();
  const rest = orders.entries();
  const client = async () => {
    for (const [index, order] of rest) {
      const { status } = await buyPatiently(http, pipeline, order, `capacity-${index}`);
      if (status !== 201) throw new Error(`a purchase was answered ${status} without overload`);
    }
  };
  await Promise.all(Array.from({ length: capacityConcurrency }, client));
  return (1_000 * orders.length) / (performance.now() - startedAt);
}

/** Asks for `/livez` on a new connection again and again; the returned function ends it. */
function watchLivez(origin: string): () => Promise<OverloadReport['livez']> {
  let isOver = false;
  const took: number[] = [];
  let asked = 0;
  const watch = async () => {
    while (!isOver) {
      asked += 1;
      const askedAt = performance.now();
      const signal = AbortSignal.timeout(livezMaxMs);
      const answer = await fetch(`${origin}/livez`, { headers: { connection: 'close' }, signal }).catch(
        () => null,
      );
      if (answer?.status === 200) took.push(performance.now() - askedAt);
      await pause(livezEveryMs);
    }
  };
  const watching = watch();
  return async () => {
    isOver = true;
    await watching;
    return { asked, answered: took.length, slowestMs: Math.round(Math.max(0, ...took)) };
  };
}

/** Resolves when no payment has been authorised for two seconds: every started purchase has its payment then. */
async function settledPayments({ ledger }: Stage, sequence: number): Promise<void> {
  for (let known = -1; known !== ledger.authorisedAfter(sequence); ) {
    known = ledger.authorisedAfter(sequence);
    await pause(2_000);
  }
}

function outcomesOf(sent: readonly Sent[]) {
  const of = (status: number) => sent.filter((one) => one.status === status).map(({ tookMs }) => tookMs);
  const [accepted, refused, unanswered] = [of(201), of(503), of(0)];
  const soon = refused.filter((tookMs) => tookMs <= 200).length;
  return {
    sent: sent.length,
    accepted: accepted.length,
    refused: refused.length,
    unanswered: unanswered.length,
    other: sent.length - accepted.length - refused.length - unanswered.length,
    refusedWithin200Ms: refused.length === 0 ? 1 : round(soon / refused.length),
    refusedP99Ms: percentile(refused, 0.99),
    acceptedP99Ms: percentile(accepted, 0.99),
  };
}

/** 0 of none. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
}
