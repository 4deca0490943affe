import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { subjects } from '../../shared/protocol/subjects.ts';
import { moveCursor, readCursor } from '../store/cursors.ts';
import { recordReader } from '../store/record-reader.ts';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';

const cursorName = 'events';
const batchMax = 500;
const retryMs = 1_000;
/**
 * After a commit the relay waits for what else is committed: one activation commits a dozen times within a second or two, and
 * each look costs two reads and a commit of the cursor. Nobody's activation waits for an event.
 */
const gatherMs = 50;

/** A CloudEvents 1.0 envelope in JSON format; `subject` is the activation, or the purchase before there is one. */
export function cloudEventOf(row: RecordRow): string {
  return JSON.stringify({
    specversion: '1.0',
    id: row.id,
    source: '/fleetwake/platform',
    type: `fleetwake.${row.type}`,
    subject: row.activation_id ?? row.purchase_id,
    time: isoText(row.at),
    datacontenttype: 'application/json',
    data: {
      purchaseId: row.purchase_id,
      activationId: row.activation_id,
      actor: row.actor,
      ...JSON.parse(row.data),
    },
  });
}

/**
 * Publishes the record as events, in order, at least once: the cursor moves after the stream has stored them, and the
 * record row's id is the message id, so a repeat within the stream's duplicate window is dropped.
 */
export function eventRelay(deps: { database: Database<PlatformSchema>; bus: Bus; clock: Clock; log: Log }) {
  const { database, bus, clock, log } = deps;
  const record = recordReader(deps);
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let timer: Timer | null = null;
  let cursor = 0;

  /** Publishes one batch; false when it was the last. */
  async function relayBatch(): Promise<boolean> {
    const { rows, isLast } = await record.read(cursor, batchMax);
    const last = rows.at(-1);
    if (!last) return false;
    // Another process may have published since: what is older than the duplicate window would come twice.
    const published = (await readCursor(database.reader, cursorName)) ?? 0;
    if (last.seq <= published) {
      cursor = published;
      return true;
    }
    const fresh = rows.filter((row) => row.seq > published);
    await Promise.all(
      fresh.map((row) => bus.publish(subjects.event(row.type), cloudEventOf(row), { messageId: row.id })),
    );
    await database.write((transaction) => moveCursor(transaction, cursorName, last.seq));
    cursor = last.seq;
    return !isLast;
  }

  async function run(): Promise<void> {
    try {
      again = false;
      while ((await relayBatch()) && !stopped);
      running = null;
      if (again) look(gatherMs);
    } catch (error) {
      log.warn('events.relay_failed', { reason: String(error) });
      running = null;
      look(retryMs);
    }
  }

  /** One look waits, however many commits wake the relay meanwhile. */
  function look(afterMs: number): void {
    if (stopped) return;
    timer ??= clock.setTimer(afterMs, () => {
      timer = null;
      running = run();
    });
  }

  function wake(): void {
    again = true;
    if (running === null) look(gatherMs);
  }

  return {
    /** There may be new rows, which are published soon. Cheap, and safe to call often. */
    wake,
    async stop(): Promise<void> {
      stopped = true;
      timer?.cancel();
      await running;
      // What was committed in the last moments is told now, and not by whoever starts next.
      if (again) await run();
    },
  };
}
