import { describe, expect, it } from 'vitest';
import { type Activation, newActivation, newDeactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import type { EngineDeps } from '../../../gateway/engine/engine.ts';
import type { Entitlement } from '../../../gateway/entitlement/entitlement.ts';
import { insertActivation, loadActivation } from '../../../gateway/store/activations.ts';
import { insertEntitlement } from '../../../gateway/store/entitlements.ts';
import { StaleRow } from '../../../gateway/store/stale-row.ts';
import type { Bus, ConsumeOptions, Delivery } from '../../../shared/ports/bus.ts';
import type { Log } from '../../../shared/ports/log.ts';
import {
  bootEngine,
  newEngine,
  type Outside,
  payment,
  phaseOf,
  placeOrder,
  recordOf,
  vin,
  withOutside,
} from '../../helpers/engine-under-test.ts';
import { latch } from '../../helpers/latch.ts';
import { settle } from '../../helpers/manual-clock.ts';
import { until } from '../../helpers/until.ts';
import { rowsOf, saveNew } from './rows.ts';

const second = 1_000;
const sweepEveryMs = 60 * second;
const graceMs = 5 * second;

/** A bus that hands out what the test says, and nothing by itself. */
function handBus() {
  const published: unknown[] = [];
  let handle: (delivery: Delivery) => Promise<void> = () => Promise.reject(new Error('nobody consumes'));
  const bench = {
    published,
    consumed: null as ConsumeOptions | null,
    isStopped: false,
    /** Asked before each publication: may reject, or wait. */
    gate: async (_id: string): Promise<void> => {},
    bus: {
      async publish(subject, payload, options) {
        await bench.gate(payload);
        published.push([subject, payload, options]);
      },
      async consume(options, given) {
        bench.consumed = options;
        handle = given;
        return {
          async stop() {
            bench.isStopped = true;
          },
        };
      },
      problem: () => null,
      close: async () => {},
    } satisfies Bus,
    /** Result of a message: acknowledged, or nak'ed with this delay in milliseconds. */
    async deliver(id: string, sequence = 1): Promise<string> {
      const answers: string[] = [];
      await handle({
        subject: `fleetwake.wake.${id}`,
        payload: id,
        headers: {},
        deliveryCount: 1,
        sequence,
        ack: () => answers.push('ack'),
        nak: (delayMs) => answers.push(`nak ${delayMs}`),
      });
      return answers.join(', ');
    },
  };
  return bench;
}

/** An engine whose bus is in the test's hands; `told` has its log and its commits, in order. */
async function withEngine(
  outside: Outside,
  run: (scene: Scene) => Promise<void>,
  changes: Partial<EngineDeps> = {},
): Promise<void> {
  const bench = handBus();
  const told: unknown[] = [];
  const level =
    (name: string): Log['info'] =>
    (event, fields) => {
      // Ends of attempts and activations are tried in fact-report.test.ts.
      if (!/^activation\.(attempt_)?ended$/.test(event)) told.push([name, event, fields]);
    };
  const engine = await bootEngine(outside, undefined, {
    bus: bench.bus,
    log: { info: level('info'), warn: level('warn'), error: level('error') },
    onCommitted: ({ notifications }) => told.push(['committed', notifications]),
    ...changes,
  });
  told.length = 0;
  try {
    await run({ engine, bench, told });
  } finally {
    await engine.stop();
  }
}
interface Scene {
  readonly engine: Awaited<ReturnType<typeof bootEngine>>;
  readonly bench: ReturnType<typeof handBus>;
  readonly told: unknown[];
}

const order = { vin, serviceId: 'seats', feature: 'heated_seats', policy: standardPolicy };

const isCommit = (line: unknown) => Array.isArray(line) && line[0] === 'committed';

/** A state that no run brings about: it was to be checked, and what is due of it is not possible. */
function stuck(at: number): Activation {
  const sale = newActivation({ ...order, id: 'act_stuck' }, payment, at);
  return { ...sale, phase: 'waiting_backoff', dueAt: at, settlement: null };
}

const owned: Entitlement = {
  id: 'ent_1',
  vin,
  feature: 'heated_seats',
  serviceId: 'seats',
  customerId: 'cus_1',
  purchaseId: null,
  source: 'purchase',
  validFrom: 0,
  validUntil: 1_000,
  end: null,
};
const own = (outside: Outside, ...entitlements: Entitlement[]) =>
  outside.database.write(async (transaction) => {
    for (const one of entitlements) await insertEntitlement(transaction, one);
  });

/** A database that cannot be read. */
function unreadable(outside: Outside) {
  const away = () => {
    throw new Error('the database is away');
  };
  const reader = { selectFrom: away, getExecutor: away } as never;
  return { ...outside.database, reader };
}

describe('At its start', () => {
  it('it takes its share of all wake-ups, and looks for what is overdue', () =>
    withOutside(async (outside) => {
      const at = outside.clock.now();
      await saveNew(outside, newDeactivation({ ...order, id: 'act_1' }, 'deactivation', at - graceMs));
      await withEngine(outside, async ({ bench }) => {
        expect(bench.consumed).toEqual({
          stream: 'FLEETWAKE_WAKEUPS',
          durable: 'engine',
          subject: 'fleetwake.wake.>',
          ackWaitMs: 60_000,
          concurrency: 256,
        });
        expect(bench.published).toEqual([
          ['fleetwake.wake.act_1', 'act_1', { messageId: `act_1:${at - graceMs}` }],
        ]);
      });
    }));
});

describe('Its sweep', () => {
  it('wakes what has been due for a while, and tells how much that is', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        const at = outside.clock.now() + sweepEveryMs - graceMs;
        await saveNew(outside, newDeactivation({ ...order, id: 'act_1' }, 'deactivation', at));
        await saveNew(outside, newDeactivation({ ...order, id: 'act_2' }, 'deactivation', at + 1));
        await own(outside, { ...owned, validUntil: at }, { ...owned, id: 'ent_2', validUntil: at + 1 });
        await outside.clock.advance(sweepEveryMs - 1);
        expect([bench.published, told]).toEqual([[], []]);
        await outside.clock.advance(1);
        expect(bench.published).toEqual([
          ['fleetwake.wake.act_1', 'act_1', { messageId: `act_1:${at}` }],
          ['fleetwake.wake.ent_1', 'ent_1', { messageId: `ent_1:${at}` }],
        ]);
        expect(told).toEqual([
          ['info', 'engine.sweep', { overdue: 2 }],
          ['committed', true],
        ]);
        await outside.clock.advance(sweepEveryMs);
        expect(bench.published).toHaveLength(6);
      }),
    ));

  it('that finds nothing says nothing, and comes again', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ told }) => {
        await outside.clock.advance(3 * sweepEveryMs);
        expect(told).toEqual([
          ['committed', true],
          ['committed', true],
          ['committed', true],
        ]);
      }),
    ));

  /** So many deactivations, all due at once. */
  async function manyDue(outside: Outside, count: number) {
    const at = outside.clock.now();
    await outside.database.write(async (transaction) => {
      for (let index = 0; index < count; index += 1) {
        const id = `act_${String(index).padStart(4, '0')}`;
        const one = newDeactivation({ ...order, id }, 'deactivation', at);
        await insertActivation(transaction, one, { purchaseId: null, parentId: null, priority: 1 });
      }
    });
  }

  it.each([999, 1_000, 1_001])('wakes all once, however many are due: %i', (count) =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await manyDue(outside, count);
        await outside.clock.advance(sweepEveryMs);
        const woken = bench.published.map((one) => (one as string[])[1]);
        expect(new Set(woken).size).toBe(count);
        expect(woken).toHaveLength(count);
        expect(told[0]).toEqual(['info', 'engine.sweep', { overdue: count }]);
      }),
    ),
  );

  it('works on all of them itself where there is no bus', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await manyDue(outside, 1_001);
        bench.gate = () => Promise.reject(new Error('NATS is away'));
        await outside.clock.advance(sweepEveryMs);
        await until(() => told.filter((line) => isCommit(line)).length > 1_001, 'all are worked on');
        expect(told.filter((line) => !isCommit(line))).toEqual([
          ['info', 'engine.sweep', { overdue: 1_001 }],
          ['warn', 'engine.wake_up_lost', { lost: 1_001 }],
        ]);
      }),
    ));

  it('continues after lost wake-ups, of activations and of entitlements', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await manyDue(outside, 1_001);
        await own(outside, owned);
        bench.gate = async (id) => {
          if (id === 'act_0000' || id === 'act_1000' || id === 'ent_1') throw new Error('NATS is away');
        };
        await outside.clock.advance(sweepEveryMs);
        expect(told.filter((line) => !isCommit(line))).toEqual([
          ['info', 'engine.sweep', { overdue: 1_002 }],
          ['warn', 'engine.wake_up_lost', { lost: 3 }],
        ]);
        expect(bench.published).toHaveLength(1_000);
      }),
    ));

  it('that fails is logged for an operator, and delivered again', () =>
    withOutside(async (outside) => {
      const database = { ...outside.database };
      await withEngine(
        outside,
        async ({ told }) => {
          Object.assign(database, unreadable(outside));
          await outside.clock.advance(2 * sweepEveryMs);
          const failed = (failures: number) => [
            'warn',
            'engine.sweep_failed',
            { failures, reason: 'Error: the database is away' },
          ];
          expect(told).toEqual([failed(1), failed(2)]);
        },
        { database },
      );
    }));
});

describe('A message', () => {
  it('of an unknown activation is acknowledged and logged', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        expect(await bench.deliver('act_gone')).toBe('ack');
        expect(await bench.deliver('ent_gone')).toBe('ack');
        expect(told).toEqual([
          ['warn', 'engine.wake_up_unknown_id', { id: 'act_gone' }],
          ['warn', 'engine.wake_up_unknown_id', { id: 'ent_gone' }],
        ]);
      }),
    ));

  it('of an activation waits for its next moment; another one goes; the last one too', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench }) => {
        await placeOrder(outside);
        expect(await bench.deliver('act_1', 1)).toBe('nak 30000');
        expect(await bench.deliver('act_1', 2)).toBe('ack');
        await outside.clock.advance(10 * second);
        expect(await bench.deliver('act_1', 1)).toBe('nak 20000');
        await outside.clock.advance(20 * second);
        expect(await bench.deliver('act_1', 1)).toBe('ack');
        expect(await phaseOf(outside, 'act_1')).toBe('active');
      }),
    ));

  it('of an entitlement ends it, and wakes the deactivation that follows', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await own(outside, owned);
        expect(await bench.deliver('ent_1')).toBe('ack');
        const [deactivation] = await rowsOf(outside, 'activations');
        expect(bench.published).toEqual([[`fleetwake.wake.${deactivation?.id}`, deactivation?.id, {}]]);
        expect(told).toEqual([['committed', true]]);
      }),
    ));

  it('of what cannot move comes back after a second, and its work is tried once', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await saveNew(outside, stuck(outside.clock.now()));
        expect(await bench.deliver('act_stuck')).toBe('nak 1000');
        const rejected = [
          'warn',
          'transition.rejected',
          { id: 'act_stuck', event: 'attempt_started', reason: 'the vehicle was not checked yet' },
        ];
        // Decided by the effect, and by the rows in the transaction that saves.
        expect(told).toEqual([rejected, rejected]);
        expect(await rowsOf(outside, 'activations')).toMatchObject([{ version: 1 }]);
      }),
    ));

  it('of what has nothing to do though its moment has come, comes back after a second', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await saveNew(outside, { ...stuck(outside.clock.now()), phase: 'sending_command' });
        expect(await bench.deliver('act_stuck')).toBe('nak 1000');
        expect(told).toEqual([]);
      }),
    ));

  it('of what never waits has its turn after 32 steps, and comes back for the next', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench }) => {
        // A policy of a time before policies were checked: no wait between two attempts.
        const policy = { ...standardPolicy, maxRetries: 100, baseDelayMs: 0 };
        const endless = newDeactivation(
          { ...order, id: 'act_1', policy },
          'deactivation',
          outside.clock.now(),
        );
        await saveNew(outside, endless);
        const notNow = {
          category: 'vehicle_not_ready',
          code: 'failed',
          message: 'not now',
          temporary: true,
          mayHaveSucceeded: false,
        } as const;
        outside.vehicle.script = [{ ok: false, failure: notNow }];
        const sent = async () =>
          (await loadActivation(outside.database.reader, 'act_1'))?.activation.attempts.length;
        expect(await bench.deliver('act_1')).toBe('nak 1000');
        expect(await sent()).toBe(16);
        expect(await bench.deliver('act_1')).toBe('nak 1000');
        expect(await sent()).toBe(32);
      }),
    ));
});

describe('Work that throws', () => {
  it('comes back after a second, then after twice as long each time up to half a minute', () =>
    withOutside(async (outside) => {
      let isBroken = true;
      const modelOf = async () => {
        if (isBroken) throw new Error('a mistake of ours');
        return 'aurora-2026';
      };
      await withEngine(
        outside,
        async ({ bench, told }) => {
          await placeOrder(outside);
          const answers: string[] = [];
          for (let tried = 0; tried < 7; tried += 1) answers.push(await bench.deliver('act_1'));
          expect(answers.map((answer) => Number(answer.split(' ')[1]) / second)).toEqual([
            1, 2, 4, 8, 16, 30, 30,
          ]);
          const failures = told.filter((one) => (one as string[])[0] === 'error');
          expect(failures[6]).toEqual([
            'error',
            'engine.work_failed',
            { id: 'act_1', failures: 7, reason: 'Error: a mistake of ours' },
          ]);
          isBroken = false;
          expect(await bench.deliver('act_1')).toBe('nak 30000');
          isBroken = true;
          await placeOrder(outside, { id: 'act_2', feature: 'sport_mode' });
          await outside.clock.advance(30 * second);
          await bench.deliver('act_1');
          expect(await bench.deliver('act_2')).toBe('nak 1000');
        },
        { modelOf },
      );
    }));

  it('is counted anew once it has gone well', () =>
    withOutside(async (outside) => {
      const database = { ...outside.database };
      const { reader } = database;
      await withEngine(
        outside,
        async ({ bench }) => {
          await placeOrder(outside);
          Object.assign(database, unreadable(outside));
          expect(await bench.deliver('act_1')).toBe('nak 1000');
          expect(await bench.deliver('act_1')).toBe('nak 2000');
          Object.assign(database, { reader });
          expect(await bench.deliver('act_1')).toBe('nak 30000');
          Object.assign(database, unreadable(outside));
          expect(await bench.deliver('act_1')).toBe('nak 1000');
          Object.assign(database, { reader });
        },
        { database },
      );
    }));

  it('is counted for 10,000 activations at most, and then anew', () =>
    withOutside(async (outside) => {
      const database = { ...outside.database };
      const { reader } = database;
      await withEngine(
        outside,
        async ({ bench }) => {
          Object.assign(database, unreadable(outside));
          for (let index = 0; index < 9_999; index += 1) await bench.deliver(`act_${index}`);
          expect(await bench.deliver('act_0')).toBe('nak 2000');
          expect(await bench.deliver('act_9999')).toBe('nak 1000');
          expect(await bench.deliver('act_0')).toBe('nak 1000');
          Object.assign(database, { reader });
        },
        { database },
      );
    }));

  it('is done again where another process saved first, eight times in all', () =>
    withOutside(async (outside) => {
      let saves = 0;
      let reason: () => Error = () => new StaleRow('activation act_1 was saved by another process');
      const database: typeof outside.database = {
        ...outside.database,
        write: () => {
          saves += 1;
          return Promise.reject(reason());
        },
      };
      await withEngine(
        outside,
        async ({ bench, told }) => {
          await placeOrder(outside);
          expect(await bench.deliver('act_1')).toBe('nak 1000');
          expect(saves).toBe(8);
          reason = () => new Error('the disk is full');
          expect(await bench.deliver('act_1')).toBe('nak 2000');
          expect(saves).toBe(9);
          expect(told).toEqual([
            [
              'error',
              'engine.work_failed',
              {
                id: 'act_1',
                failures: 1,
                reason: 'StaleRow: activation act_1 was saved by another process',
              },
            ],
            ['error', 'engine.work_failed', { id: 'act_1', failures: 2, reason: 'Error: the disk is full' }],
          ]);
        },
        { database },
      );
    }));
});

describe('A purchase', () => {
  it('is begun with its payment alone, and handed to the queue', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ engine, bench, told }) => {
        const begun = await engine.begin(await placeOrder(outside));
        expect(begun.phase).toBe('queued_for_activation');
        expect(outside.vehicle.commands.size).toBe(0);
        expect(bench.published).toStrictEqual([['fleetwake.wake.act_1', 'act_1', {}]]);
        expect(told).toEqual([['committed', false]]);
      }),
    ));

  it('that is declined is not processed', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ engine, bench }) => {
        outside.payments.refuse.add('authorise');
        expect((await engine.begin(await placeOrder(outside))).phase).toBe('declined');
        expect(bench.published).toEqual([]);
      }),
    ));

  it('starts although no wake-up can be published: the engine continues by itself', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ engine, bench, told }) => {
        bench.gate = () => Promise.reject(new Error('NATS is away'));
        expect((await engine.begin(await placeOrder(outside))).phase).toBe('queued_for_activation');
        await until(async () => (await phaseOf(outside, 'act_1')) === 'waiting_response', 'it goes on');
        expect(told.filter((line) => !isCommit(line))).toEqual([
          ['warn', 'engine.wake_up_lost', { reason: 'Error: NATS is away', count: 1 }],
        ]);
      }),
    ));

  it('is saved as rarely as possible, and each commit reports whether notifications may wait', () =>
    withOutside((outside) =>
      withEngine(
        outside,
        async ({ engine, bench, told }) => {
          await engine.begin(await placeOrder(outside));
          await bench.deliver('act_1');
          await outside.clock.advance(30 * second);
          await bench.deliver('act_1');
          // Authorised; checked and started; accepted; delivered; captured.
          expect(told).toEqual([
            ['committed', true],
            ['committed', false],
            ['committed', false],
            ['committed', true],
            ['committed', false],
          ]);
          expect(await rowsOf(outside, 'activations')).toMatchObject([{ phase: 'active', version: 6 }]);
        },
        {
          insertNotices: async (_, __, facts) =>
            facts.filter(({ type }) => /confirmed|active/.test(type)).length,
        },
      ),
    ));

  it('that is unknown cannot be started or cancelled', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ engine }) => {
        const stranger = { name: 'UnknownActivation', message: 'there is no activation act_9' };
        await expect(engine.begin('act_9')).rejects.toMatchObject(stranger);
        await expect(engine.cancel('act_9')).rejects.toMatchObject(stranger);
      }),
    ));

  it('is cancelled in the background, without a wake-up', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ engine, bench }) => {
        await engine.begin(await placeOrder(outside));
        bench.published.length = 0;
        expect((await engine.cancel('act_1')).cancelRequestedAt).toBe(outside.clock.now());
        await settle();
        expect(await phaseOf(outside, 'act_1')).toBe('cancelled');
        expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
        expect(bench.published).toEqual([]);
      }),
    ));
});

describe('A callback', () => {
  /** A purchase whose command is under way, and that command. */
  async function sent({ bench }: Scene, outside: Outside) {
    outside.vehicle.script = ['no_answer'];
    await placeOrder(outside);
    await bench.deliver('act_1');
    const command = outside.vehicle.commands.get('act_1:1');
    if (!command) throw new Error('no command was sent');
    return { ...command, state: 'applied' as const, endedAt: 1, clock: 1 };
  }

  it('of an unknown activation is logged, and changes nothing', () =>
    withOutside((outside) =>
      withEngine(outside, async (scene) => {
        const command = await sent(scene, outside);
        scene.told.length = 0;
        for (const change of [{ reference: 'act_9' }, { key: 'act_9:1' }, { key: null }])
          await scene.engine.receive({ type: 'command.ended', command: { ...command, ...change } });
        const stranger = ['warn', 'engine.callback_unmatched', { commandId: command.id }];
        expect(scene.told).toEqual([stranger, stranger, stranger]);
        expect(await phaseOf(outside, 'act_1')).toBe('waiting_response');
      }),
    ));

  it('is followed in the background, without a wake-up, also where more was switched', () =>
    withOutside((outside) =>
      withEngine(outside, async (scene) => {
        const command = await sent(scene, outside);
        const more = { feature: 'sport_mode', target: 'active', version: 1 } as const;
        const features = [more, ...command.features];
        await scene.engine.receive({ type: 'command.ended', command: { ...command, features } });
        await settle();
        expect(await phaseOf(outside, 'act_1')).toBe('active');
        expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
      }),
    ));

  it('that comes twice is ignored, and saved nowhere', () =>
    withOutside((outside) =>
      withEngine(outside, async (scene) => {
        const command = await sent(scene, outside);
        await scene.engine.receive({ type: 'command.ended', command });
        await settle();
        const record = await recordOf(outside, 'act_1');
        scene.told.length = 0;
        scene.bench.published.length = 0;
        await scene.engine.receive({ type: 'command.ended', command });
        await settle();
        expect(scene.told).toEqual([
          [
            'info',
            'transition.ignored',
            { id: 'act_1', event: 'command_applied', reason: expect.any(String) },
          ],
        ]);
        expect(await recordOf(outside, 'act_1')).toEqual(record);
        expect(scene.bench.published).toEqual([]);
      }),
    ));

  it('whose following throws is logged for an operator', () =>
    withOutside(async (outside) => {
      const capture = () => Promise.reject(new TypeError('a mistake of ours'));
      await withEngine(
        outside,
        async (scene) => {
          const command = await sent(scene, outside);
          scene.told.length = 0;
          await scene.engine.receive({ type: 'command.ended', command });
          await settle();
          expect(scene.told).toEqual([
            ['committed', false],
            ['error', 'engine.advance_failed', { id: 'act_1', reason: 'TypeError: a mistake of ours' }],
          ]);
        },
        { payments: { ...outside.payments.port, capture } },
      );
    }));
});

describe('The next on a vehicle', () => {
  it('is woken when the command before it is over, with its moment moved', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ bench, told }) => {
        await placeOrder(outside);
        await placeOrder(outside, { id: 'act_2', feature: 'sport_mode' });
        await bench.deliver('act_1');
        expect(await bench.deliver('act_2')).toBe('nak 30000');
        await outside.clock.advance(10 * second);
        const command = outside.vehicle.commands.get('act_1:1');
        if (!command) throw new Error('no command was sent');
        bench.published.length = 0;
        told.length = 0;
        await outside.clock.advance(20 * second - 1);
        expect(bench.published).toEqual([]);
        await outside.clock.advance(1);
        await bench.deliver('act_1');
        expect(bench.published).toStrictEqual([['fleetwake.wake.act_2', 'act_2', {}]]);
        const next = await loadActivation(outside.database.reader, 'act_2');
        expect(next?.activation).toMatchObject({
          phase: 'queued_for_activation',
          dueAt: outside.clock.now(),
          postponed: 1,
        });
      }),
    ));
});

describe('When it is stopped', () => {
  it('it takes nothing more, and no sweep waits', () =>
    withOutside((outside) =>
      withEngine(outside, async ({ engine, bench }) => {
        expect(outside.clock.pending()).toHaveLength(1);
        await engine.stop();
        expect([bench.isStopped, outside.clock.pending()]).toEqual([true, []]);
      }),
    ));

  it('it need not have been started', () =>
    withOutside(async (outside) => {
      await expect(newEngine(outside).stop()).resolves.toBeUndefined();
    }));

  it('a sweep that is under way ends, and none follows', () =>
    withOutside(async (outside) => {
      const held = latch();
      await withEngine(outside, async ({ engine, bench, told }) => {
        await saveNew(outside, newDeactivation({ ...order, id: 'act_1' }, 'deactivation', 1_000));
        bench.gate = held.wait;
        await outside.clock.advance(sweepEveryMs);
        let isStopped = false;
        const stopping = engine.stop().then(() => {
          isStopped = true;
        });
        await settle();
        expect(isStopped).toBe(false);
        held.letGo();
        await stopping;
        expect(told.at(-1)).toEqual(['committed', true]);
        expect(outside.clock.pending()).toEqual([]);
      });
    }));

  it('work ends after the step that is under way', () =>
    withOutside(async (outside) => {
      const held = latch();
      const { port } = outside.payments;
      const authorise: typeof port.authorise = async (request) => {
        await held.wait();
        return port.authorise(request);
      };
      await withEngine(
        outside,
        async ({ engine, bench }) => {
          await placeOrder(outside);
          const delivered = bench.deliver('act_1');
          await settle();
          await engine.stop();
          held.letGo();
          // It is due now, and another process works on it.
          expect(await delivered).toBe('nak 1000');
          expect(await phaseOf(outside, 'act_1')).toBe('queued_for_activation');
          expect(outside.vehicle.commands.size).toBe(0);
        },
        { payments: { ...port, authorise } },
      );
    }));

  it('background work ends first', () =>
    withOutside(async (outside) => {
      const held = latch();
      const { port } = outside.payments;
      const voiding: typeof port.void = async (request) => {
        await held.wait();
        return port.void(request);
      };
      await withEngine(
        outside,
        async ({ engine }) => {
          await engine.begin(await placeOrder(outside));
          await engine.cancel('act_1');
          await settle();
          let isStopped = false;
          const stopping = engine.stop().then(() => {
            isStopped = true;
          });
          await settle();
          expect(isStopped).toBe(false);
          held.letGo();
          await stopping;
          expect(await phaseOf(outside, 'act_1')).toBe('cancelled');
        },
        { payments: { ...port, void: voiding } },
      );
    }));
});
