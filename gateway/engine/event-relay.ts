import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { cloudEventText } from '../../shared/protocol/cloud-event.ts';
import { subjects } from '../../shared/protocol/subjects.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { moveCursor, readCursor } from '../store/cursors.ts';
import { recordReader } from '../store/record-reader.ts';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';

const cursorName = 'events';
const batchMax = 500;
const backOff = { baseMs: 1_000, maxMs: 4_000 };
/**
 * After a commit the relay waits for further commits: one activation commits a dozen times within a second or two, and each
 * pass costs two reads and a commit of the cursor. No activation waits for an event.
 */
const gatherMs = 50;

/** A CloudEvents 1.0 envelope in JSON format; `subject` is the activation, or the purchase before there is one. */
export function cloudEventOf(row: RecordRow): string {
  return cloudEventText({
    id: row.id,
    source: '/fleetwake/platform',
    type: row.type,
    // What concerns the platform as a whole has none.
    subject: row.activation_id ?? row.purchase_id ?? undefined,
    at: row.at,
    data: {
      purchaseId: row.purchase_id,
      activationId: row.activation_id,
      actor: row.actor,
      ...JSON.parse(row.data),
    },
  });
}

interface RelayDeps {
  readonly database: Database<PlatformSchema>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with what this process published, once the cursor stands behind it. */
  readonly onPublished?: (rows: readonly RecordRow[]) => void;
}

/**
 * Publishes the history as events, in order, at least once: the cursor moves after the stream has stored them, and the
 * row's id is the message id, so a repeat within the stream's duplicate window is dropped. It runs from its creation on.
 */
export function eventRelay(deps: RelayDeps) {
  const { database, bus, clock, log, onPublished } = deps;
  const record = recordReader(deps);
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
    onPublished?.(fresh);
    return !isLast;
  }

  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'events.relay_failed',
    async pass(signal) {
      while ((await relayBatch()) && !signal.aborted);
      return null;
    },
    backOff,
    gatherMs,
    // What was committed in the last moments is published now, and not by the next process.
    finishesOnStop: true,
  });
  loop.start(null);

  return {
    /** There may be new rows, which are published soon. Cheap, and safe to call often. */
    wake: () => loop.wake(),
    stop: () => loop.stop(),
  };
}
