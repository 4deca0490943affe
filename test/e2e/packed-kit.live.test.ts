import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { sized } from '../helpers/proofs.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';

beforeAll(buildWhenOutdated);

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** The worked example, as the page prints it. */
function example(): string {
  const page = readFileSync(join(root, 'docs', 'testing-kit.md'), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
}

const ofParts = ['api-iot', 'mqtt', 'payments', 'smtp', 'push', 'mail'];

/** The engine of the page, and `run --target`, with the files of the installed package. */
async function judgesAnEngine(project: string, command: string): Promise<void> {
  const examples = join('node_modules', 'fleetwake', 'docs', 'examples');
  const ports: string[] = [];
  for (const part of ofParts) ports.push(`--${part}-port`, String(await freePort()));
  const start = ['up', '--without', 'platform,engine', ...ports, '--control-port', '0', '--vehicles', '1'];
  const up = startChild(command, [...start, '--json'], project);
  try {
    await until(() => up.output().includes('"event":"up"'), `the parts are up: ${up.output()}`);
  } finally {
    await up.stop();
  }
  const port = await freePort();
  const settings = readFileSync(join(project, '.fleetwake', 'engine.env'), 'utf8');
  writeFileSync(join(project, 'own.env'), `${settings}PORT=${port}\nPAYMENT_RETRY=new-key\n`);
  const server = join(examples, 'own-engine-server.mjs');
  const engine = startChild(process.execPath, ['--env-file=own.env', server], project);
  try {
    await until(() => engine.output().includes('engine listens'), 'the engine listens');
    const target = ['--target', `http://127.0.0.1:${port}/orders`];
    const mapping = ['--mapping', join(examples, 'own-engine.mapping.yaml')];
    const call = ['run', join(examples, 'lost-payment-answer.yaml'), ...target, ...mapping, ...ports];
    const failed: { readonly code?: number; readonly stdout?: string } = await run(command, call, {
      cwd: project,
    }).catch((error) => error);
    expect([failed.code, failed.stdout]).toEqual([
      1,
      expect.stringMatching(/✗ {2}2 .*\n +order-p-00\d: charged 2 times, by the payments pi_\w+, pi_\w+\n/),
    ]);
  } finally {
    await engine.stop();
  }
}

test('the tarball of npm pack installs into an empty project without a warning about this Node, and runs the worked examples and the command there', () =>
  withTemporaryFolder(async (folder) => {
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "name": "project", "type": "module" }');
    const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
    const [{ filename = '' } = {}] = JSON.parse(packed.stdout) as { readonly filename?: string }[];
    // The addon is compiled where its binary cannot be fetched, which takes minutes: the one of this machine is copied below.
    const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
    const installed = await run('npm', ['install', ...flags, join(folder, filename)], { cwd: project });
    expect(installed.stderr).not.toContain('EBADENGINE');
    for (const name of ['better-sqlite3', 'better-sqlite3-13']) {
      const [from, to] = [root, project].map((place) => join(place, 'node_modules', name, 'build'));
      if (from && to && existsSync(from)) cpSync(from, to, { recursive: true });
    }
    for (const name of ['fast-check', 'vitest'])
      if (!existsSync(join(project, 'node_modules', name)))
        symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
    const runs = sized('numRuns: 12', 'numRuns: 40');
    writeFileSync(join(project, 'purchases.test.ts'), example().replace('numRuns: 40', runs));
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const { stdout } = await run(process.execPath, [vitest, 'run', 'purchases.test.ts'], {
      cwd: project,
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(stdout).toMatch(/Tests +1 passed \(1\)/);
    const command = join(project, 'node_modules', '.bin', 'fleetwake');
    const models = await run(command, ['models', '--json'], { cwd: project });
    expect((JSON.parse(models.stdout) as { id: string }[]).map(({ id }) => id)).toContain('aurora-2026');
    const adapters = await run(command, ['adapters', '--json'], { cwd: project });
    expect((JSON.parse(adapters.stdout) as { name: string }[]).map(({ name }) => name)).toContain(
      'synchronous',
    );
    await judgesAnEngine(project, command);
  }));
