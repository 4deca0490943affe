import { type Kysely, type RawBuilder, sql } from 'kysely';
import { Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import type { Database } from '../../shared/ports/database.ts';
import type { LeftOutReason } from './device-reading.ts';
import type { RefusalReason } from './refusals.ts';
import type { ApiIotSchema, CommandRow } from './store/schema.ts';

/** Counting stops here, so that a scrape costs no more than this many rows. */
const rowsMax = 100_000;
/** Seconds: from a connected vehicle to the 24 h of the last attempt (docs/activation-spec.md, section 10). */
const commandSeconds = [0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];

/** What the parts of the API IoT have counted since they started. */
export interface ApiIotCounters {
  readonly refusedMessages: Readonly<Record<RefusalReason, number>>;
  readonly partsLeftOut: Readonly<Record<LeftOutReason, number>>;
  readonly parkedCommands: number;
  readonly callbacks: { readonly delivered: number; readonly failedTries: number; readonly givenUp: number };
}

export interface ApiIotMetrics {
  readonly registry: Registry;
  accepted(): void;
  quotaRefused(): void;
  ended(command: Pick<CommandRow, 'state' | 'accepted_at' | 'ended_at'>): void;
}

interface Deps {
  readonly database: Pick<Database<ApiIotSchema>, 'reader'>;
  readonly counters: () => ApiIotCounters;
  /** Further ones: of its requests, of the broker beside it, of the process. */
  readonly others: readonly Metric[];
}

/** Counters of this process since it started, and gauges read from the database when they are asked for. No label names a vehicle. */
export function apiIotMetrics(deps: Deps): ApiIotMetrics {
  const registry = new Registry();
  const registers = [registry];
  for (const metric of deps.others) registry.registerMetric(metric);
  const accepted = new Counter({
    name: 'fleetwake_api_iot_commands_accepted_total',
    help: 'Configure commands that were accepted',
    registers,
  });
  const quotaRefused = new Counter({
    name: 'fleetwake_api_iot_quota_refused_total',
    help: "Configure commands that were refused by a vehicle's quota (429)",
    registers,
  });
  const ended = new Histogram({
    name: 'fleetwake_api_iot_command_seconds',
    help: 'Time from the acceptance of a command to its end, by the state in which it ended',
    labelNames: ['state'],
    buckets: commandSeconds,
    registers,
  });
  countedElsewhere(registers, deps);
  waiting(registers, deps);
  return {
    registry,
    accepted: () => accepted.inc(),
    quotaRefused: () => quotaRefused.inc(),
    ended({ state, accepted_at, ended_at }) {
      ended.observe({ state }, Math.max(0, (ended_at ?? accepted_at) - accepted_at) / 1_000);
    },
  };
}

function countedElsewhere(registers: Registry[], { counters }: Deps): void {
  const counter = (
    { name, help, label }: { readonly name: string; readonly help: string; readonly label: string },
    values: () => Readonly<Record<string, number>>,
  ) =>
    new Counter({
      ...{ name, help, labelNames: [label], registers },
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(values())) this.inc({ [label]: value }, count);
      },
    });
  counter(
    {
      name: 'fleetwake_api_iot_messages_refused_total',
      help: 'Messages from vehicles that were refused, by reason',
      label: 'reason',
    },
    () => counters().refusedMessages,
  );
  counter(
    {
      name: 'fleetwake_api_iot_message_parts_left_out_total',
      help: 'Parts that were left out of messages that were taken, by reason',
      label: 'reason',
    },
    () => counters().partsLeftOut,
  );
  counter(
    {
      name: 'fleetwake_api_iot_callback_tries_total',
      help: 'Callbacks that were delivered, tries that failed, and callbacks that were given up',
      label: 'result',
    },
    () => {
      const { delivered, failedTries, givenUp } = counters().callbacks;
      return { delivered, failed: failedTries, given_up: givenUp };
    },
  );
}

function waiting(registers: Registry[], { database: { reader }, counters }: Deps): void {
  const gauge = (name: string, help: string, value: () => number | Promise<number>) =>
    new Gauge({
      ...{ name, help: `${help} (counted up to ${rowsMax})`, registers },
      async collect() {
        this.set(await value());
      },
    });
  gauge('fleetwake_api_iot_commands_waiting', 'Accepted commands that have not ended', () =>
    countOf(reader, 'commands', sql`state = 'accepted'`),
  );
  gauge(
    'fleetwake_api_iot_commands_parked',
    'Commands over which the broker cut the link: they are not sent again and end by their time-out',
    () => counters().parkedCommands,
  );
  gauge('fleetwake_api_iot_callbacks_waiting', 'Callbacks that are still to be delivered', () =>
    countOf(reader, 'callbacks', sql`parked_at is null`),
  );
  gauge('fleetwake_api_iot_callbacks_parked', 'Callbacks that were given up and wait for an operator', () =>
    countOf(reader, 'callbacks', sql`parked_at is not null`),
  );
}

type CountedTable = 'commands' | 'callbacks';

async function countOf(reader: Kysely<ApiIotSchema>, table: CountedTable, where: RawBuilder<boolean>) {
  const { count } = await reader
    .selectFrom((from) =>
      from.selectFrom(table).select(sql.lit(1).as('one')).where(where).limit(rowsMax).as('counted'),
    )
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
