import { describe, expect, it } from 'vitest';
import { sleep } from '../../../shared/ports/clock.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { type VirtualStorage, virtualStorage } from '../../../shared/virtual/database.ts';
import { virtualIds } from '../../../shared/virtual/ids.ts';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import { virtualStream } from '../../../shared/virtual/process-bus.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { virtualTrace } from '../../../shared/virtual/trace.ts';

const startAt = 1_800_000_000_000;

interface Schema {
  account: { name: string; amount: number };
}

async function openStorage(): Promise<VirtualStorage<Schema>> {
  const loop = virtualLoop({ startAt });
  const storage = virtualStorage<Schema>();
  await storage.connect(loop.process('migration')).write((transaction) =>
    transaction.schema
      .createTable('account')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('amount', 'integer')
      .execute(),
  );
  return storage;
}

const insert = (database: Database<Schema>, name: string) =>
  database.write(async (transaction) => {
    await transaction.insertInto('account').values({ name, amount: 1 }).execute();
  });
const namesIn = (storage: VirtualStorage<Schema>) =>
  storage.read<{ name: string }>('select name from account order by name').map(({ name }) => name);

describe('a process that dies', () => {
  it('runs no timer, receives no answer, and runs neither catch nor finally', async () => {
    const loop = virtualLoop({ startAt });
    const engine = loop.process('engine');
    const seen: string[] = [];
    engine.clock.setTimer(20, () => seen.push('timer'));
    const work = async () => {
      try {
        await engine.call('answered', () => sleep(loop.clock('network'), 20));
        seen.push('answered');
      } catch {
        seen.push('catch');
      } finally {
        seen.push('finally');
      }
    };
    void work();
    loop.clock('world').setTimer(10, () => loop.kill('engine'));
    const end = await loop.run(() => false);
    expect([seen, end, engine.isAlive]).toEqual([[], { ended: 'empty', open: [] }, false]);
  });

  it('acts no more: later calls, timers and lines of it are nothing', async () => {
    const loop = virtualLoop({ startAt });
    const trace = virtualTrace({ now: loop.now });
    const engine = loop.process('engine');
    engine.kill();
    const seen: string[] = [];
    void engine.call('late', async () => seen.push('acted'));
    engine.clock.setTimer(1, () => seen.push('timer'));
    trace.log(engine).info('still.here');
    await loop.run(startAt + 10);
    expect([seen, trace.count]).toEqual([[], 0]);
  });

  it('is followed by a restart under its name, with identifiers that differ from all before', async () => {
    const loop = virtualLoop({ startAt });
    const first = loop.process('engine');
    expect(loop.process('engine')).toBe(first);
    expect([loop.kill('engine'), loop.kill('engine')]).toEqual([true, false]);
    const second = loop.process('engine', 250);
    expect([first.life, second.life, second.clock.now() - startAt]).toEqual([1, 2, 250]);
    const made = [first, second].map((process) => virtualIds(process, seededRandom(1)).next('act'));
    expect(made.map((id) => id.length)).toEqual([30, 30]);
    expect(made[0]?.slice(14, 22)).not.toBe(made[1]?.slice(14, 22));
  });

  it('may crash before a call or before its answer; steps are counted over its restarts', async () => {
    async function course(killAt: number): Promise<string[]> {
      const loop = virtualLoop({ startAt });
      const seen: string[] = [];
      loop.onStep(({ process, number, label, phase }) => {
        seen.push(`${number} ${phase} ${label}`);
        if (number === killAt) process.kill();
      });
      const live = async () => {
        const process = loop.process('engine');
        for (const label of ['save', 'send']) {
          await process.call(label, async () => void seen.push(`acts ${label}`));
        }
      };
      void live();
      await loop.run(startAt + 1);
      if (loop.process('engine').life === 2) void live();
      await loop.run(startAt + 2);
      return seen;
    }
    expect(await course(0)).toEqual([
      '1 before save',
      'acts save',
      '2 after save',
      '3 before send',
      'acts send',
      '4 after send',
    ]);
    expect((await course(1)).slice(0, 3)).toEqual(['1 before save', '2 before save', 'acts save']);
    expect((await course(2)).slice(0, 5)).toEqual([
      '1 before save',
      'acts save',
      '2 after save',
      '3 before save',
      'acts save',
    ]);
  });
});

describe('a database that outlives its processes', () => {
  it('rolls back what a dead process had not committed, and lets the next in line write', async () => {
    const storage = await openStorage();
    const loop = virtualLoop({ startAt });
    const [dying, other] = ['dying', 'other'].map((name) => storage.connect(loop.process(name)));
    if (!dying || !other) throw new Error('both are open');
    const outcomes: string[] = [];
    await insert(dying, 'before');
    const note = (text: string) => () => void outcomes.push(text);
    void dying
      .write(async (transaction) => {
        await transaction.insertInto('account').values({ name: 'half', amount: 1 }).execute();
        await sleep(loop.clock('dying'), 100);
      })
      .then(note('dying done'), note('dying failed'));
    void insert(other, 'other').then(note('other done'), note('other failed'));
    loop.clock('world').setTimer(50, () => loop.kill('dying'));
    await loop.run(startAt + 40);
    expect(outcomes).toEqual([]);
    await loop.run(startAt + 200);
    expect(outcomes).toEqual(['other done']);
    expect(namesIn(storage)).toEqual(['before', 'other']);
    storage.close();
  });

  it('passes over a process that died while it waited for its turn', async () => {
    const storage = await openStorage();
    const loop = virtualLoop({ startAt });
    void storage.connect(loop.process('first')).write(() => sleep(loop.clock('first'), 100));
    void insert(storage.connect(loop.process('dying')), 'dying');
    void insert(storage.connect(loop.process('last')), 'last');
    loop.clock('world').setTimer(50, () => loop.kill('dying'));
    expect(await loop.run(() => false)).toEqual({ ended: 'empty', open: [] });
    expect(namesIn(storage)).toEqual(['last']);
    storage.close();
  });

  it('keeps what was committed though the process died before it heard so', async () => {
    const storage = await openStorage();
    const loop = virtualLoop({ startAt });
    loop.onStep(({ process, phase }) => {
      if (phase === 'after') process.kill();
    });
    let isHeard: boolean = false;
    void insert(storage.connect(loop.process('engine')), 'kept').then(() => {
      isHeard = true;
    });
    await loop.run(startAt + 10);
    expect([isHeard, namesIn(storage)]).toEqual([false, ['kept']]);
    storage.close();
  });

  it('runs no statement of a process that was killed between two of them', async () => {
    const storage = await openStorage();
    const loop = virtualLoop({ startAt });
    const engine = loop.process('engine');
    const database = storage.connect(engine);
    void database.write(async (transaction) => {
      await transaction.insertInto('account').values({ name: 'first', amount: 1 }).execute();
      engine.kill();
      await transaction.insertInto('account').values({ name: 'second', amount: 1 }).execute();
    });
    expect(await loop.run(() => false)).toEqual({ ended: 'empty', open: [] });
    expect(namesIn(storage)).toEqual([]);
    storage.close();
  });

  it('reports the reader inside a write for what it is: a wait without an end', async () => {
    const storage = await openStorage();
    const loop = virtualLoop({ startAt });
    const database = storage.connect(loop.process('engine'));
    void database.write(async () => {
      await database.reader.selectFrom('account').selectAll().execute();
    });
    expect(await loop.run(() => false)).toEqual({
      ended: 'deadlock',
      open: [{ name: 'engine: write', sinceAt: startAt }],
    });
  });

  it('starts from a template with its tables and rows', async () => {
    const storage = await openStorage();
    const loop = virtualLoop({ startAt });
    await insert(storage.connect(loop.process('engine')), 'a');
    const copy = virtualStorage<Schema>(storage.serialize());
    await insert(copy.connect(loop.process('engine')), 'b');
    expect([namesIn(storage), namesIn(copy)]).toEqual([['a'], ['a', 'b']]);
  });

  it('is rewound to its opening, even if a process crashed during a transaction or waited for one', async () => {
    const template = await openStorage();
    const storage = virtualStorage<Schema>(template.serialize());
    for (const name of ['first', 'second']) {
      const loop = virtualLoop({ startAt });
      await insert(storage.connect(loop.process('engine')), name);
      void storage.connect(loop.process('holding')).write(async (transaction) => {
        await transaction.insertInto('account').values({ name: 'uncommitted', amount: 1 }).execute();
        await new Promise(() => {});
      });
      void insert(storage.connect(loop.process('waiting')), 'waiting');
      await loop.run(startAt);
      expect(namesIn(storage)).toEqual([name, 'uncommitted']);
      loop.killAll();
      storage.rewind();
      expect(namesIn(storage)).toEqual([]);
    }
  });
});

describe('the stream server', () => {
  const wake = {
    stream: 'FLEETWAKE_WAKEUPS',
    durable: 'engine',
    subject: 'fleetwake.wake.>',
    ackWaitMs: 30_000,
    concurrency: 4,
  };

  it('redelivers unacknowledged messages of a crashed process after its restart and the acknowledgement time', async () => {
    const loop = virtualLoop({ startAt });
    const stream = virtualStream({ loop });
    const seen: (readonly [number, number, number])[] = [];
    const live = (isStuck: boolean) => {
      const process = loop.process('engine');
      void stream.connect(process).consume(wake, async (delivery) => {
        seen.push([process.life, loop.now() - startAt, delivery.deliveryCount]);
        if (isStuck) await sleep(process.clock, 1_000);
        delivery.ack();
      });
    };
    live(true);
    void stream.connect(loop.process('platform')).publish('fleetwake.wake.a', 'a');
    loop.clock('world').setTimer(500, () => loop.kill('engine'));
    loop.clock('world').setTimer(600, () => live(false));
    expect((await loop.run(() => false)).ended).toBe('empty');
    expect(seen).toEqual([
      [1, 0, 1],
      [2, 30_000, 2],
    ]);
  });

  it('delivers nothing to a crashed process: a running one gets the message at once', async () => {
    const loop = virtualLoop({ startAt });
    const stream = virtualStream({ loop });
    const seen: string[] = [];
    for (const name of ['one', 'two']) {
      void stream.connect(loop.process(name)).consume(wake, async ({ payload, ack }) => {
        seen.push(`${name} ${payload} at ${loop.now() - startAt}`);
        ack();
      });
    }
    await loop.run(startAt);
    loop.kill('one');
    const bus = stream.connect(loop.process('platform'));
    for (const payload of ['a', 'b']) void bus.publish('fleetwake.wake.a', payload);
    await loop.run(() => false);
    expect(seen).toEqual(['two a at 0', 'two b at 0']);
  });

  it('refuses while it is down, delivers afterwards, and may store a message without acknowledging it', async () => {
    const loop = virtualLoop({ startAt });
    const stream = virtualStream({ loop });
    const seen: string[] = [];
    const bus = stream.connect(loop.process('engine'));
    await bus.consume(wake, async ({ payload, ack }) => {
      seen.push(`${payload} at ${loop.now() - startAt}`);
      ack();
    });
    const publish = (payload: string) =>
      bus.publish('fleetwake.wake.a', payload, { messageId: payload }).then(
        () => 'stored',
        (error: unknown) => (error as Error).name,
      );
    await publish('a');
    stream.setDown(true);
    const refused = await publish('b');
    await loop.run(startAt + 40_000);
    stream.setDown(false);
    stream.onPublish(() => ({ kind: 'answer_lost' }));
    const unheard = await publish('c');
    stream.onPublish(() => null);
    const repeated = await publish('c');
    await loop.run(() => false);
    expect([refused, unheard, repeated]).toEqual(['BusUnavailable', 'BusUnavailable', 'stored']);
    expect(seen).toEqual(['a at 0', 'c at 40000']);
  });

  it('receives no acknowledgement while it is down, and delivers again', async () => {
    const loop = virtualLoop({ startAt });
    const stream = virtualStream({ loop });
    const seen: string[] = [];
    const bus = stream.connect(loop.process('engine'));
    await bus.consume(wake, async ({ deliveryCount, ack }) => {
      seen.push(`${deliveryCount} at ${loop.now() - startAt}`);
      stream.setDown(deliveryCount === 1);
      ack();
    });
    loop.clock('world').setTimer(10_000, () => stream.setDown(false));
    await bus.publish('fleetwake.wake.a', 'a');
    await loop.run(() => false);
    expect(seen).toEqual(['1 at 0', '2 at 30000']);
  });
});
