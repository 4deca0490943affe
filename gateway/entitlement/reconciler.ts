import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { type ReconciliationDeps, reconcileVehicle } from './reconciliation.ts';

export interface ReconcilerDeps extends ReconciliationDeps {
  readonly log: Log;
  /** Every vehicle is looked at once in this time. */
  readonly everyMs: number;
  /** Takes an activation up that was saved. */
  readonly begin: (id: string) => Promise<unknown>;
  /** Called after each commit that wrote record rows. */
  readonly onCommitted: (mayHaveNotices: boolean) => void;
}

/** Vehicles that are asked at once. */
const pageMax = 20;
/** The shortest wait between two pages: an API IoT is not asked by more than so many vehicles a second. */
const pageEveryMinMs = 500;

function pagesOf(vehicles: number): number {
  return Math.max(1, Math.ceil(vehicles / pageMax));
}

function pageEveryMs(everyMs: number, vehicles: number): number {
  return Math.max(pageEveryMinMs, everyMs / pagesOf(vehicles));
}

/** The time in which each of so many vehicles is looked at once. */
export function passMs(everyMs: number, vehicles: number): number {
  return pagesOf(vehicles) * pageEveryMs(everyMs, vehicles);
}

/**
 * Reconciles every registered vehicle in turn, page by page in the order of VINs, spread over `everyMs`, so that the load on the API
 * IoT is even and grows with the fleet alone. Its position is in memory: a restart begins anew, and several processes reconcile
 * several times, which does no harm.
 */
export function reconciler(deps: ReconcilerDeps) {
  const { clock, log, everyMs } = deps;
  let after = '';

  async function reconcilePage(): Promise<void> {
    let page = await vinsAfter(deps, after);
    // Behind a last page that was full: an empty one would cost every vehicle a wait.
    if (page.length === 0) page = await vinsAfter(deps, '');
    after = page.at(-1) ?? '';
    await Promise.all(page.map((vin) => reconcileOne(deps, vin)));
  }

  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'reconciliation.failed',
    async pass() {
      await reconcilePage();
      return clock.now() + Math.round(pageEveryMs(everyMs, await countVehicles(deps)));
    },
    backOff: { baseMs: everyMs, maxMs: everyMs },
  });

  return {
    start(): void {
      loop.start(everyMs);
    },
    stop: () => loop.stop(),
  };
}

/** Reconciles one vehicle. Never rejects: no vehicle costs the others of its page their turn. */
async function reconcileOne(deps: ReconcilerDeps, vin: string): Promise<void> {
  const { log } = deps;
  try {
    const born = await reconcileVehicle(deps, vin);
    if (born.length === 0) return;
    log.info('reconciliation.differs', { vin, born });
    deps.onCommitted(false);
    for (const id of born) await deps.begin(id);
  } catch (error) {
    // Another process was faster, or the database is away: the next pass finds it.
    log.warn('reconciliation.failed', { vin, reason: String(error) });
  }
}

async function vinsAfter({ database }: ReconcilerDeps, last: string): Promise<string[]> {
  const rows = await database.reader
    .selectFrom('vehicles')
    .select('vin')
    .where('vin', '>', last)
    .orderBy('vin')
    .limit(pageMax)
    .execute();
  return rows.map(({ vin }) => vin);
}

async function countVehicles({ database }: ReconcilerDeps): Promise<number> {
  const row = await database.reader
    .selectFrom('vehicles')
    .select((count) => count.fn.countAll<number | string>().as('vehicles'))
    .executeTakeFirstOrThrow();
  return Number(row.vehicles);
}
