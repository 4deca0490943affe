import { expect, it } from 'vitest';
import { memoryBus } from '../../../shared/memory/bus.ts';
import { type Bus, BusUnavailable } from '../../../shared/ports/bus.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import {
  bootEngine,
  type Outside,
  phaseOf,
  placeOrder,
  vin,
  withOutside,
} from '../../helpers/engine-under-test.ts';
import { settle } from '../../helpers/manual-clock.ts';

const second = 1_000;

/** A bus that is away until the test says otherwise. */
function busAway({ clock }: Outside) {
  const bus = memoryBus({ clock, log: silentLog });
  const state = { isAway: true, handed: [] as string[] };
  const away: Bus = {
    ...bus,
    async publish(...given) {
      if (state.isAway) throw new BusUnavailable('NATS is away');
      await bus.publish(...given);
    },
    consume: (options, handle) =>
      bus.consume(options, (delivery) => {
        state.handed.push(delivery.payload);
        return handle(delivery);
      }),
    problem: () => (state.isAway ? 'NATS is away' : null),
  };
  return { state, bus: away };
}

it('answers a purchase without waiting for a bus that acknowledges nothing', () =>
  withOutside(async (outside) => {
    const bus = memoryBus({ clock: outside.clock, log: silentLog });
    let acknowledge: () => void = () => {};
    const acknowledged = new Promise<void>((resolve) => {
      acknowledge = resolve;
    });
    const silent: Bus = { ...bus, publish: () => acknowledged };
    const engine = await bootEngine(outside, undefined, { bus: silent });
    let answer: string | null = null;
    const begun = engine.begin(await placeOrder(outside)).then(({ phase }) => {
      answer = phase;
    });
    await settle();
    expect(answer).toBe('queued_for_activation');
    acknowledge();
    await begun;
    await engine.stop();
  }));

it('activates what is bought while the bus is away', () =>
  withOutside(async (outside) => {
    const { bus } = busAway(outside);
    const engine = await bootEngine(outside, undefined, { bus });
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(60 * second);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    await engine.stop();
  }));

it('repeats an attempt at its time while the bus is away: the sweep comes ten times as often', () =>
  withOutside(async (outside) => {
    const { bus } = busAway(outside);
    outside.vehicle.script = ['failed', 'applied'];
    const engine = await bootEngine(outside, undefined, { bus });
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(30 * second);
    expect([...outside.vehicle.commands.keys()]).toEqual(['act_1:1']);
    // The poll of the first answer, the back-off of 30 s, the poll of the second: each is found within 6 s.
    await outside.clock.advance(80 * second);
    expect([...outside.vehicle.commands.keys()]).toEqual(['act_1:1', 'act_1:2']);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    await engine.stop();
  }));

it('starts without a bus, works off what is overdue, and takes wake-ups as soon as the bus is there', () =>
  withOutside(async (outside) => {
    const { state, bus } = busAway(outside);
    await placeOrder(outside);
    await outside.clock.advance(10 * second);
    const engine = await bootEngine(outside, undefined, { bus });
    await outside.clock.advance(40 * second);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    expect(state.handed).toEqual([]);
    state.isAway = false;
    const other = makeVin('WFWAUR1E', 'TA', 2);
    await engine.begin(await placeOrder(outside, { id: 'act_2', vin: other }));
    await outside.clock.advance(60 * second);
    expect(await phaseOf(outside, 'act_2')).toBe('active');
    expect(new Set(state.handed)).toEqual(new Set(['act_2']));
    expect(vin).not.toBe(other);
    await engine.stop();
  }));
