import type { Http } from '../../shared/ports/http.ts';
import { BetterSqlite3 } from '../../shared/sql/better-sqlite3.ts';
import type { BenchChild } from './child.ts';
import { orderBody } from './order-body.ts';
import type { NoticeCounts, WorldReady } from './world.ts';

/** Purchases in flight at once, for whichever pipeline is measured. */
const purchaseConcurrency = 64;
/** Mails, and as many pushes, that one activation makes: payment confirmed, activation started, activation successful. */
const noticesEach = 3;
const roundMaxMs = 120_000;

/** A pipeline as the driver sees it. */
export interface Pipeline {
  readonly name: string;
  readonly origin: string;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Processor time of its process so far. */
  readonly cpuMs: () => Promise<number>;
}

export interface Order {
  readonly customerId: string;
  readonly vin: string;
  readonly serviceId: string;
}

export interface Round {
  /** From the first purchase to the last captured payment. */
  readonly perSecond: number;
  /** From the first purchase until also the last mail and push had arrived. */
  readonly perSecondWithNotices: number;
  /** Processor time of the pipeline's own process for one activation. */
  readonly cpuMsEach: number;
}

export interface Stage {
  readonly http: Http;
  readonly world: BenchChild<WorldReady>;
  readonly ledger: LedgerWatch;
}

export interface LedgerWatch {
  last(): number;
  /** How many payments were authorised after a sequence number. */
  authorisedAfter(sequence: number): number;
  /** How many captures were entered after a sequence number, and when the last one was. */
  capturedAfter(sequence: number): { readonly count: number; readonly lastAt: number };
  close(): void;
}

/** Reads the payment stand-in's own ledger beside it: what was captured is what it says. */
export function watchLedger(path: string): LedgerWatch {
  const database = new BetterSqlite3(path, { readonly: true });
  const last = database.prepare<[], { last: number }>(
    'select coalesce(max(sequence), 0) as last from ledger_entries',
  );
  const captured = database.prepare<[number], { count: number; lastAt: number }>(
    "select count(*) as count, coalesce(max(at), 0) as lastAt from ledger_entries where sequence > ? and kind = 'captured'",
  );
  const authorised = database.prepare<[number], { count: number }>(
    "select count(*) as count from ledger_entries where sequence > ? and kind = 'authorised'",
  );
  return {
    authorisedAfter: (sequence: number) => authorised.get(sequence)?.count ?? 0,
    last: () => last.get()?.last ?? 0,
    capturedAfter: (sequence: number) => captured.get(sequence) ?? { count: 0, lastAt: 0 },
    close() {
      database.close();
    },
  };
}

/** Sends one purchase. Resolves with its answer. */
export async function sendOrder(
  http: Http,
  pipeline: Pipeline,
  order: Order,
  key: string,
): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': key,
    ...(await pipeline.headers()),
  };
  const body = orderBody(order);
  return http(new Request(`${pipeline.origin}/purchases`, { method: 'POST', headers, body }));
}

/** Sends one purchase until it is not refused for overload: a slow machine takes fewer at once. */
export async function buyPatiently(
  http: Http,
  pipeline: Pipeline,
  order: Order,
  key: string,
): Promise<Response> {
  for (;;) {
    const response = await sendOrder(http, pipeline, order, key);
    if (response.status !== 503) return response;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function buy(http: Http, pipeline: Pipeline, order: Order): Promise<void> {
  const response = await buyPatiently(http, pipeline, order, `${order.vin}-${order.serviceId}`);
  const text = await response.text();
  if (response.status !== 201)
    throw new Error(`${pipeline.name}: purchase answered ${response.status}: ${text}`);
}

/** Makes all purchases, waits until every payment is captured and every notification has arrived, and returns the rates. */
export async function runRound(stage: Stage, pipeline: Pipeline, orders: readonly Order[]): Promise<Round> {
  const { http, world, ledger } = stage;
  const before = await world.ask<NoticeCounts>('counts');
  const sequence = ledger.last();
  const cpuBefore = await pipeline.cpuMs();
  const startedAt = Date.now();
  const rest = orders.values();
  const client = async () => {
    for (const order of rest) await buy(http, pipeline, order);
  };
  await Promise.all(Array.from({ length: purchaseConcurrency }, client));
  const wanted = orders.length;
  for (;;) {
    const { count } = ledger.capturedAfter(sequence);
    const { mails, pushes } = await world.ask<NoticeCounts>('counts');
    const notices = mails + pushes - before.mails - before.pushes;
    if (count === wanted && notices === 2 * noticesEach * wanted) break;
    if (Date.now() - startedAt > roundMaxMs)
      throw new Error(`${pipeline.name}: ${count} captures and ${notices} notices of ${wanted} purchases`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const noticedAt = Date.now();
  const { lastAt } = ledger.capturedAfter(sequence);
  return {
    perSecond: (1_000 * wanted) / (lastAt - startedAt),
    perSecondWithNotices: (1_000 * wanted) / (noticedAt - startedAt),
    cpuMsEach: ((await pipeline.cpuMs()) - cpuBefore) / wanted,
  };
}
