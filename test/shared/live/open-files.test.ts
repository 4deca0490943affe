import { expect, it } from 'vitest';
import {
  gatewayFilesFault,
  openFilesFault,
  openFilesMax,
  vehicleConnectionMax,
} from '../../../shared/live/open-files.ts';

it('names the limit of open files, the number needed and the fix, before vehicles are started', () => {
  expect(openFilesFault(450, 300, 2)).toBe(
    '300 vehicles need 850 open files and the limit is 450 (ulimit -n): raise it with "ulimit -n 850", or start at most 100 vehicles',
  );
  expect(openFilesFault(200, 5, 1)).toBe(
    '5 vehicles need 255 open files and the limit is 200 (ulimit -n): raise it with "ulimit -n 255", or start at most 0 vehicles',
  );
  expect([openFilesFault(850, 300, 2), openFilesFault(null, 300, 2)]).toEqual([null, null]);
  expect(openFilesMax()).toBeGreaterThan(0);
});

it('names the need of a gateway, and leaves it that when vehicles connect', () => {
  expect(gatewayFilesFault(249)).toBe(
    'a gateway needs 250 open files and one more for each vehicle at its broker, and the limit is 249 (ulimit -n): raise it with "ulimit -n 250" or more',
  );
  expect([gatewayFilesFault(250), gatewayFilesFault(null)]).toEqual([null, null]);
  expect([450, 200, null].map(vehicleConnectionMax)).toEqual([200, 0, Number.POSITIVE_INFINITY]);
});
