import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { newTemporaryFolder, removeFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { writeExample } from '../simulator/models/example.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, withFleetwake } from './command.ts';

const example = (name: string) => resolve('docs/examples', name);
const scenario = example('lost-payment-answer.yaml');
const mapping = example('own-engine.mapping.yaml');
/** In the query of each engine's URL; no output may show it. */
const mark = 'm4rk-of-a-secret';

const portFlags = [
  '--api-iot-port',
  '--mqtt-port',
  '--payments-port',
  '--smtp-port',
  '--push-port',
  '--mail-port',
];

/** Ports that stay the same from `up`, which writes the settings, to `run`, as the fixed ones of a user do. */
async function freePorts(): Promise<string[]> {
  const ports: string[][] = [];
  for (const flag of portFlags) ports.push([flag, String(await freePort())]);
  return ports.flat();
}

let folder = '';
let ports: string[] = [];

/** A user's project, with the settings that `up --without platform,engine` wrote. */
beforeAll(async () => {
  buildWhenOutdated();
  folder = await newTemporaryFolder();
  ports = await freePorts();
  const up = ['up', '--without', 'platform,engine', ...ports, '--control-port', '0'];
  await withFleetwake(folder, [...up, '--vehicles', '1', '--json'], async (running) => {
    await until(() => running.stdout().endsWith('\n') || running.process.exitCode !== null, 'it is up');
    running.process.kill('SIGTERM');
    expect(await running.exitCode()).toBe(0);
  });
});
afterAll(() => removeFolder(folder));

function environmentIn(settings: string): Record<string, string> {
  const lines = settings.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

interface Engine {
  /** Its URL as outputs name it. */
  readonly shown: string;
  /** `fleetwake run` against the engine; no output shows the query of its URL. */
  run(...parameters: readonly string[]): ReturnType<typeof fleetwake>;
}

/** Starts the example engine with these settings. */
async function withEngine(retry: 'new-key' | 'same-key', work: (engine: Engine) => Promise<void>) {
  const port = await freePort();
  const settings = await readFile(`${folder}/.fleetwake/engine.env`, 'utf8');
  await writeFile(`${folder}/own.env`, `${settings}PORT=${port}\nPAYMENT_RETRY=${retry}\n`);
  const engine = startChild(process.execPath, [
    `--env-file=${folder}/own.env`,
    example('own-engine-server.mjs'),
  ]);
  const orders = `http://127.0.0.1:${port}/orders`;
  const target = `${orders}?token=${mark}&v=1`;
  try {
    await until(() => engine.output().includes('engine listens'), 'the engine listens');
    await work({
      shown: `${orders}?…`,
      async run(...parameters) {
        const call = ['run', ...parameters, '--target', target, ...ports];
        // The shell of the page has read engine.env before.
        const outcome = await fleetwake(folder, call, environmentIn(settings));
        expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(mark);
        return outcome;
      },
    });
  } finally {
    await engine.stop();
  }
}

const notJudged = "not judged: this rule needs the platform's database";
const judgedRules = [1, 2, 3, 5, 7, 9];

test('an engine that retries a payment under a new key is caught by `run --target`, with what was charged twice', async () => {
  await withEngine('new-key', async ({ run }) => {
    const { exitCode, stderr, stdout } = await run(scenario, '--mapping', mapping, '--json');
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      1,
      expect.stringMatching(/^scenario lost-payment-answer, seed 1, against http:/),
    ]);
    const report = JSON.parse(stdout);
    const broken = report.checks.filter((check: { id: number; ok: boolean }) => !check.ok);
    expect(
      broken.map(({ id, violations }: { id: number; violations: string[] }) => [id, violations.length]),
    ).toEqual([[2, expect.any(Number)], ...[4, 6, 8, 10, 11].map((id) => [id, 1])]);
    expect(broken[0].violations[0]).toMatch(
      /^order-p-00\d: charged 2 times, by the payments pi_\w+, pi_\w+$/,
    );
    expect(broken.slice(1).map(({ violations }: { violations: string[] }) => violations[0])).toEqual(
      Array.from({ length: 5 }, () => notJudged),
    );
    expect([report.expectedRules, report.ok]).toEqual([judgedRules, false]);
  });
});

test('the corrected engine, which retries under the same key, passes, and every report says what was judged', async () => {
  await withEngine('same-key', async ({ run, shown }) => {
    const files = ['--json', 'run.json', '--junit', 'run.xml', '--markdown', 'run.md', '--html', 'run.html'];
    const { exitCode, stdout, stderr } = await run(scenario, '--mapping', mapping, ...files);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('2/2 purchases')]);
    const read = (name: string) => readFile(`${folder}/${name}`, 'utf8');
    const [json, junit, markdown, html] = await Promise.all(
      ['run.json', 'run.xml', 'run.md', 'run.html'].map(read),
    );
    const report = JSON.parse(json ?? '');
    expect(report.checks.filter(({ id }: { id: number }) => judgedRules.includes(id))).toEqual(
      judgedRules.map((id) => expect.objectContaining({ id, ok: true, violations: [] })),
    );
    expect([report.expectations, report.ok]).toEqual([
      [
        { text: 'active = 100 %', ok: true, found: '100 % (2 of 2)' },
        { text: 'faults at payments > 0', ok: true, found: expect.any(String) },
      ],
      true,
    ]);
    const replay = `fleetwake run ${scenario} --seed 1 --target '${shown}' --mapping ${mapping}`;
    const portsAsNamed = portFlags.map((flag) => `${flag} ${ports[ports.indexOf(flag) + 1]}`);
    expect(report.replay).toBe([replay, ...portsAsNamed].join(' '));
    for (const text of [json, junit, markdown, html]) expect(text).not.toContain(mark);
    expect(stdout).toContain(
      '✓  2  Charges, tickets and notifications: exactly once per activation (2 examined)',
    );
    expect(stdout).toContain(notJudged);
    expect(junit).toMatch(
      /<testsuite name="fleetwake lost-payment-answer, seed 1"[^>]* tests="13" failures="0"[^>]* skipped="5"/,
    );
    expect(junit?.match(/<skipped/g)).toHaveLength(5);
    expect(junit).toContain(`<property name="replay" value="${replay}`);
    expect(markdown).toContain(replay);
    expect(html).toContain(replay.replaceAll("'", '&#39;'));
    expect(html).toContain('<th scope="row">p-001</th>');
  });
});

test('an engine that accepts purchases and does nothing breaks rule 3 once nothing has moved for --rest', async () => {
  const silent = createServer(async (incoming, outgoing) => {
    const { order } = JSON.parse(Buffer.concat(await incoming.toArray()).toString()) as { order: string };
    outgoing.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ id: order }));
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const target = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/orders`;
  try {
    const call = ['run', scenario, '--target', target, '--mapping', mapping, ...ports];
    const { exitCode, stdout } = await fleetwake(folder, [...call, '--rest', '2 s', '--json']);
    const report = JSON.parse(stdout);
    const dead = (id: number) =>
      `order-p-00${id}: accepted with 202, and then nothing: no payment, no command names it`;
    expect([exitCode, report.checks[2].violations.toSorted(), report.outcomes.pending]).toEqual([
      ...[1, [dead(1), dead(2)], 2],
    ]);
    expect(report.replay).toContain(` --rest '2 s' --api-iot-port`);
  } finally {
    silent.close();
  }
});

test("vehicles of models of one's own take the commands of an engine of one's own", async () => {
  await withEngine('same-key', async ({ run }) => {
    writeExample(folder);
    const own = ['--models', 'my/models', '--catalogue', 'my/catalogue'];
    const { exitCode, stdout, stderr } = await run('my/delta.yaml', ...own, '--mapping', mapping, '--json');
    const report = JSON.parse(stdout || 'null');
    expect([exitCode, stderr, report?.activations]).toEqual([
      0,
      expect.any(String),
      expect.arrayContaining([expect.objectContaining({ model: 'delta-2027', outcome: 'active' })]),
    ]);
    expect(report.replay).toMatch(
      /^fleetwake run my\/delta\.yaml --models my\/models --catalogue my\/catalogue --seed 1 --target /,
    );
  });
});

test('a mapping or address that fits nothing ends with exit code 2 and names the field to correct', async () => {
  await withEngine('same-key', async ({ run }) => {
    const text = await readFile(mapping, 'utf8');
    const wrong = [
      [
        'activation: /id',
        'activation: /order/id',
        ':4:15: purchase.activation "/order/id" is in none of 2 answers',
      ],
      [
        'metadata: order',
        'metadata: activation',
        ':6:13: payment.metadata "activation" names an activation of this run on none of 2 payments; their metadata has order',
      ],
      [
        'field: reference',
        "field: key\n  pattern: '^activation-(.+)$'",
        ':8:10: command.field "key" names an activation of this run on none of 2 commands; the first has the reference "order-p-00',
      ],
    ] as const;
    for (const [before, after, sentence] of wrong) {
      await writeFile(
        `${folder}/wrong.yaml`,
        text.replace(before, () => after),
      );
      const { exitCode, stderr, stdout } = await run(scenario, '--mapping', 'wrong.yaml');
      expect([exitCode, stdout, stderr.split('\n').at(-2)]).toEqual([
        2,
        '',
        expect.stringContaining(`wrong.yaml${sentence}`),
      ]);
    }
    const nobody = `http://127.0.0.1:${await freePort()}/orders`;
    const call = ['run', scenario, '--target', `${nobody}?token=${mark}`, '--mapping', mapping, ...ports];
    const unanswered = await fleetwake(folder, call);
    expect([unanswered.exitCode, unanswered.stderr.split('\n').at(-2)]).toEqual([
      2,
      expect.stringContaining(
        `${nobody}?… answered none of 2 purchases: start your engine there, or correct --target`,
      ),
    ]);
  });
});
