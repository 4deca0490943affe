import { expect, test } from 'vitest';
import type { FaultDesk } from '../../../simulator/control/fault-desk.ts';
import { ToxicLines } from '../../../simulator/control/toxic-lines.ts';

test('reads the list of vehicles once for all proxies of a fleet of 2,000', () => {
  let reads = 0;
  const vins = Array.from({ length: 2_000 }, (_, index) => `vehicle ${index}`);
  const desk = { find: () => null } as unknown as FaultDesk;
  const lines = new ToxicLines({
    desk,
    lines: {
      vins() {
        reads += 1;
        return vins;
      },
      upstream: 'mqtt://127.0.0.1:1883',
    },
  });
  expect(lines.proxies().map(({ name }) => name)).toEqual(vins);
  expect(reads).toBe(1);
});
