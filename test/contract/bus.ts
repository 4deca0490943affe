import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, ConsumeOptions, Consumption, Delivery } from '../../shared/ports/bus.ts';
import { streams } from '../../shared/protocol/subjects.ts';
import { until } from '../helpers/until.ts';

/** The acknowledgement time of the suite: short, but long beside what a handler takes. */
const ackWaitMs = 300;

interface Seen {
  readonly payload: string;
  readonly deliveryCount: number;
  readonly atMs: number;
}

/**
 * What every `Bus` owes its callers. `open` connects to one and the same server each time; every test works on subjects
 * of its own.
 */
export function describeBus(name: string, open: () => Promise<Bus>): void {
  describe(`bus: ${name}`, () => {
    let bus: Bus;
    let other: Bus;
    let testNumber = 0;
    let consumptions: Consumption[] = [];
    const run = Math.random().toString(36).slice(2, 8);
    const stem = () => `fleetwake.wake.${run}-${testNumber}`;

    beforeAll(async () => {
      bus = await open();
      other = await open();
    });
    afterAll(async () => {
      await bus.close();
      await other.close();
    });
    afterEach(async () => {
      await Promise.all(consumptions.map((consumption) => consumption.stop()));
      consumptions = [];
    });

    function options(overrides: Partial<ConsumeOptions> = {}): ConsumeOptions {
      return {
        stream: streams.wakeUps.name,
        durable: `test-${run}-${testNumber}`,
        subject: `${stem()}.>`,
        ackWaitMs,
        concurrency: 8,
        ...overrides,
      };
    }

    /** Consumes and writes down what was delivered, in order. */
    async function consume(
      handle: (delivery: Delivery) => void | Promise<void>,
      overrides: Partial<ConsumeOptions> = {},
      on: Bus = bus,
    ): Promise<Seen[]> {
      const seen: Seen[] = [];
      const consumption = await on.consume(options(overrides), async (delivery) => {
        const { payload, deliveryCount } = delivery;
        seen.push({ payload, deliveryCount, atMs: performance.now() });
        await handle(delivery);
      });
      consumptions.push(consumption);
      return seen;
    }

    const publish = (payload: string, id?: string, on: Bus = bus) =>
      on.publish(`${stem()}.x`, payload, id === undefined ? {} : { messageId: `${stem()}-${id}` });
    const payloads = (seen: readonly Seen[]) => seen.map(({ payload }) => payload);

    /** Publishes a last message and waits for it, so that "nothing else came" means something. */
    async function publishLast(seen: readonly Seen[]): Promise<void> {
      await publish('last');
      await until(() => payloads(seen).includes('last'), 'the last message arrives');
    }

    /** A fresh set of subjects for every test. */
    function test(title: string, work: () => Promise<void>): void {
      it(title, async () => {
        testNumber += 1;
        await work();
      });
    }

    test('delivers subject, payload and headers as they were published', async () => {
      const deliveries: Delivery[] = [];
      await consume((delivery) => {
        deliveries.push(delivery);
        delivery.ack();
      });
      await bus.publish(`${stem()}.ü`, '{"text":"grün"}', {
        headers: { traceparent: '00-1-2-01', 'ce-type': 'a' },
      });
      await until(() => deliveries.length === 1, 'the message arrives');
      expect(deliveries[0]).toMatchObject({
        subject: `${stem()}.ü`,
        payload: '{"text":"grün"}',
        deliveryCount: 1,
      });
      expect(deliveries[0]?.headers).toEqual({ traceparent: '00-1-2-01', 'ce-type': 'a' });
    });

    test('gives each message a number that rises, the same at each of its deliveries', async () => {
      for (const payload of ['a', 'b']) await publish(payload);
      const seen: [payload: string, sequence: number][] = [];
      await consume(
        ({ payload, sequence, deliveryCount, ack, nak }) => {
          seen.push([payload, sequence]);
          if (deliveryCount === 1) nak(20);
          else ack();
        },
        { concurrency: 1 },
      );
      await until(() => seen.length === 4, 'both come twice');
      const first = seen[0]?.[1] ?? 0;
      expect(first).toBeGreaterThan(0);
      expect(seen.toSorted(([, one], [, other]) => one - other)).toEqual([
        ['a', first],
        ['a', first],
        ['b', first + 1],
        ['b', first + 1],
      ]);
    });

    test('keeps messages until a consumer comes, and delivers them in their order', async () => {
      const sent = Array.from({ length: 50 }, (_, index) => `m${index}`);
      for (const payload of sent) await publish(payload);
      const seen = await consume((delivery) => delivery.ack(), { concurrency: 1 });
      await until(() => seen.length === 50, 'all arrive');
      expect(payloads(seen)).toEqual(sent);
    });

    test('removes what was acknowledged', async () => {
      const first = await consume((delivery) => delivery.ack());
      await publish('a');
      await until(() => first.length === 1, 'the message arrives');
      await consumptions.pop()?.stop();
      const second = await consume((delivery) => delivery.ack());
      await publishLast(second);
      expect(payloads(second)).toEqual(['last']);
    });

    test('delivers again after the acknowledgement time what was not answered, with a count', async () => {
      const seen = await consume((delivery) => {
        if (delivery.deliveryCount === 2) delivery.ack();
      });
      await publish('a');
      await until(() => seen.length === 2, 'the message comes back');
      expect(seen.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 2]);
      expect((seen[1]?.atMs ?? 0) - (seen[0]?.atMs ?? 0)).toBeGreaterThan(ackWaitMs * 0.8);
      await publishLast(seen);
      expect(payloads(seen)).toEqual(['a', 'a', 'last']);
    });

    test('delivers a refused message again after its delay, not before, however short the acknowledgement time', async () => {
      const seen = await consume((delivery) => {
        if (delivery.deliveryCount === 1) delivery.nak(700);
        else delivery.ack();
      });
      await publish('a');
      await until(() => seen.length === 2, 'the message comes back');
      const waitedMs = (seen[1]?.atMs ?? 0) - (seen[0]?.atMs ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(695);
      // Not only when the time to acknowledge is over.
      expect(waitedMs).toBeLessThan(30_000);
    });

    test('delivers a message refused without a delay again at once', async () => {
      const seen = await consume(
        (delivery) => {
          if (delivery.deliveryCount < 3) delivery.nak(0);
          else delivery.ack();
        },
        { ackWaitMs: 30_000 },
      );
      await publish('a');
      await until(() => seen.length === 3, 'the message comes back twice');
      expect(seen.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 2, 3]);
    });

    test('stores a message id once within the duplicate window', async () => {
      const seen = await consume((delivery) => delivery.ack(), { concurrency: 1 });
      await publish('a', 'same');
      await publish('b', 'same', other);
      await publish('c', 'another');
      await publishLast(seen);
      expect(payloads(seen)).toEqual(['a', 'c', 'last']);
    });

    test('drops a duplicate of what was already acknowledged', async () => {
      const seen = await consume((delivery) => delivery.ack(), { concurrency: 1 });
      await publish('a', 'same');
      await until(() => seen.length === 1, 'the message arrives');
      await publish('b', 'same');
      await publishLast(seen);
      expect(payloads(seen)).toEqual(['a', 'last']);
    });

    test('shares the messages of one durable between processes, each delivered to one of them', async () => {
      const slow = async (delivery: Delivery) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        delivery.ack();
      };
      const one = await consume(slow, { concurrency: 4, ackWaitMs: 30_000 });
      const two = await consume(slow, { concurrency: 4, ackWaitMs: 30_000 }, other);
      const sent = Array.from({ length: 200 }, (_, index) => `m${index}`);
      await Promise.all(sent.map((payload) => publish(payload)));
      await until(() => one.length + two.length === 200, 'all arrive');
      expect(new Set([...payloads(one), ...payloads(two)])).toEqual(new Set(sent));
      expect(one.length).toBeGreaterThan(20);
      expect(two.length).toBeGreaterThan(20);
    });

    test('runs no more handlers at once than its limit', async () => {
      let running = 0;
      let most = 0;
      const seen = await consume(
        async (delivery) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running -= 1;
          delivery.ack();
        },
        { concurrency: 3, ackWaitMs: 30_000 },
      );
      await Promise.all(Array.from({ length: 60 }, (_, index) => publish(`m${index}`)));
      await until(() => seen.length === 60, 'all arrive');
      expect(most).toBe(3);
    });

    test('delivers a new message while 2,000 others wait ten minutes', async () => {
      const seen = await consume(
        (delivery) => (delivery.payload === 'next' ? delivery.ack() : delivery.nak(600_000)),
        { concurrency: 4, ackWaitMs: 30_000 },
      );
      await Promise.all(Array.from({ length: 2_000 }, () => publish('waits')));
      await until(() => seen.length === 2_000, 'all wait');
      await publish('next');
      // Long before any of the others is due again.
      await until(() => payloads(seen).includes('next'), 'the next one arrives');
      expect(seen.length).toBe(2_001);
    });

    test('gives a message back after 1 s when its handler throws', async () => {
      const seen = await consume(
        (delivery) => {
          if (delivery.deliveryCount === 1) throw new Error('broken on purpose');
          delivery.ack();
        },
        { ackWaitMs: 30_000 },
      );
      await publish('a');
      await until(() => seen.length === 2, 'the message comes back');
      const waitedMs = (seen[1]?.atMs ?? 0) - (seen[0]?.atMs ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(995);
      // Not only when the time to acknowledge is over.
      expect(waitedMs).toBeLessThan(30_000);
    });

    test('waits for handlers under way when it stops, and gives them no other message', async () => {
      let finish = () => {};
      const underWay = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const seen = await consume(
        async (delivery) => {
          await underWay;
          delivery.ack();
        },
        { concurrency: 1, ackWaitMs: 30_000 },
      );
      await publish('a');
      await publish('b');
      await until(() => seen.length === 1, 'the first is under way');
      let stopped = false;
      const stop = consumptions
        .pop()
        ?.stop()
        .then(() => {
          stopped = true;
        });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(stopped).toBe(false);
      finish();
      await stop;
      expect(payloads(seen)).toEqual(['a']);
      const next = await consume((delivery) => delivery.ack(), { ackWaitMs: 30_000 });
      await until(() => next.length === 1, 'the second comes to whoever consumes then');
      expect(next).toMatchObject([{ payload: 'b' }]);
      await publishLast(next);
      expect(payloads(next)).toEqual(['b', 'last']);
    });

    test('keeps an event for every durable, also for one that comes later', async () => {
      const event = `fleetwake.events.${run}.made`;
      const on = (durable: string) => ({
        stream: streams.events.name,
        durable: `${durable}-${run}`,
        subject: `fleetwake.events.${run}.>`,
      });
      const one = await consume((delivery) => delivery.ack(), on('one'));
      await bus.publish(event, 'e1');
      await until(() => one.length === 1, 'the first durable has it');
      const two = await consume((delivery) => delivery.ack(), on('two'));
      await until(() => two.length === 1, 'the second durable has it');
      expect([payloads(one), payloads(two)]).toEqual([['e1'], ['e1']]);
    });

    test('refuses a subject that no stream keeps', async () => {
      await expect(bus.publish('elsewhere.x', 'a')).rejects.toThrow(
        'no stream keeps the subject elsewhere.x',
      );
    });
  });
}
