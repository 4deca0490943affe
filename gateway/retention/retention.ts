import { Counter, Gauge, type Metric } from 'prom-client';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import type { Ages } from './ages.ts';
import { asPruning, type PruningSchema, takeTurn } from './pruning-table.ts';
import type { PruneRule } from './rule.ts';
import { walkStep } from './walk.ts';

/** Durations in milliseconds. */
export interface RetentionSettings {
  readonly ages: Ages;
  /** The time between two walks over the tables, and until the first. */
  readonly everyMs: number;
  /** The pause between two steps of a walk: other work goes first. */
  readonly pauseMs: number;
}

export const standardWalks = { everyMs: 3_600_000, pauseMs: 100 } as const;

/** Ages and walks `scale` times as short. */
export function retentionAtTimeScale(scale: number, ages: Ages): RetentionSettings {
  const shorter = Object.entries(ages).map(([name, ms]) => [
    name,
    ms === null ? null : Math.max(1, Math.round(ms / scale)),
  ]);
  return {
    ages: Object.fromEntries(shorter) as Ages,
    everyMs: Math.max(1_000, Math.round(standardWalks.everyMs / scale)),
    pauseMs: standardWalks.pauseMs,
  };
}

export interface RetentionDeps<Schema extends PruningSchema> {
  readonly database: Database<Schema>;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: readonly PruneRule[];
  readonly settings: RetentionSettings;
  /** `platform` or `api_iot`: names the metrics. */
  readonly service: 'platform' | 'api_iot';
  /** False while nothing may be removed. */
  readonly mayPrune?: () => boolean;
}

interface Walk {
  readonly rule: PruneRule;
  after: readonly (string | number)[] | null;
  oldestAt: number | null;
  removed: number;
  isOver: boolean;
}

export interface Retention {
  start(): void;
  stop(): Promise<void>;
  readonly metrics: readonly Metric[];
}

/** A first walk soon after the start shows the operator the ages that were reached. */
const firstWalkMs = 60_000;

/**
 * Removes what has reached its age and what nothing needs any more, in small steps: a walk over each table in the order of its keys, one
 * step of each table at a time, with a pause between them. Of several processes on one database one walks at a time.
 */
export function retention<Schema extends PruningSchema>(deps: RetentionDeps<Schema>): Retention {
  const { database, clock, log, settings, mayPrune = () => true } = deps;
  const { everyMs, pauseMs, ages } = settings;
  const figures = retentionMetrics(deps);
  let walks: readonly Walk[] = [];
  let heldUntil: number | null = null;

  /** Resolves with the instant of the next try where another process has the turn. */
  async function begin(): Promise<number | null> {
    const turn = { now: clock.now(), holdMs: everyMs, held: heldUntil };
    const { isOurs, until } = await database.write((transaction) => takeTurn(asPruning(transaction), turn));
    heldUntil = isOurs ? until : null;
    return isOurs ? null : until;
  }

  /** Returns the instant before which a row of the rule has reached its age; null: it is kept for ever. */
  function cutOff({ age }: PruneRule): number | null {
    if (age === 'expired') return clock.now();
    const ms = ages[age];
    return ms === null ? null : clock.now() - ms;
  }

  async function step(walk: Walk): Promise<void> {
    const before = cutOff(walk.rule);
    if (before === null) {
      walk.isOver = true;
      return;
    }
    // An instant of expiry lies ahead by its nature.
    const now = walk.rule.age === 'expired' ? Number.POSITIVE_INFINITY : clock.now();
    const { removed, next, oldestAt } = await walkStep(database, walk.rule, walk.after, before, now);
    figures.removed(walk.rule, removed);
    walk.removed += removed;
    walk.after = next;
    walk.isOver = next === null;
    if (oldestAt !== null) walk.oldestAt = Math.min(walk.oldestAt ?? oldestAt, oldestAt);
  }

  function end(): void {
    for (const { rule, oldestAt } of walks) figures.oldest(rule, oldestAt);
    const removed = walks.filter((walk) => walk.removed > 0);
    if (removed.length > 0)
      log.info('retention.pruned', {
        rows: Object.fromEntries(
          removed.map((walk) => [`${walk.rule.table}.${walk.rule.age}`, walk.removed]),
        ),
      });
    walks = [];
  }

  async function pass(): Promise<number | null> {
    if (!mayPrune()) return clock.now() + everyMs;
    const isLate = heldUntil === null || clock.now() >= heldUntil - everyMs / 2;
    if (walks.length === 0 || isLate) {
      const nextAt = await begin();
      if (nextAt !== null) {
        walks = [];
        return nextAt;
      }
      if (walks.length === 0)
        walks = deps.rules.map((rule) => ({ rule, after: null, oldestAt: null, removed: 0, isOver: false }));
    }
    for (const walk of walks) if (!walk.isOver) await step(walk);
    if (walks.some((walk) => !walk.isOver)) return clock.now() + pauseMs;
    end();
    return heldUntil ?? clock.now() + everyMs;
  }

  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'retention.failed',
    pass,
    backOff: { baseMs: 1_000, maxMs: 60_000 },
  });
  return {
    start: () => loop.start(Math.min(everyMs, firstWalkMs)),
    stop: () => loop.stop(),
    metrics: figures.metrics,
  };
}

/** Rows that this process removed, and the oldest that the newest walk of this process left, by table and age. */
function retentionMetrics<Schema extends PruningSchema>({ clock, service }: RetentionDeps<Schema>) {
  const name = service === 'api_iot' ? 'fleetwake_api_iot_retention' : 'fleetwake_retention';
  const oldest = new Map<PruneRule, number>();
  const labelNames = ['table', 'age'];
  const labels = ({ table, age }: PruneRule) => ({ table, age });
  const pruned = new Counter({
    name: `${name}_rows_removed_total`,
    help: 'Rows that were removed because they had reached their age, by table and age',
    labelNames,
    registers: [],
  });
  const ages = new Gauge({
    name: `${name}_oldest_row_seconds`,
    help: 'Age of the oldest row that the last walk left, by table and age',
    labelNames,
    registers: [],
    collect() {
      this.reset();
      for (const [rule, at] of oldest) this.set(labels(rule), Math.max(0, clock.now() - at) / 1_000);
    },
  });
  return {
    metrics: [pruned, ages] as readonly Metric[],
    removed(rule: PruneRule, rows: number) {
      pruned.inc(labels(rule), rows);
    },
    oldest(rule: PruneRule, at: number | null) {
      if (at === null) oldest.delete(rule);
      else oldest.set(rule, at);
    },
  };
}
