import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from 'vitest';
import { buildWhenOutdated, cliFile } from './build.ts';

beforeAll(buildWhenOutdated);

test('a reader that stops reading ends no command with a stack trace', async () => {
  const child = spawn(process.execPath, [cliFile, 'scenarios', '--schema'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect([exitCode, said]).toEqual([0, '']);
});
