import { expect, it } from 'vitest';
import { openFilesFault, openFilesMax } from '../../shared/live/open-files.ts';

it('names the limit of open files, the number needed and the cure, before vehicles are started', () => {
  expect(openFilesFault(450, 300, 2)).toBe(
    '300 vehicles need 850 open files and the limit is 450 (ulimit -n): raise it with "ulimit -n 850", or start at most 100 vehicles',
  );
  expect(openFilesFault(200, 5, 1)).toBe(
    '5 vehicles need 255 open files and the limit is 200 (ulimit -n): raise it with "ulimit -n 255", or start at most 0 vehicles',
  );
  expect([openFilesFault(850, 300, 2), openFilesFault(null, 300, 2)]).toEqual([null, null]);
  expect(openFilesMax()).toBeGreaterThan(0);
});
