import { expect, test } from 'vitest';
import type { Random } from '../../../shared/ports/random.ts';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { standingFault, vehicleFaultRecordSchema } from '../../../simulator/faults/fault.ts';
import { agenda } from '../../../simulator/fleet/agenda.ts';
import { FaultSet } from '../../../simulator/fleet/fault-set.ts';
import { Pacer } from '../../../simulator/fleet/pacer.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

const standing = (fault: object) =>
  standingFault(vehicleFaultRecordSchema.parse({ name: 'x', layer: 'link', ...fault }));

/** A connection with one fault, in virtual time. `draws` decide, one a transmission; below the rate is a loss. */
function connection(fault: object, random: Random, silenceMaxMs: number | null = 90_000) {
  const loop = virtualLoop({ startAt: 0 });
  const clock = loop.clock('line');
  const line = agenda(clock);
  const faults = new FaultSet({
    agenda: line,
    random: () => random,
    effects: { opened: () => {}, closed: () => {} },
  });
  faults.begin();
  faults.add('a', standing(fault));
  const seen: string[] = [];
  const pacer = new Pacer({ clock, agenda: line, random: () => random, faults, silenceMaxMs }, () => {
    seen.push(`${loop.now()} ended`);
    pacer.end();
  });
  return {
    loop,
    seen,
    send: (name: string, bytes = 100) =>
      void pacer.pass('downstream', bytes).then((isThrough) => {
        seen.push(`${loop.now()} ${name}${isThrough ? '' : ' lost with the connection'}`);
      }),
  };
}

function drawsOf(text: string): Random {
  const rest = [...text];
  const random: Random = { fraction: () => (rest.shift() === 'x' ? 0 : 0.9), stream: () => random };
  return random;
}

const loss = { type: 'packet_loss', attributes: { lossRate: 0.5, roundTripMs: 100 } };

test('a lost segment stalls what comes after it, and the order stays', async () => {
  const { loop, seen, send } = connection(loss, drawsOf('.xx...'));
  for (const [atMs, name] of [
    [0, 'first'],
    [10, 'second'],
    [20, 'third'],
    [910, 'fourth'],
    [911, 'fifth'],
  ] as const) {
    loop.clock('sender').setTimer(atMs, () => send(name));
  }
  await loop.run(() => seen.length === 5);
  expect(seen).toEqual(['0 first', '910 second', '910 third', '910 fourth', '911 fifth']);
});

test('a stall as long as one and a half keep-alives ends the connection then, and every message that waits is lost with it', async () => {
  const { loop, seen, send } = connection(loss, drawsOf('xxx..'), 1_500);
  send('first');
  send('second');
  await loop.run(() => seen.length === 3);
  expect(seen).toEqual([
    '1500 ended',
    '1500 first lost with the connection',
    '1500 second lost with the connection',
  ]);
});

test('without a keep-alive the connection ends when TCP gives up', async () => {
  const { loop, seen, send } = connection(loss, drawsOf('x'.repeat(16)), null);
  send('first');
  await loop.run(() => seen.length === 2);
  expect(seen).toEqual([
    `${300 * 511 + 7 * 120_000} ended`,
    `${300 * 511 + 7 * 120_000} first lost with the connection`,
  ]);
});

test('the same seed gives the same stalls', async () => {
  const run = async () => {
    const { loop, seen, send } = connection(loss, seededRandom(7));
    for (let index = 0; index < 40; index += 1)
      loop.clock('sender').setTimer(index * 1_000, () => send(`${index}`));
    await loop.run(() => seen.length === 40);
    return seen;
  };
  const first = await run();
  expect(await run()).toEqual(first);
  expect(first.map((line) => line.split(' ')[1])).toEqual(
    Array.from({ length: 40 }, (_, index) => `${index}`),
  );
});

test('a message does not overtake one whose timer is late', async () => {
  const clock = manualClock(0);
  const late: (() => void)[] = [];
  const line = {
    after: (_: number, callback: () => void) => ({ cancel: () => {}, late: late.push(callback) }),
  };
  const random = drawsOf('');
  const faults = new FaultSet({
    agenda: line as never,
    random: () => random,
    effects: { opened: () => {}, closed: () => {} },
  });
  faults.begin();
  const pacer = new Pacer(
    { clock, agenda: line as never, random: () => random, faults, silenceMaxMs: null },
    () => {},
  );
  faults.add('a', standing({ type: 'latency', attributes: { latencyMs: 10 } }));
  const seen: string[] = [];
  const first = pacer.pass('downstream', 1).then(() => seen.push('first'));
  faults.remove('a');
  await clock.advance(20);
  const second = pacer.pass('downstream', 1).then(() => seen.push('second'));
  for (const callback of late) callback();
  await Promise.all([first, second]);
  expect(seen).toEqual(['first', 'second']);
});
