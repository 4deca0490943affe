import { expect, it } from 'vitest';
import { singleFlight } from '../../../gateway/engine/single-flight.ts';
import { settle } from '../../helpers/manual-clock.ts';

/** Calls that end when the test ends them; `log` has each start and each end. */
function airport() {
  const log: string[] = [];
  const landings: ((error?: Error) => void)[] = [];
  let flights = 0;
  const fly = singleFlight((key) => {
    flights += 1;
    const name = `${key}${flights}`;
    log.push(`${name} starts`);
    return new Promise<string>((resolve, reject) => {
      landings.push((error) => {
        log.push(`${name} lands`);
        if (error) reject(error);
        else resolve(name);
      });
    });
  });
  return { log, landings, fly };
}

it('runs one at a time for a key, and one more for all who called meanwhile', async () => {
  const { log, landings, fly } = airport();
  const calls = [fly('a'), fly('a'), fly('a')];
  expect(log).toEqual(['a1 starts']);
  landings[0]?.();
  await settle();
  expect(log).toEqual(['a1 starts', 'a1 lands', 'a2 starts']);
  const late = fly('a');
  landings[1]?.();
  await settle();
  landings[2]?.();
  expect(await Promise.all([...calls, late])).toEqual(['a1', 'a2', 'a2', 'a3']);
  expect(log.slice(3)).toEqual(['a2 lands', 'a3 starts', 'a3 lands']);
});

it('runs anew for each call that comes after the last has landed', async () => {
  const { log, landings, fly } = airport();
  for (const name of ['a1', 'a2', 'a3']) {
    const call = fly('a');
    landings.at(-1)?.();
    expect(await call).toBe(name);
  }
  expect(log).toHaveLength(6);
});

it('lets keys fly beside each other', async () => {
  const { log, landings, fly } = airport();
  const calls = [fly('a'), fly('b')];
  expect(log).toEqual(['a1 starts', 'b2 starts']);
  for (const land of landings) land();
  expect(await Promise.all(calls)).toEqual(['a1', 'b2']);
});

it('gives a failure to those alone whose flight it was', async () => {
  const { landings, fly } = airport();
  const first = fly('a');
  const next = fly('a');
  landings[0]?.(new Error('lost'));
  await expect(first).rejects.toThrow('lost');
  await settle();
  landings[1]?.();
  expect(await next).toBe('a2');
});
