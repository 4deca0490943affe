import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { sleep } from '../../../shared/ports/clock.ts';
import { virtualStorage } from '../../../shared/virtual/database.ts';
import { type VirtualLoop, virtualLoop } from '../../../shared/virtual/loop.ts';

const startAt = 1_800_000_000_000;

describe('the virtual loop', () => {
  it('runs events by due time, then in the order of scheduling, across processes', async () => {
    const loop = virtualLoop({ startAt });
    const seen: string[] = [];
    const set = (process: string, delayMs: number) =>
      loop.clock(process).setTimer(delayMs, () => seen.push(`${process} ${loop.now() - startAt}`));
    set('a', 20);
    set('b', 10);
    set('a', 10);
    set('b', 20);
    const end = await loop.run(() => false);
    expect(seen).toEqual(['b 10', 'a 10', 'a 20', 'b 20']);
    expect(end).toEqual({ ended: 'empty', open: [] });
  });

  it('jumps over a year in which nothing happens, and stops at the limit', async () => {
    const loop = virtualLoop({ startAt });
    const clock = loop.clock('a');
    let woken = 0;
    void sleep(clock, 365 * 86_400_000).then(() => {
      woken = clock.now();
    });
    expect(await loop.run(startAt + 364 * 86_400_000)).toEqual({ ended: 'until', open: [] });
    expect([loop.now() - startAt, woken]).toEqual([364 * 86_400_000, 0]);
    await loop.run(startAt + 366 * 86_400_000);
    expect(woken - startAt).toBe(365 * 86_400_000);
    expect(loop.stats.events).toBe(1);
  });

  it("shows a process its own clock, and never moves time for another's cancelled timer", async () => {
    const loop = virtualLoop({ startAt });
    const late = loop.clock('late', -90_000);
    const timer = late.setTimer(1_000, () => {});
    timer.cancel();
    expect(late.now()).toBe(startAt - 90_000);
    await loop.run(() => false);
    expect(loop.now()).toBe(startAt);
  });

  it('keeps instants whole, and refuses a wait without an end', async () => {
    const loop = virtualLoop({ startAt });
    const clock = loop.clock('a');
    clock.setTimer(0.3, () => {});
    await loop.run(() => false);
    expect(loop.now()).toBe(startAt + 1);
    expect(() => clock.setTimer(Number.POSITIVE_INFINITY, () => {})).toThrow(
      'a timer cannot wait Infinity ms',
    );
  });

  it('rejects with the error of an event, and can continue', async () => {
    const loop = virtualLoop({ startAt });
    const clock = loop.clock('a');
    let isReached = false;
    clock.setTimer(1, () => {
      throw new Error('broken on purpose');
    });
    clock.setTimer(2, () => {
      isReached = true;
    });
    await expect(loop.run(() => false)).rejects.toThrow('broken on purpose');
    await loop.run(() => false);
    expect(isReached).toBe(true);
  });

  it('ends as limit when events breed events at one instant for ever', async () => {
    const loop = virtualLoop({ startAt, eventsMax: 1_000 });
    const clock = loop.clock('a');
    const spin = () => void clock.setTimer(0, spin);
    spin();
    expect((await loop.run(startAt + 1)).ended).toBe('limit');
    expect(loop.stats.events).toBe(1_000);
  });

  it('names what is open when nothing can happen any more', async () => {
    const loop = virtualLoop({ startAt });
    const engine = loop.process('engine');
    engine.clock.setTimer(500, () => {
      void engine.call('write', () => new Promise(() => {}));
    });
    const ended = loop.openWork('sees to it');
    engine.clock.setTimer(600, ended);
    expect(await loop.run(() => false)).toEqual({
      ended: 'deadlock',
      open: [{ name: 'engine: write', sinceAt: startAt + 500 }],
    });
  });
});

/** Everything that ours does between two events: HTTP objects, a router, SQL, hops, ticks, immediates. */
async function deepWork(loop: VirtualLoop): Promise<() => Promise<void>> {
  const storage = virtualStorage<{ counter: { value: number } }>();
  const database = storage.connect(loop.process('api'));
  await database.write((transaction) =>
    transaction.schema.createTable('counter').addColumn('value', 'integer').execute(),
  );
  const app = new Hono();
  app.post('/count', async (context) => {
    const { value } = await context.req.json<{ value: number }>();
    await database.write(async (transaction) => {
      await transaction.insertInto('counter').values({ value }).execute();
    });
    const rows = await database.reader.selectFrom('counter').selectAll().execute();
    return context.json({ rows: rows.length });
  });
  return async () => {
    for (let round = 0; round < 3; round += 1) {
      const body = JSON.stringify({ value: round });
      const response = await app.fetch(new Request('http://api.test/count', { method: 'POST', body }));
      await response.json();
      for (let hop = 0; hop < 200; hop += 1) await null;
      await new Promise<void>((resolve) => setImmediate(resolve));
      await new Promise<void>((resolve) => process.nextTick(resolve));
      await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    }
  };
}

describe('the drain', () => {
  it('lets everything run that one event began before the next event, however deep it goes', async () => {
    const loop = virtualLoop({ startAt });
    const work = await deepWork(loop);
    const seen: string[] = [];
    for (let number = 0; number < 20; number += 1) {
      loop.clock('a').setTimer(number, () => {
        seen.push(`begins ${number}`);
        void work().then(() => seen.push(`ends ${number}`));
      });
    }
    expect((await loop.run(() => false)).ended).toBe('empty');
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => [`begins ${n}`, `ends ${n}`]).flat());
    expect(loop.foreign).toEqual([]);
    expect(loop.stats.turns).toBeGreaterThan(loop.stats.drains * 5);
  });

  it('waits no turn for an immediate that was cleared', async () => {
    const loop = virtualLoop({ startAt });
    loop.clock('a').setTimer(1, () => clearImmediate(setImmediate(() => {})));
    await loop.run(() => false);
    expect(loop.stats.turns).toBe(loop.stats.drains + 1);
  });

  it('shows in a batch a race of check and act that it never shows event by event', async () => {
    async function accepted(batchMs: number): Promise<number> {
      const loop = virtualLoop({ startAt, batchMs });
      const clock = loop.clock('limiter');
      let count = 0;
      // The mistake: looks, waits for a moment, and believes what it saw.
      const tryIt = async () => {
        const seen = count;
        await Promise.resolve();
        if (seen < 10) count += 1;
      };
      for (let index = 0; index < 30; index += 1) clock.setTimer(index, () => void tryIt());
      await loop.run(() => false);
      return count;
    }
    expect(await accepted(0)).toBe(10);
    expect(await accepted(4)).toBe(10);
    expect(await accepted(6)).toBe(14);
  });

  it('runs no event of a batch that an earlier one of it cancelled, or whose process it killed', async () => {
    const loop = virtualLoop({ startAt, batchMs: 10 });
    const seen: string[] = [];
    const a = loop.clock('a');
    a.setTimer(1, () => {
      cancelled.cancel();
      loop.kill('b');
    });
    const cancelled = a.setTimer(2, () => seen.push('cancelled'));
    loop.clock('b').setTimer(3, () => seen.push('dead'));
    a.setTimer(4, () => seen.push('last'));
    await loop.run(() => false);
    expect(seen).toEqual(['last']);
  });
});

describe('the guard', () => {
  async function foreignOf(leak: () => unknown): Promise<string[]> {
    const loop = virtualLoop({ startAt });
    loop.clock('a').setTimer(1, () => void leak());
    await loop.run(startAt + 10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // What Node itself makes further on has no frame of ours.
    expect(loop.foreign[0]?.stack.join('\n')).toContain('loop.test.ts');
    return loop.foreign.map(({ type }) => type);
  }

  it('catches a real timer, with the place that set it', async () => {
    expect(await foreignOf(() => setTimeout(() => {}, 1))).toEqual(['Timeout']);
  });

  it('catches work of the thread pool', async () => {
    expect(await foreignOf(() => readFile('package.json'))).toContain('FSREQPROMISE');
    expect(await foreignOf(() => crypto.subtle.digest('SHA-256', new Uint8Array(1)))).toEqual([
      'HASHREQUEST',
    ]);
  });

  it('catches what a later turn of one drain does', async () => {
    const late = async () => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      setTimeout(() => {}, 1);
    };
    expect(await foreignOf(late)).toEqual(['Timeout']);
  });

  it('catches what was started before the run', async () => {
    const loop = virtualLoop({ startAt });
    const clock = loop.clock('a');
    const started = (async () => {
      await sleep(clock, 1);
      setTimeout(() => {}, 1);
    })();
    await loop.run(startAt + 10);
    await started;
    expect(loop.foreign.map(({ type }) => type)).toEqual(['Timeout']);
  });

  it('ignores what other work of the process does meanwhile', async () => {
    let fired = 0;
    const other = setInterval(() => {
      fired += 1;
      setTimeout(() => {}, 1);
      setImmediate(() => {});
    }, 1);
    try {
      const loop = virtualLoop({ startAt });
      const clock = loop.clock('a');
      const tick = () => void clock.setTimer(1, tick);
      tick();
      await loop.run(() => fired >= 5);
      expect(loop.foreign).toEqual([]);
    } finally {
      clearInterval(other);
    }
  });

  it('ignores a connection from before the run that closes meanwhile', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    let isClosed = false;
    client.resume().once('close', () => {
      isClosed = true;
    });
    setTimeout(() => socket.end('the end'), 1);
    const loop = virtualLoop({ startAt });
    const clock = loop.clock('a');
    const tick = () => void clock.setTimer(1, tick);
    tick();
    await loop.run(() => isClosed);
    expect(loop.foreign).toEqual([]);
    server.close();
  });

  it('ignores work outside of a run', async () => {
    const loop = virtualLoop({ startAt });
    await loop.run(startAt);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(loop.foreign).toEqual([]);
  });
});
