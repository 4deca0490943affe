import { describe, expect, it } from 'vitest';
import { wakeUpKeeper } from '../../../gateway/engine/wake-up-keeper.ts';

/** As many as the keeper remembers. */
const keptMax = 200_000;

function keeperAt(startAt: number) {
  const time = { now: startAt };
  const clock = { now: () => time.now, setTimer: () => ({ cancel() {} }) };
  return { time, keeper: wakeUpKeeper(clock) };
}

describe('A message of an activation', () => {
  it('is spare where another one comes back by its moment', () => {
    const { keeper } = keeperAt(1_000);
    keeper.keep('act_1', 7, 2_000);
    expect(keeper.isSpare('act_1', 8, 2_000)).toBe(true);
    expect(keeper.isSpare('act_1', 8, 1_999)).toBe(false);
  });

  it('is not spare beside itself, nor beside that of another activation', () => {
    const { keeper } = keeperAt(1_000);
    keeper.keep('act_1', 7, 2_000);
    expect(keeper.isSpare('act_1', 7, 2_000)).toBe(false);
    expect(keeper.isSpare('act_2', 8, 2_000)).toBe(false);
  });

  it('is not spare once the other one’s moment has come', () => {
    const { time, keeper } = keeperAt(1_000);
    keeper.keep('act_1', 7, 2_000);
    time.now = 1_999;
    expect(keeper.isSpare('act_1', 8, 9_000)).toBe(true);
    time.now = 2_000;
    expect(keeper.isSpare('act_1', 8, 9_000)).toBe(false);
  });

  it('is not spare once the activation has no next moment', () => {
    const { keeper } = keeperAt(1_000);
    keeper.keep('act_1', 7, 2_000);
    keeper.forget('act_1');
    expect(keeper.isSpare('act_1', 8, 2_000)).toBe(false);
  });
});

describe('Of as many activations as can be remembered', () => {
  /** All places taken: the first two until 2 s, the rest until 9 s. */
  function full() {
    const { time, keeper } = keeperAt(1_000);
    for (let index = 0; index < keptMax; index += 1)
      keeper.keep(`act_${index}`, 1, index < 2 ? 2_000 : 9_000);
    const isKept = (index: number) => keeper.isSpare(`act_${index}`, 2, 9_000);
    return { time, keeper, isKept };
  }

  it('none is forgotten before one more comes', () => {
    const { isKept } = full();
    expect([0, 1, 2, keptMax - 1].map(isKept)).toEqual([true, true, true, true]);
  });

  it('those whose moment has come make room', () => {
    const { time, keeper, isKept } = full();
    time.now = 2_000;
    keeper.keep('act_more', 1, 9_000);
    keeper.keep('act_most', 1, 9_000);
    expect([2, keptMax - 1].map(isKept)).toEqual([true, true]);
    expect(keeper.isSpare('act_more', 2, 9_000)).toBe(true);
  });

  it('all are forgotten where none has come, and remembering begins anew', () => {
    const { time, keeper, isKept } = full();
    time.now = 1_999;
    keeper.keep('act_more', 1, 9_000);
    expect([0, 2, keptMax - 1].map(isKept)).toEqual([false, false, false]);
    expect(keeper.isSpare('act_more', 2, 9_000)).toBe(true);
  });
});
