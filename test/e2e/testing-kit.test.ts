import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sized } from '../helpers/proofs.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
let project = '';

/** A user's project, with the packages that the example names. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'testing-kit-'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules', 'fleetwake'));
  for (const name of ['fast-check', 'vitest'])
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  writeFileSync(join(project, 'package.json'), '{ "name": "somebody", "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true }));

/** The worked example, as the page prints it; `npm test` runs fewer test cases. */
function example(): string {
  const page = readFileSync(join(root, 'docs', 'testing-kit.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  // A busy machine takes longer than the example allows.
  return code
    .replace('timeout: 120_000', 'timeout: 900_000')
    .replace('numRuns: 40', sized('numRuns: 12', 'numRuns: 40'));
}

const vitest = (...given: string[]) =>
  run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...given], {
    cwd: project,
    env: { ...process.env, NO_COLOR: '1' },
  });

async function typeErrors(file: string): Promise<string[]> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  return run(process.execPath, [tsc, ...options, file], { cwd: project }).then(
    () => [],
    (error: { stdout: string }) => error.stdout.split('\n').filter((line) => line.includes('error TS')),
  );
}

test('the worked example passes outside of the product, and its types are right', async () => {
  writeFileSync(join(project, 'purchases.test.ts'), example());
  const { stdout } = await vitest('purchases.test.ts');
  expect(stdout).toMatch(/Tests +1 passed \(1\)/);
  expect(await typeErrors('purchases.test.ts')).toEqual([]);
  writeFileSync(
    join(project, 'wrong.ts'),
    example().replace('{ catalogue: ours })', "{ catalogue: 'ours' })"),
  );
  expect(await typeErrors('wrong.ts')).toEqual([
    expect.stringMatching(/^wrong\.ts\(\d+,\d+\): error TS2322/),
  ]);
});

test('a broken rule of their own is reported with the smallest test case', async () => {
  // To search for the smallest takes a minute.
  const search = sized('{ endOnFailure: true, ', '{ ');
  const impatient = example().replace('2 * 3_600_000', '1_000').replace('{ numRuns', `${search}numRuns`);
  writeFileSync(join(project, 'impatient.test.ts'), impatient);
  const failure = await vitest('impatient.test.ts').then(
    () => null,
    (error: { code: number; stderr: string; stdout: string }) => error,
  );
  expect(failure?.code).toBe(1);
  expect(`${failure?.stdout}${failure?.stderr}`).toContain('Property failed after');
});
