import { expect, it } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import { standardSettings } from '../../../gateway/engine/engine.ts';
import { overdueActivations } from '../../../gateway/store/activations.ts';
import { memoryBus } from '../../../shared/memory/bus.ts';
import type { Bus } from '../../../shared/ports/bus.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import { type Log, silentLog } from '../../../shared/ports/log.ts';
import { subjects } from '../../../shared/protocol/subjects.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import {
  bootEngine,
  phaseOf,
  placeOrder,
  recordOf,
  vin,
  withOutside,
} from '../../helpers/engine-under-test.ts';

const second = 1_000;
const serverError: Failure = {
  category: 'api_iot_error',
  code: 'http_503',
  message: 'unavailable',
  temporary: true,
  mayHaveSucceeded: false,
};

/** A bus that notes when each wake-up of an activation is handed out. */
function watchedBus(clock: Clock): { bus: Bus; handed: [id: string, at: number][] } {
  const bus = memoryBus({ clock, log: silentLog });
  const handed: [string, number][] = [];
  const startAt = clock.now();
  return {
    handed,
    bus: {
      ...bus,
      consume: (options, handle) =>
        bus.consume(options, (delivery) => {
          handed.push([delivery.payload, (clock.now() - startAt) / second]);
          return handle(delivery);
        }),
    },
  };
}

function errorLog(): { log: Log; errors: string[] } {
  const errors: string[] = [];
  const error: Log['error'] = (event, fields) => {
    errors.push(`${event} ${fields?.id} ${fields?.failures}: ${fields?.reason}`);
  };
  return { log: { ...silentLog, error }, errors };
}

it('keeps one wake-up of an activation, however many were published while it waited', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = [{ ok: false, failure: serverError }];
    const { bus, handed } = watchedBus(outside.clock);
    const engine = await bootEngine(outside, undefined, { bus });
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(1 * second);
    for (let extra = 0; extra < 3; extra += 1) await bus.publish(subjects.wakeUp(id), id);
    await outside.clock.advance(100 * second);
    expect(handed).toEqual([
      [id, 0],
      [id, 1],
      [id, 1],
      [id, 1],
      [id, 30],
      [id, 90],
    ]);
    await engine.stop();
  }));

it('logs an activation whose work throws, retries it ever less often, and continues with the others', () =>
  withOutside(async (outside) => {
    const { bus, handed } = watchedBus(outside.clock);
    const { log, errors } = errorLog();
    const broken = makeVin('WFWAUR1E', 'TA', 1);
    const modelOf = async (asked: string) => {
      if (asked === broken) throw new Error('a mistake of ours');
      return 'aurora-2026';
    };
    const engine = await bootEngine(outside, undefined, { bus, log, modelOf });
    await placeOrder(outside, { id: 'act_broken', vin: broken });
    await placeOrder(outside);
    await Promise.all([engine.begin('act_broken'), engine.begin('act_1')]);
    await outside.clock.advance(200 * second);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    const times = handed.filter(([id]) => id === 'act_broken').map(([, at]) => at);
    // The sweep, every 60 s, adds one message a due moment, and it goes as a spare.
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 60, 61, 91, 121, 151, 180, 181]);
    expect(errors[0]).toBe('engine.work_failed act_broken 1: Error: a mistake of ours');
    expect(errors).toHaveLength(times.length);
    await engine.stop();
  }));

it('finds by its sweep what is overdue behind a thousand activations that cannot move', () =>
  withOutside(async (outside) => {
    const { log } = errorLog();
    for (let index = 0; index < 1_000; index += 1) {
      await placeOrder(outside, { id: `act_w${index}`, vin: makeVin('WFWAUR1E', 'TA', index) });
    }
    await outside.clock.advance(1);
    await placeOrder(outside);
    await outside.clock.advance(10 * second);
    const payments = {
      ...outside.payments.port,
      authorise: async (request: Parameters<typeof outside.payments.port.authorise>[0]) => {
        if (request.activationId !== 'act_1') throw new Error('a mistake of ours');
        return outside.payments.port.authorise(request);
      },
    };
    const engine = await bootEngine(outside, undefined, { log, payments });
    await outside.clock.advance(31 * second);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    await engine.stop();
  }));

it('reads overdue activations page by page, also when many are due at one moment', () =>
  withOutside(async (outside) => {
    const startAt = outside.clock.now();
    const ids = ['act_c', 'act_a', 'act_b'];
    for (const [index, id] of ids.entries())
      await placeOrder(outside, { id, vin: makeVin('WFWAUR1E', 'TA', index) });
    await outside.clock.advance(5);
    await placeOrder(outside, { id: 'act_0', vin: makeVin('WFWAUR1E', 'TA', 9) });
    const { reader } = outside.database;
    const first = await overdueActivations(reader, startAt + 5, null, 2);
    const next = await overdueActivations(reader, startAt + 5, first.at(-1) ?? null, 2);
    const last = await overdueActivations(reader, startAt + 5, next.at(-1) ?? null, 2);
    expect([first, next, last].map((page) => page.map(({ id }) => id))).toEqual([
      ['act_a', 'act_b'],
      ['act_c', 'act_0'],
      [],
    ]);
  }));

it('lets a wake-up go whose activation is not in the database', () =>
  withOutside(async (outside) => {
    const { bus, handed } = watchedBus(outside.clock);
    const engine = await bootEngine(outside, undefined, { bus });
    await bus.publish(subjects.wakeUp('act_gone'), 'act_gone');
    await outside.clock.advance(100 * second);
    expect(handed).toEqual([['act_gone', 0]]);
    await engine.stop();
  }));

it('asks again, and fails no attempt, while another worker sends the same one', () =>
  withOutside(async (outside) => {
    const { api } = outside.vehicle;
    const inFlight: Failure = { ...serverError, code: 'key-in-flight', mayHaveSucceeded: true };
    let busy = 2;
    const asked: number[] = [];
    const configure: typeof api.configure = async (...given) => {
      asked.push(outside.clock.now());
      busy -= 1;
      return busy >= 0 ? { ok: false, failure: inFlight } : api.configure(...given);
    };
    const engine = await bootEngine(outside, undefined, { vehicles: { ...api, configure } });
    const startAt = outside.clock.now();
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(40 * second);
    expect(asked.map((at) => (at - startAt) / second)).toEqual([0, 1, 2]);
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    expect([...outside.vehicle.commands.keys()]).toEqual(['act_1:1']);
    await engine.stop();
  }));

it('moves money once when the sweep of another process asks while the purchase still waits for its answer', () =>
  withOutside(async (outside) => {
    const bus = memoryBus({ clock: outside.clock, log: silentLog });
    const asked: string[] = [];
    let answer: () => void = () => {};
    const slow = {
      ...outside.payments.port,
      async authorise(request: Parameters<typeof outside.payments.port.authorise>[0]) {
        asked.push(request.key);
        const first = outside.payments.port.authorise(request);
        if (asked.length > 1) return first;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return first;
      },
    };
    const settings = {
      ...standardSettings,
      concurrency: 8,
      ackWaitMs: 60_000,
      sweepEveryMs: 1_000,
      sweepGraceMs: 5_000,
    };
    const one = await bootEngine(outside, undefined, { bus, payments: slow, settings });
    const other = await bootEngine(outside, undefined, { bus, payments: slow, settings });
    await placeOrder(outside);
    const begun = one.begin('act_1');
    await outside.clock.advance(8 * second);
    answer();
    expect((await begun).phase).toBe('waiting_response');
    await outside.clock.advance(60 * second);
    expect(asked).toEqual(['act_1:authorise', 'act_1:authorise']);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    expect((await recordOf(outside, 'act_1')).filter((type) => type === 'payment.authorised')).toHaveLength(
      1,
    );
    await one.stop();
    await other.stop();
  }));

it('takes no callback for a command of another vehicle, of another feature, or of the other direction', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = ['no_answer'];
    const engine = await bootEngine(outside);
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(1);
    const [command] = outside.vehicle.commands.values();
    if (!command) throw new Error('no command was sent');
    const ended = { ...command, state: 'applied' as const, endedAt: 1, clock: 1 };
    const strange = makeVin('WFWAUR1E', 'TA', 7);
    const [asked] = ended.features;
    if (!asked) throw new Error('the command asks for nothing');
    for (const change of [
      { vin: strange },
      { features: [{ ...asked, feature: 'sport_mode' }] },
      { features: [{ ...asked, target: 'dormant' as const }] },
    ]) {
      await engine.receive({ type: 'command.ended', command: { ...ended, ...change } });
      expect(await phaseOf(outside, 'act_1')).toBe('waiting_response');
    }
    await engine.receive({ type: 'command.ended', command: { ...ended, vin } });
    expect(await phaseOf(outside, 'act_1')).toBe('active');
    await engine.stop();
  }));

it('works on a requeued activation at once: what failed does not wait any more, a back-off does', () =>
  withOutside(async (outside) => {
    let isBroken = true;
    const modelOf = async () => {
      if (isBroken) throw new Error('a mistake of ours');
      return 'aurora-2026';
    };
    const engine = await bootEngine(outside, undefined, { modelOf });
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(35 * second);
    isBroken = false;
    await engine.requeue(id);
    await outside.clock.advance(0);
    expect(await phaseOf(outside, id)).toBe('waiting_response');
    await outside.clock.advance(60 * second);

    outside.vehicle.script = [{ ok: false, failure: serverError }, 'applied'];
    const other = await placeOrder(outside, { id: 'act_2', feature: 'sport_mode' });
    await engine.begin(other);
    await outside.clock.advance(10 * second);
    await engine.requeue(other);
    await outside.clock.advance(0);
    expect(await phaseOf(outside, other)).toBe('waiting_backoff');
    await engine.stop();
  }));
