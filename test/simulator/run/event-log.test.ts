import { expect, test } from 'vitest';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { eventLog } from '../../../simulator/run/event-log.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';

/** A database whose record has lines of these ids. */
function recordOf(ids: readonly string[]): Pick<Database<PlatformSchema>, 'reader'> {
  const query = { select: () => query, execute: async () => ids.map((id) => ({ id })) };
  return { reader: { selectFrom: () => query } } as never;
}

/** Notes each event at its second, and looks after two events, `first` and `second`, from second 0. */
async function seenWhen(noted: Readonly<Record<number, string>>) {
  const clock = manualClock(0);
  const log = eventLog(clock);
  let seen: readonly string[] | null = null;
  const looking = log
    .seenOf(recordOf(['first', 'second', 'recorded-later']), new Set(['first', 'second']))
    .then((events) => {
      seen = events.map(({ id }) => id);
    });
  let seconds = 0;
  for (; seen === null && seconds < 600; seconds += 1) {
    const id = noted[seconds];
    if (id !== undefined) log.note(JSON.stringify({ id, type: 'a' }));
    await settle();
    await clock.advance(1_000);
    await settle();
  }
  await looking;
  return { seen, seconds };
}

test('waits for each row of the record as long as events keep coming, on a machine of any speed', async () => {
  const { seen } = await seenWhen({ 25: 'other', 50: 'first', 75: 'recorded-later', 100: 'second' });
  expect(seen).toEqual(['other', 'first', 'second']);
});

test('gives up what does not come, half a minute after the event before it', async () => {
  expect(await seenWhen({ 10: 'first' })).toEqual({ seen: ['first'], seconds: 40 });
  expect(await seenWhen({})).toEqual({ seen: [], seconds: 30 });
});
