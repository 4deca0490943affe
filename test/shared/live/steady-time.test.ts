import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shareTime } from '../../../shared/live/shared-time.ts';
import { SteadyTime } from '../../../shared/live/steady-time.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const hour = 3_600_000;
const start = 1_800_000_000_000;

/** A machine whose clocks a test moves. */
function machine() {
  let [wallMs, monotonicMs, uptimeMs] = [start, 5_000, 6_000];
  return {
    sources: { wallMs: () => wallMs, monotonicMs: () => monotonicMs, uptimeMs: () => uptimeMs },
    pass(ms: number) {
      wallMs += ms;
      monotonicMs += ms;
      uptimeMs += ms;
    },
    setClock(byMs: number) {
      wallMs += byMs;
    },
    suspend(ms: number) {
      wallMs += ms;
      uptimeMs += ms;
    },
  };
}

describe('steady time', () => {
  it('is the wall clock until the clock is set', () => {
    const { sources, pass } = machine();
    const time = new SteadyTime(sources);
    pass(hour);
    expect(time.now()).toBe(start + hour);
  });

  it('continues without a jump when the wall clock jumps by 2 h and back, and is right soon afterwards', () => {
    const { sources, pass, setClock } = machine();
    const time = new SteadyTime(sources);
    setClock(2 * hour);
    expect(time.now()).toBe(start);
    pass(10);
    expect(time.now()).toBe(start + 11);
    setClock(-2 * hour);
    pass(990);
    // In that second it drew nearer by a tenth of it.
    expect(time.now()).toBe(start + 1_100);
    pass(5_000);
    expect(time.now()).toBe(start + 6_000);
  });

  it.each([hour, -hour])(
    'draws nearer to a wall clock that was set by %i ms, by 10 %% of the time that passes',
    (byMs) => {
      const { sources, pass, setClock } = machine();
      const time = new SteadyTime(sources);
      setClock(byMs);
      expect(time.now()).toBe(start);
      pass(30_000);
      expect(time.now()).toBe(start + 30_000 + Math.sign(byMs) * 3_000);
      pass(11 * hour);
      expect(time.now()).toBe(sources.wallMs());
    },
  );

  it('follows a suspended machine and a jump of more than a day at once', () => {
    const { sources, pass, setClock, suspend } = machine();
    const time = new SteadyTime(sources);
    suspend(8 * hour);
    pass(1_000);
    expect(time.now()).toBe(start + 8 * hour + 1_000);
    setClock(25 * hour);
    expect(time.now()).toBe(start + 33 * hour + 1_000);
  });

  it('is one time for the processes on a data folder, also where the wall clock was set while none ran', () =>
    withTemporaryFolder(async (folder) => {
      const { sources, pass, setClock } = machine();
      const first = new SteadyTime(sources);
      const shared = shareTime(first, folder);
      setClock(hour);
      expect(first.now()).toBe(start);
      const second = new SteadyTime(sources);
      shareTime(second, folder);
      pass(10_000);
      expect([first.now(), second.now()]).toEqual([start + 11_000, start + 11_000]);
      await shared.stop();
      setClock(-hour);
      const third = new SteadyTime(sources);
      shareTime(third, folder);
      expect(third.now()).toBe(start + 11_000);
      // Another start of the machine: its monotonic clock says nothing of this one.
      const file = join(folder, 'clock.json');
      await writeFile(file, (await readFile(file, 'utf8')).replace(/"bootId":"[^"]*"/, '"bootId":"other"'));
      const fourth = new SteadyTime(sources);
      shareTime(fourth, folder);
      expect(fourth.now()).toBe(sources.wallMs());
    }));
});
