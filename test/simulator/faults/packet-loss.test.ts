import { expect, test } from 'vitest';
import { retransmissionOf } from '../../../simulator/faults/packet-loss.ts';

const loss = { lossRate: 0.5, roundTripMs: 100 };

/** One draw a transmission: `x` is lost, `.` arrives. */
function retransmission(bytes: number, draws: string) {
  const rest = [...draws];
  const found = retransmissionOf(bytes, loss, () => {
    const draw = rest.shift();
    if (draw === undefined) throw new Error('a draw too many');
    return draw === 'x' ? 0 : 0.9;
  });
  expect(rest).toEqual([]);
  return found;
}

const late = (delayMs: number) => ({ delayMs, isGivenUp: false });

test.each([
  ['nothing is lost', 100, '.', 0],
  ['one loss: round trip and 200 ms', 100, 'x.', 300],
  ['the time-out doubles with each further loss', 100, 'xx.', 900],
  ['… three', 100, 'xxx.', 2_100],
  ['… eight', 100, 'xxxxxxxx.', 76_500],
  ['… and at 2 min it doubles no more', 100, 'xxxxxxxxxxx.', 300 * 511 + 2 * 120_000],
  ['two segments: the later one waits for the earlier', 2_920, 'x..', 300],
  ['three later segments announce a loss after one round trip', 5_840, 'x....', 100],
  ['… and where the second try is lost too, the time-out follows', 5_840, 'xx....', 400],
  ['… two later ones do not', 4_380, 'x...', 300],
  ['several losses are made good side by side', 2_920, 'xx.x.', 900],
])('%s', (_, bytes, draws, delayMs) => {
  expect(retransmission(bytes, draws)).toEqual(late(delayMs));
});

test('the sender gives up after 15 retransmissions in vain, as Linux does', () => {
  expect(retransmission(1, 'x'.repeat(16))).toEqual({ delayMs: 300 * 511 + 7 * 120_000, isGivenUp: true });
});

test('no loss draws no delay, and zero bytes are still one segment', () => {
  expect(retransmissionOf(0, { lossRate: 0, roundTripMs: 100 }, () => 0)).toEqual(late(0));
});
