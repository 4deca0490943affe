import type { Timer } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
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
 * Looks at every registered vehicle in turn, page by page in the order of VINs, spread over `everyMs`, so that the load on the API
 * IoT is even and grows with the fleet alone. Where it stands is in memory: a restart begins anew, and several processes look
 * several times, which does no harm.
 */
export function reconciler(deps: ReconcilerDeps) {
  const { database, clock, log, everyMs } = deps;
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let stopped = true;
  let after = '';

  async function look(vin: string): Promise<void> {
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

  async function vinsAfter(last: string): Promise<string[]> {
    const rows = await database.reader
      .selectFrom('vehicles')
      .select('vin')
      .where('vin', '>', last)
      .orderBy('vin')
      .limit(pageMax)
      .execute();
    return rows.map(({ vin }) => vin);
  }

  async function nextPage(): Promise<void> {
    let page = await vinsAfter(after);
    // Behind a last page that was full: an empty one would cost every vehicle a wait.
    if (page.length === 0) page = await vinsAfter('');
    after = page.at(-1) ?? '';
    await Promise.all(page.map((vin) => look(vin)));
  }

  async function waitMs(): Promise<number> {
    const row = await database.reader
      .selectFrom('vehicles')
      .select((count) => count.fn.countAll<number | string>().as('vehicles'))
      .executeTakeFirstOrThrow();
    return pageEveryMs(everyMs, Number(row.vehicles));
  }

  async function turn(): Promise<void> {
    try {
      await nextPage();
      schedule(await waitMs());
    } catch (error) {
      log.warn('reconciliation.failed', { reason: String(error) });
      schedule(everyMs);
    }
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    timer = clock.setTimer(Math.round(delayMs), () => {
      running = turn().finally(() => {
        running = null;
      });
    });
  }

  return {
    start(): void {
      stopped = false;
      schedule(everyMs);
    },
    async stop(): Promise<void> {
      stopped = true;
      timer?.cancel();
      await running;
    },
  };
}
