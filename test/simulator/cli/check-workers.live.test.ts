import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { isRunning } from '../../../shared/live/processes.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { withFleetwake } from '../../e2e/command.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

beforeAll(buildWhenOutdated);

/** The processes that another one started and that run. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

it.skipIf(process.platform !== 'linux')('the workers of `fleetwake check` end when it is killed', () =>
  withTemporaryFolder((folder) => {
    const check = ['check', '--minutes', '5', '--workers', '2', '--corpus', 'none'];
    return withFleetwake(folder, check, async ({ process: parent }) => {
      let workers: readonly number[] = [];
      await until(async () => {
        workers = await childrenOf(parent.pid);
        return workers.length === 2;
      }, 'both workers run');
      try {
        parent.kill('SIGKILL');
        await until(() => !workers.some(isRunning), 'the workers have ended');
      } finally {
        for (const worker of workers.filter(isRunning)) process.kill(worker, 'SIGKILL');
      }
      expect(workers.length).toBe(2);
    });
  }),
);
