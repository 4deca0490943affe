import { describe, expect, it } from 'vitest';
import { wallClock } from '../../shared/live/clock.ts';
import { memoryBroker, memoryBus } from '../../shared/memory/bus.ts';
import type { Delivery } from '../../shared/ports/bus.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { manualClock, settle } from '../helpers/manual-clock.ts';
import { describeBus } from './bus.ts';

const broker = memoryBroker({ clock: wallClock, log: silentLog });
describeBus('in memory, on the wall clock', async () => broker.connect());

const options = {
  stream: 'FLEETWAKE_WAKEUPS',
  durable: 'engine',
  subject: 'fleetwake.wake.>',
  ackWaitMs: 30_000,
  concurrency: 4,
};

describe('the bus in memory, on a clock that stands still', () => {
  it('delivers to the millisecond: the back-off series of one message', async () => {
    const clock = manualClock(0);
    const bus = memoryBus({ clock });
    const seenAt: number[] = [];
    await bus.consume(options, async (delivery) => {
      seenAt.push(clock.now());
      if (delivery.deliveryCount === 4) delivery.ack();
      else delivery.nak(1_000 * 2 ** delivery.deliveryCount);
    });
    await bus.publish('fleetwake.wake.a', 'a');
    await clock.advance(60_000);
    expect(seenAt).toEqual([0, 2_000, 6_000, 14_000]);
    expect(clock.pending()).toEqual([]);
  });

  it('delivers what is due again before what is new', async () => {
    const clock = manualClock(0);
    const bus = memoryBus({ clock });
    const seen: string[] = [];
    let finish = () => {};
    await bus.consume({ ...options, concurrency: 1 }, async (delivery) => {
      seen.push(delivery.payload);
      if (delivery.payload === 'a' && delivery.deliveryCount === 1) delivery.nak(1_000);
      else {
        if (delivery.payload === 'slow') {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        }
        delivery.ack();
      }
    });
    for (const payload of ['a', 'slow', 'new']) await bus.publish('fleetwake.wake.a', payload);
    await clock.advance(2_000);
    finish();
    await settle();
    expect(seen).toEqual(['a', 'slow', 'a', 'new']);
  });

  it('keeps no timer for what was answered', async () => {
    const clock = manualClock(0);
    const bus = memoryBus({ clock });
    await bus.consume(options, async (delivery) => delivery.ack());
    for (let count = 0; count < 10; count += 1) await bus.publish('fleetwake.wake.a', `${count}`);
    await settle();
    expect(clock.pending()).toEqual([]);
  });

  it('forgets a message id after two minutes', async () => {
    const clock = manualClock(0);
    const bus = memoryBus({ clock });
    const seen: string[] = [];
    await bus.consume(options, async (delivery) => {
      seen.push(delivery.payload);
      delivery.ack();
    });
    await bus.publish('fleetwake.wake.a', 'first', { messageId: 'same' });
    await clock.advance(119_999);
    await bus.publish('fleetwake.wake.a', 'too early', { messageId: 'same' });
    await clock.advance(1);
    await bus.publish('fleetwake.wake.a', 'second', { messageId: 'same' });
    await settle();
    expect(seen).toEqual(['first', 'second']);
  });

  it('delivers new messages without delay while 100,000 others wait, and delivers those when they are due', async () => {
    const clock = manualClock(0);
    const bus = memoryBus({ clock });
    let waited = 0;
    let due = 0;
    const next: number[] = [];
    await bus.consume(options, async (delivery) => {
      if (delivery.payload === 'next') {
        next.push(clock.now());
        delivery.ack();
      } else if (delivery.deliveryCount === 1) {
        waited += 1;
        delivery.nak(600_000);
      } else {
        due += 1;
        delivery.ack();
      }
    });
    for (let count = 0; count < 100_000; count += 1) await bus.publish('fleetwake.wake.a', 'waits');
    while (waited < 100_000) await settle();
    await clock.advance(1_000);
    await bus.publish('fleetwake.wake.a', 'next');
    await settle();
    expect(next).toEqual([1_000]);
    await clock.advance(600_000);
    while (due < 100_000) await settle();
    expect(due).toBe(100_000);
  });

  it('gives the messages of a process that died to another one after the acknowledgement time', async () => {
    const clock = manualClock(0);
    const one = memoryBroker({ clock });
    const dead = one.connect();
    const held: Delivery[] = [];
    await dead.consume(options, async (delivery) => {
      held.push(delivery);
      await new Promise(() => {});
    });
    await dead.publish('fleetwake.wake.a', 'a');
    await settle();
    await dead.close();
    held[0]?.ack();
    const seen: (readonly [number, number])[] = [];
    await one.connect().consume(options, async (delivery) => {
      seen.push([clock.now(), delivery.deliveryCount]);
      delivery.ack();
    });
    await clock.advance(40_000);
    expect(seen).toEqual([[30_000, 2]]);
  });

  it('loses everything when it is wiped, and delivers later messages', async () => {
    const clock = manualClock(0);
    const one = memoryBroker({ clock });
    const bus = one.connect();
    const seen: string[] = [];
    await bus.consume(options, async (delivery) => {
      seen.push(delivery.payload);
      if (delivery.payload === 'after') delivery.ack();
      else delivery.nak(1_000);
    });
    await bus.publish('fleetwake.wake.a', 'before');
    await settle();
    one.wipe();
    await bus.publish('fleetwake.wake.a', 'after');
    await clock.advance(60_000);
    expect(seen).toEqual(['before', 'after']);
    expect(clock.pending()).toEqual([]);
  });

  it('hands out the next message when a handler ends that began before the wipe', async () => {
    const clock = manualClock(0);
    const one = memoryBroker({ clock });
    const bus = one.connect();
    const seen: string[] = [];
    let finish = () => {};
    await bus.consume({ ...options, concurrency: 1 }, async (delivery) => {
      seen.push(delivery.payload);
      if (delivery.payload === 'before') {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      delivery.ack();
    });
    await bus.publish('fleetwake.wake.a', 'before');
    await settle();
    one.wipe();
    await bus.publish('fleetwake.wake.a', 'after');
    await settle();
    finish();
    await settle();
    expect(seen).toEqual(['before', 'after']);
    expect(clock.pending()).toEqual([]);
  });
});
