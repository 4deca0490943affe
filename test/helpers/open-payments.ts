import { stripePayments } from '../../gateway/payments/stripe-payments.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log, LogFields } from '../../shared/ports/log.ts';
import {
  type PaymentsStandIn,
  paymentsStandIn,
} from '../../simulator/stand-ins/payments/payments-stand-in.ts';
import {
  migratePaymentsStandIn,
  type PaymentsStandInSchema,
} from '../../simulator/stand-ins/payments/schema.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

export const apiKey = 'sk_test_of_these_tests';
export const origin = 'http://payments.test';
export const startAt = 1_800_000_000_000;

/** A stand-in on a clock of the test's own. Close it when done. */
export async function openStandIn(
  path = ':memory:',
  clock: ManualClock = manualClock(startAt),
  log = memoryLog(),
) {
  const database = openSqlite<PaymentsStandInSchema>(path);
  await migratePaymentsStandIn(database);
  const standIn: PaymentsStandIn = paymentsStandIn({
    database,
    clock,
    ids: systemIds(),
    log,
    secrets: systemSecrets,
    apiKeyDigest: systemSecrets.digest(apiKey),
  });
  return { ...standIn, clock, log, database, close: () => database.close() };
}

export type OpenStandIn = Awaited<ReturnType<typeof openStandIn>>;

export interface MemoryLog extends Log {
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields }[];
}

/** A log that a test can read. */
export function memoryLog(): MemoryLog {
  const lines: MemoryLog['lines'] = [];
  const write =
    (level: string) =>
    (event: string, fields: LogFields = {}) => {
      lines.push({ level, event, fields });
    };
  return { lines, info: write('info'), warn: write('warn'), error: write('error') };
}

/** The adapter under test, over any Http. */
export function paymentsOver(http: Http, clock: ManualClock, log: Log = memoryLog(), key = apiKey) {
  return stripePayments({ http, clock, log, origin, apiKey: key, timeoutMs: 10_000 });
}

/** `kind from→to amount key` of each entry, in order. */
export async function ledgerLines(standIn: Pick<OpenStandIn, 'ledger'>): Promise<string[]> {
  const entries = await standIn.ledger.allEntries();
  return entries.map((entry) => `${entry.kind} ${entry.from}→${entry.to} ${entry.amountMinor} ${entry.key}`);
}
