import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import type { CommittedWork } from '../store/committed-work.ts';
import { readCursor, setCursor } from '../store/cursors.ts';
import { type ReconciliationDeps, reconcileVehicle } from './reconciliation.ts';

export interface ReconcilerDeps extends ReconciliationDeps {
  readonly log: Log;
  /** Every vehicle is looked at once in this time. */
  readonly everyMs: number;
  /** Takes an activation up that was saved. */
  readonly begin: (id: string) => Promise<unknown>;
  /** Called after each commit that wrote record rows. */
  readonly onCommitted: (work: CommittedWork) => void;
}

/** Rows of `cursors`: how many vehicles, in the order of VINs, the pass has reached, and when its next page is due. */
const positionCursor = 'reconciler.position';
const dueCursor = 'reconciler.due_at';

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
 * IoT is even and grows with the fleet alone. Its position and the instant of its next page are saved, so that it continues
 * there after a restart. Several processes reconcile several times, which does no harm.
 */
export function reconciler(deps: ReconcilerDeps) {
  const { clock, log, everyMs } = deps;
  let after = '';
  /** Vehicles up to and with `after`. */
  let position = 0;
  let isRestored = false;

  /** Continues at the saved position. Resolves with the instant of the next page: within `everyMs`, even after a clock jump. */
  async function restore(): Promise<number> {
    const { reader } = deps.database;
    const saved = await readCursor(reader, positionCursor);
    const dueAt = (await readCursor(reader, dueCursor)) ?? Number.POSITIVE_INFINITY;
    if (saved !== null && saved > 0) {
      after = await vinAt(deps, saved - 1);
      position = after === '' ? 0 : saved;
    }
    isRestored = true;
    return Math.min(dueAt, clock.now() + everyMs);
  }

  async function reconcilePage(): Promise<void> {
    let page = await vinsAfter(deps, after);
    // Behind a last page that was full: an empty one would cost every vehicle a wait.
    if (page.length === 0) {
      page = await vinsAfter(deps, '');
      position = 0;
    }
    after = page.at(-1) ?? '';
    position += page.length;
    await Promise.all(page.map((vin) => reconcileOne(deps, vin)));
  }

  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'reconciliation.failed',
    async pass() {
      if (!isRestored) {
        const dueAt = await restore();
        if (dueAt > clock.now()) return dueAt;
      }
      await reconcilePage();
      const dueAt = clock.now() + Math.round(pageEveryMs(everyMs, await countVehicles(deps)));
      await deps.database.write(async (transaction) => {
        await setCursor(transaction, positionCursor, position);
        await setCursor(transaction, dueCursor, dueAt);
      });
      return dueAt;
    },
    backOff: { baseMs: everyMs, maxMs: everyMs },
  });

  return {
    start(): void {
      loop.start();
    },
    stop: () => loop.stop(),
  };
}

/** Reconciles one vehicle. Never rejects: no vehicle costs the others of its page their turn. */
async function reconcileOne(deps: ReconcilerDeps, vin: string): Promise<void> {
  const { log } = deps;
  try {
    const { begun: createdIds, tickets } = await reconcileVehicle(deps, vin);
    for (const ticket of tickets) log.warn('reconciliation.contradicted', { vin, ...ticket });
    if (createdIds.length > 0) log.info('reconciliation.difference_found', { vin, createdIds });
    if (createdIds.length + tickets.length > 0)
      deps.onCommitted({ notifications: false, tickets: tickets.length > 0 });
    for (const id of createdIds) await deps.begin(id);
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

/** Returns the VIN at this index in the order of VINs; empty behind the last. */
async function vinAt({ database }: ReconcilerDeps, index: number): Promise<string> {
  const row = await database.reader
    .selectFrom('vehicles')
    .select('vin')
    .orderBy('vin')
    .limit(1)
    .offset(index)
    .executeTakeFirst();
  return row?.vin ?? '';
}

async function countVehicles({ database }: ReconcilerDeps): Promise<number> {
  const row = await database.reader
    .selectFrom('vehicles')
    .select((count) => count.fn.countAll<number | string>().as('vehicles'))
    .executeTakeFirstOrThrow();
  return Number(row.vehicles);
}
