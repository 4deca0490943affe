import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const example = (name: string) => resolve('docs/examples', name);

/** Ports that stay the same from `up`, which writes the settings, to `run`, as the fixed ones of a user do. */
async function freePorts(): Promise<string[]> {
  const flags = [
    '--api-iot-port',
    '--mqtt-port',
    '--payments-port',
    '--smtp-port',
    '--push-port',
    '--mail-port',
  ];
  const ports: string[][] = [];
  for (const flag of flags) ports.push([flag, String(await freePort())]);
  return ports.flat();
}

/** The example engine, started with the settings that `up --without platform,engine` wrote, against its scenario. */
async function judged(retry: 'new-key' | 'same-key', ports: readonly string[]) {
  return withTemporaryFolder(async (folder) => {
    const up = [
      'up',
      '--without',
      'platform,engine',
      ...ports,
      '--control-port',
      '0',
      '--vehicles',
      '1',
      '--json',
    ];
    await withFleetwake(folder, up, async (running) => {
      await until(
        () => running.stdout().endsWith('\n') || running.process.exitCode !== null,
        'it is up',
        25_000,
      );
      running.process.kill('SIGTERM');
      expect(await running.exitCode()).toBe(0);
    });
    const port = await freePort();
    const settings = await readFile(`${folder}/.fleetwake/engine.env`, 'utf8');
    await writeFile(`${folder}/own.env`, `${settings}PORT=${port}\nPAYMENT_RETRY=${retry}\n`);
    const engine = startChild(process.execPath, [`--env-file=${folder}/own.env`, example('own-engine.mjs')]);
    try {
      await until(() => engine.output().includes('engine listens'), 'the engine listens', 20_000);
      const run = await fleetwake(folder, [
        ...['run', example('lost-payment-answer.yaml'), '--target', `http://127.0.0.1:${port}/orders`],
        ...['--mapping', example('own-engine.mapping.yaml'), ...ports, '--json'],
      ]);
      return { exitCode: run.exitCode, stderr: run.stderr, report: JSON.parse(run.stdout || 'null') };
    } finally {
      await engine.stop();
    }
  });
}

const notJudged = "not judged: this rule needs the platform's database";

test('an engine that retries a payment under a new key is caught by `run --target`, with what was charged twice', async () => {
  const { exitCode, report, stderr } = await judged('new-key', await freePorts());
  expect([exitCode, stderr.split('\n')[0]]).toEqual([
    1,
    expect.stringMatching(/^scenario lost-payment-answer, seed 1, against http:/),
  ]);
  const broken = report.checks.filter((check: { id: number; ok: boolean }) => !check.ok);
  expect(
    broken.map(({ id, violations }: { id: number; violations: string[] }) => [id, violations.length]),
  ).toEqual([[2, expect.any(Number)], ...[3, 4, 6, 8, 10, 11].map((id) => [id, 1])]);
  expect(broken[0].violations[0]).toMatch(/^order-p-00\d: charged 2 times, by the payments pi_\w+, pi_\w+$/);
  expect(broken.slice(1).map(({ violations }: { violations: string[] }) => violations[0])).toEqual(
    Array.from({ length: 6 }, () => notJudged),
  );
  expect([report.expectedRules, report.ok]).toEqual([[1, 2, 5, 7, 9], false]);
}, 120_000);

test('the corrected engine, which retries under the same key, passes', async () => {
  const { exitCode, report } = await judged('same-key', await freePorts());
  expect(report.checks.filter(({ id }: { id: number }) => [1, 2, 5, 7, 9].includes(id))).toEqual(
    [1, 2, 5, 7, 9].map((id) => expect.objectContaining({ id, ok: true, violations: [] })),
  );
  expect([report.expectations, report.ok, exitCode]).toEqual([
    [
      { text: 'active = 100 %', ok: true, found: '100 % (2 of 2)' },
      { text: 'faults at payments > 0', ok: true, found: expect.any(String) },
    ],
    true,
    0,
  ]);
}, 120_000);
