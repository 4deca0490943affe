import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import { shippedNames } from '../../../simulator/scenarios/library.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { fleetwake } from '../../e2e/command.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

beforeAll(buildWhenOutdated);

const scenario = `name: mine
description: Two cars.
timeScale: 100
vehicles: { count: 2 }
purchases: { count: 2, overMs: 100 }
`;

/** Runs the shipped command on a file of this text. */
function run(text: string, ...flags: string[]) {
  return withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'mine.yaml'), text);
    const ended = await fleetwake(folder, ['run', 'mine.yaml', ...flags]);
    const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => null);
    return {
      ...ended,
      junit: await read('mine.xml'),
      html: await read('mine.html'),
      json: await read('mine.json'),
    };
  });
}

test.each([
  [
    'a wrong field',
    `${scenario}colour: red\n`,
    'mine.yaml:6:1: colour is no field of a scenario; remove it or correct its name',
  ],
  [
    'an unknown fault',
    `${scenario}faults: { apiIot: [{ name: x, type: gone, toxicity: 1, attributes: {} }] }\n`,
    'mine.yaml:6:37: faults.apiIot[0].type is "gone"; write one of server_error, response_lost, rate_limited, unauthorized, unreachable, slow',
  ],
  [
    'an impossible schedule',
    `${scenario}faults: { apiIot: [{ name: x, type: slow, toxicity: 1, schedule: { everyMs: 5 }, attributes: { latencyMs: 1, jitterMs: 0 } }] }\n`,
    'mine.yaml:6:77: faults.apiIot[0].schedule.everyMs is 5; a fault that comes again needs forMs, the length of each window',
  ],
  [
    'a schedule that begins when all is over',
    `${scenario}faults: { apiIot: [{ name: x, type: unauthorized, toxicity: 1, schedule: { afterMs: 9999999 }, attributes: {} }] }\n`,
    'mine.yaml:6:85: faults.apiIot[0].schedule.afterMs begins at 9999999 ms, and by 45400 ms every activation of this scenario has ended; write a smaller number',
  ],
])('%s ends with 2 before anything is started', async (_, text, sentence) => {
  const { exitCode, stdout, stderr } = await run(text);
  expect([exitCode, stdout, stderr]).toEqual([
    2,
    '',
    `fleetwake: the scenario cannot be run:\n${sentence}\n`,
  ]);
});

test('a file that is not there, and a report that has no folder, end with 2', async () => {
  await withTemporaryFolder(async (folder) => {
    const missing = await fleetwake(folder, ['run', 'other.yaml']);
    expect([missing.exitCode, missing.stderr]).toEqual([
      2,
      'fleetwake: other.yaml: there is no such file: correct its path\n',
    ]);
    const homeless = await fleetwake(folder, ['run', 'default', '--html', 'no/where.html']);
    expect([homeless.exitCode, homeless.stderr]).toEqual([
      2,
      'fleetwake: --html no/where.html: its folder does not exist or is not writable; create it first\n',
    ]);
  });
});

test.each([
  [
    'type: crash_at_step, attributes: { process: platform, step: 1, forMs: 1 }',
    [],
    'is "crash_at_step", which a live run cannot have: the steps of a real process have no fixed order; write crash_at_call or gateway_crash, or leave out --live',
  ],
  [
    'type: nats_wiped, schedule: { afterMs: 0 }, attributes: {}',
    ['--nats-url', 'nats://127.0.0.1:1'],
    'is "nats_wiped", which a live run cannot have: the NATS of --nats-url (NATS_URL) may serve others; leave it out, so that the run starts a nats-server of its own',
  ],
])('a fault that a live run cannot have is refused with its place: %s', async (fault, flags, text) => {
  const file = `${scenario}faults: { parts: [{ name: x, ${fault} }] }\n`;
  const { exitCode, stdout, stderr } = await run(file, '--live', ...flags);
  expect([exitCode, stdout, stderr]).toEqual([
    2,
    '',
    `fleetwake: the scenario cannot run live:\nmine.yaml:6:36: faults.parts[0].type ${text}\n`,
  ]);
});

test('a plan that the seed cannot draw ends with 2', async () => {
  const cirrus = 'vehicles: { count: 2, models: [{ model: cirrus-2025, weight: 1 }] }';
  const service = '{ id: sport-mode, feature: sport_mode, duration: { unit: hours, count: 24 }, weight: 1 }';
  const { exitCode, stderr } = await run(`name: mine
description: What nobody can buy.
timeScale: 100
${cirrus}
purchases: { count: 2, overMs: 100, services: [${service}] }
`);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    'fleetwake: the scenario cannot be run:\nmine.yaml:5:21: purchases.count is 2, and the 2 vehicles that the seed draws take only 0; sell a service that the models of the fleet have\n',
  );
});

test('an unmet expectation gives exit code 1, and every report format has the command that runs the plan again', async () => {
  const flags = ['--seed', '3', '--junit', 'mine.xml', '--html', 'mine.html', '--json', 'mine.json'];
  const { exitCode, stdout, stderr, junit, html, json } = await run(
    `${scenario}expectations: [active = 2, failed = 2]\n`,
    ...flags,
  );
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    'mine.yaml:6:28: "failed = 2" is not met: the run found 0; inspect the purchases (--html FILE), or correct the expectation\n',
  );
  expect(stdout).toContain('✗     failed = 2 (found 0)\n');
  expect(stdout).toContain(
    '1 expectation is not met. The same plan again: fleetwake run mine.yaml --seed 3\n',
  );
  expect(junit).toContain('replay: fleetwake run mine.yaml --seed 3]]>');
  expect(html).toContain('<code>fleetwake run mine.yaml --seed 3</code>');
  expect(JSON.parse(json ?? '')).toMatchObject({
    ok: false,
    seed: 3,
    world: 'virtual',
    bus: null,
    versions: { fleetwake: '0.10.0' },
  });
});

test('on real parts the same file gives the same plan, and its repeat command has --live', async () => {
  const { exitCode, stdout, json } = await run(scenario, '--seed', '3', '--json', 'mine.json', '--live');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /\nAll 11 rules hold\.\nThe run was compressed 100 times: it took [\d.]+ m?s of real time\nbus: /,
  );
  const virtual = await run(scenario, '--seed', '3', '--json', 'mine.json');
  const [live, other] = [json, virtual.json].map((text) => JSON.parse(text ?? '') as RunReport);
  expect([live?.world, live?.replay]).toEqual(['live', 'fleetwake run mine.yaml --seed 3 --live']);
  expect([other?.world, other?.replay]).toEqual(['virtual', 'fleetwake run mine.yaml --seed 3']);
  const plan = (report: RunReport | undefined) =>
    report?.activations.map(({ purchase, vin, service, outcome }) => ({ purchase, vin, service, outcome }));
  expect(plan(live)).toEqual(plan(other));
  expect(plan(live)?.map(({ outcome }) => outcome)).toEqual(['active', 'active']);
});

test('in virtual time the same file and seed give the same bytes in two processes, another seed others', async () => {
  await withTemporaryFolder(async (folder) => {
    const formats = ['json', 'junit', 'markdown', 'html'];
    const report = async (name: string, seed: string) => {
      const flags = formats.flatMap((format) => [`--${format}`, `${name}.${format}`]);
      const { exitCode, stdout } = await fleetwake(folder, [
        'run',
        'tunnel-while-applying',
        '--seed',
        seed,
        ...flags,
      ]);
      expect(exitCode).toBe(0);
      // The time of a JUnit suite is the real one.
      const files = formats.map((format) => readFileSync(join(folder, `${name}.${format}`), 'utf8'));
      return [stdout, ...files.map((text) => text.replace(/( timestamp="[^"]*") time="[\d.]+"/, '$1'))];
    };
    const [one, again, other] = await Promise.all([report('a', '5'), report('b', '5'), report('c', '6')]);
    expect(again).toEqual(one);
    expect(other.map((text, index) => text === one[index])).toEqual([false, false, false, false, false]);
  });
});

test('several runs have a line each, one file for all, and a last line', async () => {
  await withTemporaryFolder(async (folder) => {
    const flags = ['--repeat', '2', '--seed', '4', '--json', 'all.json', '--junit', 'all.xml'];
    const { exitCode, stdout } = await fleetwake(folder, ['run', 'flapping', ...flags]);
    expect([exitCode, stdout]).toEqual([
      0,
      '✓ flapping, seed 4: 12 active\n✓ flapping, seed 5: 12 active\nAll 2 runs hold.\n',
    ]);
    const reports = JSON.parse(readFileSync(join(folder, 'all.json'), 'utf8')) as RunReport[];
    expect(reports.map(({ replay }) => replay)).toEqual([
      'fleetwake run flapping --seed 4',
      'fleetwake run flapping --seed 5',
    ]);
    const suites = readFileSync(join(folder, 'all.xml'), 'utf8').match(/<testsuite name="[^"]*"/g);
    expect(suites).toEqual([
      '<testsuite name="fleetwake flapping, seed 4"',
      '<testsuite name="fleetwake flapping, seed 5"',
    ]);
  });
});

test.each([
  [['flapping', '--all'], '--all runs the whole library: leave out "flapping", or leave out --all'],
  [['--nats-url', 'nats://x'], '--nats-url needs a live run: add --live, or leave it out'],
  [['--repeat', '0'], '--repeat must be a whole number from 1 to 1000, not "0"'],
  [
    ['--all', '--html', 'x.html'],
    '--html shows one run: leave it out, or run one scenario without --all and --repeat',
  ],
  [
    ['--repeat', '2', '--seed', '4294967295'],
    '--seed must be a whole number from 0 to 4294967295, not "4294967296"',
  ],
])('a call that cannot be is refused: fleetwake run %j', async (flags, sentence) => {
  await withTemporaryFolder(async (folder) => {
    const { exitCode, stdout, stderr } = await fleetwake(folder, ['run', ...flags]);
    expect([exitCode, stdout, stderr]).toEqual([2, '', `fleetwake: ${sentence}\n`]);
  });
});

test('the library is listed with a line each, and as JSON', async () => {
  await withTemporaryFolder(async (folder) => {
    const list = await fleetwake(folder, ['scenarios']);
    const names = list.stdout.split('\n').flatMap((line) => /^([a-z0-9-]+) {2,}\S/.exec(line)?.[1] ?? []);
    expect(names).toEqual(shippedNames());
    const json = await fleetwake(folder, ['scenarios', '--json']);
    expect((JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name)).toEqual(shippedNames());
    const schema = await fleetwake(folder, ['scenarios', '--schema']);
    expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'Fleetwake scenario', type: 'object' });
  });
});
