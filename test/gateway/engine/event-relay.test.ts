import { describe, expect, it } from 'vitest';
import { cloudEventOf, eventRelay } from '../../../gateway/engine/event-relay.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema, RecordRow } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Bus } from '../../../shared/ports/bus.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { type Log, silentLog } from '../../../shared/ports/log.ts';
import { latch } from '../../helpers/latch.ts';
import { type ManualClock, manualClock, settle } from '../../helpers/manual-clock.ts';
import { until } from '../../helpers/until.ts';

const startAt = 1_800_000_000_000;
/** A relay that is woken waits so long for what else is committed. */
const gatherMs = 50;

interface World {
  readonly clock: ManualClock;
  readonly database: Database<PlatformSchema>;
  /** What was published, as `name messageId`. */
  readonly published: string[];
  /** What a relay told that it had published, as `name id`. */
  readonly counted: string[];
  /** The subject and the payload of each. */
  readonly sent: [subject: string, payload: string][];
  /** What the relays complained of. */
  readonly warnings: unknown[];
  /** Asked before each publication: may reject, or wait. */
  gate: () => Promise<void>;
  relay(name: string): ReturnType<typeof eventRelay>;
  write(...ids: string[]): Promise<unknown>;
  cursor(): Promise<number | undefined>;
  /** How many transactions have written. */
  writes(): number;
}

function row(id: string) {
  return { id, purchase_id: null, activation_id: null, at: 0, type: 'x', actor: 'engine', data: '{}' };
}

async function withWorld(run: (world: World) => Promise<void>): Promise<void> {
  const opened = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(opened);
  let writes = 0;
  const database: Database<PlatformSchema> = {
    ...opened,
    write(work) {
      writes += 1;
      return opened.write(work);
    },
  };
  const relays: ReturnType<typeof eventRelay>[] = [];
  const clock = manualClock(startAt);
  const [published, sent, warnings]: [string[], World['sent'], unknown[]] = [[], [], []];
  const counted: string[] = [];
  const log: Log = { ...silentLog, warn: (event, fields) => warnings.push([event, fields]) };
  const world: World = {
    ...{ clock, database, published, counted, sent, warnings },
    gate: async () => {},
    writes: () => writes,
    relay(name) {
      const bus: Bus = {
        async publish(subject, payload, options) {
          await world.gate();
          published.push(`${name} ${options?.messageId}`);
          sent.push([subject, payload]);
        },
        consume: () => Promise.reject(new Error('nobody consumes here')),
        problem: () => null,
        close: async () => {},
      };
      const onPublished = (rows: readonly RecordRow[]) =>
        counted.push(...rows.map(({ id }) => `${name} ${id}`));
      const relay = eventRelay({ database, bus, clock, log, onPublished });
      relays.push(relay);
      return relay;
    },
    write: (...ids) =>
      database.write((transaction) => transaction.insertInto('record').values(ids.map(row)).execute()),
    cursor: async () => (await database.reader.selectFrom('cursors').select('seq').execute())[0]?.seq,
  };
  try {
    await run(world);
  } finally {
    for (const relay of relays) await relay.stop();
    await database.close();
  }
}

const failed = (failures: number) => ['events.relay_failed', { failures, reason: 'Error: NATS is away' }];
const away = () => Promise.reject(new Error('NATS is away'));

describe('A line of the record as a CloudEvent', () => {
  const line: RecordRow = {
    seq: 7,
    id: 'rec_7',
    purchase_id: 'pur_1',
    activation_id: 'act_1',
    at: 1_500,
    type: 'activation.success',
    actor: 'vehicle',
    data: '{"attempt":2,"evidence":"result"}',
  };

  it('says whose activation it is, who spoke, and what', () => {
    expect(JSON.parse(cloudEventOf(line))).toEqual({
      specversion: '1.0',
      id: 'rec_7',
      source: '/fleetwake/platform',
      type: 'fleetwake.activation.success',
      subject: 'act_1',
      time: '1970-01-01T00:00:01.500Z',
      datacontenttype: 'application/json',
      data: {
        purchaseId: 'pur_1',
        activationId: 'act_1',
        actor: 'vehicle',
        attempt: 2,
        evidence: 'result',
      },
    });
  });

  it('is about the purchase before there is an activation', () => {
    expect(JSON.parse(cloudEventOf({ ...line, activation_id: null }))).toMatchObject({
      subject: 'pur_1',
      data: { purchaseId: 'pur_1', activationId: null },
    });
  });
});

it('publishes each line on the subject of its type, under its own id', () =>
  withWorld(async (world) => {
    await world.write('rec_1');
    world.relay('one').wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 1, 'it has published');
    expect(world.published).toEqual(['one rec_1']);
    const [subject, payload] = world.sent[0] ?? [];
    expect(subject).toBe('fleetwake.events.x');
    expect(JSON.parse(payload ?? '')).toMatchObject({ id: 'rec_1', type: 'fleetwake.x' });
  }));

it('continues where another process stopped, and republishes nothing older than the duplicate window', () =>
  withWorld(async (world) => {
    const [first, second] = [world.relay('first'), world.relay('second')];
    await world.write('rec_1');
    second.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 1, 'the second has published');
    await world.write('rec_2', 'rec_3');
    first.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 3, 'the first has published');
    await world.write('rec_4');
    second.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 4, 'the second has gone on');
    const inOrder = ['second rec_1', 'first rec_2', 'first rec_3', 'second rec_4'];
    expect(world.published).toEqual(inOrder);
    expect(world.counted).toEqual(inOrder);
  }));

it('publishes and writes nothing where another process has published all, and then what is new', () =>
  withWorld(async (world) => {
    const [first, second] = [world.relay('first'), world.relay('second')];
    await world.write('rec_1', 'rec_2');
    first.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 2, 'the first has published');
    const before = world.writes();
    second.wake();
    await world.clock.advance(gatherMs);
    expect(world.writes()).toBe(before);
    await world.write('rec_3');
    second.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 3, 'the second has gone on');
    expect(world.published).toEqual(['first rec_1', 'first rec_2', 'second rec_3']);
    expect(world.writes()).toBe(before + 2);
  }));

it('skips everything that another process has published, at once', () =>
  withWorld(async (world) => {
    const [first, second] = [world.relay('first'), world.relay('second')];
    await world.write(...Array.from({ length: 501 }, (_, index) => `rec_${index + 1}`));
    first.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 501, 'the first has published');
    await world.write('rec_502');
    second.wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 502, 'the second has gone on');
    expect(world.published.slice(501)).toEqual(['second rec_502']);
  }));

it('says nothing where there is nothing to publish', () =>
  withWorld(async (world) => {
    world.relay('one').wake();
    await world.clock.advance(gatherMs);
    expect([world.published, world.warnings, world.clock.pending()]).toEqual([[], [], []]);
  }));

it('continues by itself until nothing is left, page by page', () =>
  withWorld(async (world) => {
    const ids = Array.from({ length: 1_201 }, (_, index) => `rec_${index + 1}`);
    await world.write(...ids);
    world.relay('one').wake();
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 1_201, 'all is published');
    expect(world.published).toEqual(ids.map((id) => `one ${id}`));
  }));

it('reads again what was written while it published', () =>
  withWorld(async (world) => {
    const held = latch();
    world.gate = held.wait;
    await world.write('rec_1');
    const relay = world.relay('one');
    relay.wake();
    await world.clock.advance(gatherMs);
    await world.write('rec_2');
    relay.wake();
    // It is not begun a second time beside itself, however long the first takes.
    expect(world.clock.pending()).toEqual([]);
    world.gate = async () => {};
    held.letGo();
    await until(async () => (await world.cursor()) === 1, 'the first is published');
    await world.clock.advance(gatherMs);
    await until(async () => (await world.cursor()) === 2, 'both are published');
    expect(world.published).toEqual(['one rec_1', 'one rec_2']);
  }));

it('tries again 1 s and 2 s after failures in a row, however often it is woken', () =>
  withWorld(async (world) => {
    world.gate = away;
    await world.write('rec_1');
    const relay = world.relay('one');
    relay.wake();
    await world.clock.advance(gatherMs);
    for (let woken = 0; woken < 3; woken += 1) relay.wake();
    expect(world.warnings).toEqual([failed(1)]);
    expect(world.clock.pending()).toEqual([startAt + gatherMs + 1_000]);
    await world.clock.advance(1_000);
    expect(world.warnings).toEqual([failed(1), failed(2)]);
    expect(world.clock.pending()).toEqual([startAt + gatherMs + 3_000]);
    expect(await world.cursor()).toBeUndefined();
    expect(world.counted).toEqual([]);
    world.gate = async () => {};
    await world.clock.advance(2_000);
    await until(async () => (await world.cursor()) === 1, 'it has published');
    expect(world.published).toEqual(['one rec_1']);
    expect(world.counted).toEqual(['one rec_1']);
    expect(world.clock.pending()).toEqual([]);
  }));

it('does nothing once it was stopped, not even a try that waits', () =>
  withWorld(async (world) => {
    const relay = world.relay('one');
    world.gate = away;
    await world.write('rec_1');
    relay.wake();
    await world.clock.advance(gatherMs);
    await relay.stop();
    expect(world.clock.pending()).toEqual([]);
    world.gate = async () => {};
    relay.wake();
    await world.clock.advance(gatherMs);
    expect([world.published, world.clock.pending()]).toEqual([[], []]);
  }));

it('ends what is under way when it is stopped, and tells what was committed meanwhile', () =>
  withWorld(async (world) => {
    const held = latch();
    world.gate = held.wait;
    await world.write('rec_1');
    const relay = world.relay('one');
    relay.wake();
    await world.clock.advance(gatherMs);
    await world.write('rec_2');
    relay.wake();
    let isStopped = false;
    const stopping = relay.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);
    world.gate = async () => {};
    held.letGo();
    await stopping;
    expect([world.published, await world.cursor()]).toEqual([['one rec_1', 'one rec_2'], 2]);
    expect(world.clock.pending()).toEqual([]);
  }));

it('leaves no try behind when it fails while it is stopped', () =>
  withWorld(async (world) => {
    let fail: (error: Error) => void = () => {};
    world.gate = () =>
      new Promise<void>((_, reject) => {
        fail = reject;
      });
    await world.write('rec_1');
    const relay = world.relay('one');
    relay.wake();
    await world.clock.advance(gatherMs);
    const stopping = relay.stop();
    fail(new Error('NATS is away'));
    await stopping;
    expect(world.warnings).toEqual([failed(1)]);
    expect(world.clock.pending()).toEqual([]);
  }));

it('looks once for what is committed within 50 ms', () =>
  withWorld(async (world) => {
    const relay = world.relay('one');
    await world.write('rec_1');
    relay.wake();
    await world.clock.advance(gatherMs - 1);
    await world.write('rec_2');
    relay.wake();
    expect(world.published).toEqual([]);
    const before = world.writes();
    await world.clock.advance(1);
    await until(async () => (await world.cursor()) === 2, 'both are published');
    expect(world.published).toEqual(['one rec_1', 'one rec_2']);
    expect(world.writes()).toBe(before + 1);
  }));
