import { expect, it } from 'vitest';
import { closeAll, undoneOnFailure } from '../../../gateway/live/undo.ts';

it('closes everything that a failed start had opened, the last first, and says why it failed', async () => {
  const closed: string[] = [];
  const start = undoneOnFailure(async (undo) => {
    undo(async () => closed.push('database'));
    undo(async () => {
      throw new Error('it was closed already');
    });
    undo(async () => closed.push('server'));
    throw new Error('port 1 is taken');
  });
  await expect(start).rejects.toThrow('port 1 is taken');
  expect(closed).toEqual(['server', 'database']);
});

it('closes the rest when one cannot be closed, and then throws', async () => {
  const closed: string[] = [];
  const close = (name: string) => async () => closed.push(name);
  const fail = () => Promise.reject(new Error('no'));
  await expect(closeAll([close('a'), fail, close('b'), fail, close('c')])).rejects.toThrow('no');
  expect(closed).toEqual(['a', 'b', 'c']);
});
