import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import { shippedAdapter } from '../../helpers/foreign-engine.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';

/**
 * Fleetwake's own API IoT as one without callbacks, versions, display texts and keys. The key is still sent, because the rules of the
 * report recognise a command by it; the engine may not count on it.
 */
const fewer = shippedAdapter('fleetwake')
  .replace(/capabilities:\n.*\n/, 'capabilities: [history, history_item]\n')
  .replace("    callbackUrl: '{callbackUrl}'\n", '')
  .replace(/ {4}display:\n.*\n.*\n/, '')
  .replace(/^callback:\n(?: .*\n)+/m, '');

test('runs with fewer capabilities by --adapter: a command whose answer was lost is looked up and not sent again', () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'fewer.yaml');
    writeFileSync(file, fewer);
    const log = join(folder, 'run.log');
    const { stdout, error } = await inProcess([
      ...['run', 'answer-lost-after-acting', '--adapter', file, '--json', '--log', log],
    ]);
    expect(error).toBe(null);
    const report = JSON.parse(stdout) as RunReport;
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(stdout).toContain('most attempts <= 2');
  }));
