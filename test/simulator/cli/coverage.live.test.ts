import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import type { CoverageReport } from '../../../simulator/cli/coverage.ts';
import { buildWhenOutdated, cliFile } from '../../e2e/build.ts';

beforeAll(buildWhenOutdated);

const root = join(import.meta.dirname, '..', '..', '..');

interface Report {
  readonly runs: number;
  readonly traceHash: string;
  readonly coverage?: CoverageReport;
}

async function check(...options: string[]): Promise<Report> {
  const given = ['check', '--runs', '4', '--corpus', 'none', '--json', ...options];
  const { stdout } = await promisify(execFile)(process.execPath, [cliFile, ...given], {
    maxBuffer: 64 * 1_024 * 1_024,
  });
  return JSON.parse(stdout) as Report;
}

test('check --coverage counts the calls of all workers where the functions stand in the source', async () => {
  const plain = await check('--workers', '1');
  expect(plain.coverage).toBeUndefined();
  const { coverage, runs, traceHash } = await check('--workers', '2', '--coverage');
  expect({ runs, traceHash }).toEqual({ runs: 4, traceHash: plain.traceHash });
  if (coverage === undefined) throw new Error('the report has no coverage');

  const { functions, unreached, folders } = coverage;
  const transition = functions.filter(({ file }) => file === 'gateway/activation/transition.ts');
  const lines = readFileSync(join(root, 'gateway/activation/transition.ts'), 'utf8').split('\n');
  const named = transition.filter(({ name }) => /^\w+$/.test(name));
  expect(named.length).toBeGreaterThan(0);
  for (const { line, name } of named) expect(lines[line - 1]).toContain(name);
  expect(transition.find(({ name }) => name === 'transition')?.calls).toBeGreaterThan(10);

  expect(folders.map(({ folder }) => folder)).toEqual(
    expect.arrayContaining(['gateway/activation', 'gateway/live', 'simulator/faults', 'simulator/fleet']),
  );
  expect(folders.find(({ folder }) => folder === 'gateway/live')?.reached).toBe(0);
  const live = unreached.find(({ file }) => file.startsWith('gateway/live/'));
  expect(live?.reason).toBe('binds the gateway to sockets, files and processes of the machine');
});
