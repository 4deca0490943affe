import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { checkTestCases } from '../../../simulator/check/checking.ts';
import { mergeShards, type ShardReport, shardConflict } from '../../../simulator/cli/check-merge.ts';
import type { CheckReport, CheckShard } from '../../../simulator/cli/check-report.ts';
import { type CheckOrder, shareOf } from '../../../simulator/cli/check-workers.ts';
import type { DependencyOverrides } from '../../../simulator/virtual-system/dependency-overrides.ts';
import { expectCtrf } from '../../helpers/ctrf.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from './command-in-process.ts';

const order: CheckOrder = { seed: 7, runs: 200, minutes: null, workers: 1, shard: { index: 1, of: 1 } };

it.each([1, 2, 3, 7])('%i shards run every run of the seed once, with any number of workers each', (of) => {
  const ran: number[] = [];
  for (let index = 1; index <= of; index += 1) {
    // Each shard may have another machine with another number of workers.
    const workers = 1 + (index % 3);
    const shares = Array.from({ length: workers }, (_, worker) =>
      shareOf({ ...order, workers, shard: { index, of } }, worker),
    );
    for (let run = 1; run <= order.runs; run += 1)
      for (const share of shares) if (run % share.workers === share.worker) ran.push(run);
  }
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: order.runs }, (_, at) => at + 1));
});

/** What must agree: the seconds and rates of two checks differ. */
const verdictOf = ({ ok, seed, runs, corpus, failures, probes, probesMissed, traceHash }: CheckReport) => ({
  ...{ ok, seed, runs, corpus, failures, probes, probesMissed, traceHash },
});

describe('the shards of a check', () => {
  it('run every run of the seed once, and their merged report is that of the whole, in every format', () =>
    withTemporaryFolder(async (folder) => {
      const at = (name: string) => join(folder, name);
      await mkdir(at('corpus'));
      const names = (await readdir('test/regressions')).filter((name) => name.endsWith('.json')).slice(0, 3);
      for (const name of names) await copyFile(join('test/regressions', name), at(`corpus/${name}`));
      const call = ['check', '--runs', '9', '--seed', '7', '--workers', '1', '--corpus', at('corpus')];
      const report = async (file: string): Promise<CheckReport> =>
        JSON.parse(await readFile(at(file), 'utf8')) as CheckReport;

      expect((await inProcess([...call, '--json', at('whole.json')])).exitCode).toBe(0);
      for (const part of ['1/2', '2/2']) {
        const files = ['--json', at(`${part[0]}.json`), '--ctrf', at(`${part[0]}.ctrf`)];
        const outcome = await inProcess([...call, '--shard', part, ...files, '--markdown', at('part.md')]);
        expect([outcome.error, outcome.exitCode]).toEqual([null, 0]);
        expect(outcome.stderr).toContain('probes are judged by "fleetwake report merge", over all shards');
        expect(await readFile(at('part.md'), 'utf8')).toMatch(
          new RegExp(`^## ✅ fleetwake check, seed 7, shard ${part}\n`),
        );
        expectCtrf(JSON.parse(await readFile(at(`${part[0]}.ctrf`), 'utf8')));
      }
      const runsOf = async (file: string) =>
        (await report(file)).shard?.runHashes.map((one) => Number.parseInt(one, 10));
      expect([await runsOf('1.json'), await runsOf('2.json')]).toEqual([
        [2, 4, 6, 8],
        [1, 3, 5, 7, 9],
      ]);
      const corpusOf = async (file: string) => (await report(file)).corpus.length;
      expect([await corpusOf('1.json'), await corpusOf('2.json')]).toEqual([2, 1]);

      // A folder that is not there is made.
      const formats = ['--json', at('ci/all.json'), '--junit', at('ci/all.xml'), '--ctrf', at('ci/all.ctrf')];
      const merge = [
        'report',
        'merge',
        at('2.json'),
        at('1.json'),
        ...formats,
        '--markdown',
        at('ci/all.md'),
      ];
      const merged = await inProcess(merge);
      expect([merged.error, merged.exitCode]).toEqual([null, 0]);
      expect(merged.stdout).toMatch(/\n9 runs of seed 7 in .* s, 3 corpus cases before them\n/);
      expect(merged.stdout).toMatch(/\nok: no rule was broken\n$/);
      expect(verdictOf(await report('ci/all.json'))).toEqual(verdictOf(await report('whole.json')));
      expect((await report('ci/all.json')).shards).toEqual({ of: 2, missing: [], incomplete: [] });
      expect(await readFile(at('ci/all.xml'), 'utf8')).toContain(
        '<testsuites tests="6" failures="0" errors="0" skipped="0">',
      );
      const ctrf: unknown = JSON.parse(await readFile(at('ci/all.ctrf'), 'utf8'));
      expectCtrf(ctrf);
      expect(ctrf).toMatchObject({ results: { summary: { tests: 6, passed: 6, failed: 0 } } });
      const markdown = await readFile(at('ci/all.md'), 'utf8');
      expect(markdown).toMatch(/^## ✅ fleetwake check, seed 7\n\n\*\*No rule was broken\.\*\* 9 runs in /);

      const half = await inProcess(['report', 'merge', at('2.json'), '--json', '--junit', at('half.xml')]);
      expect(half.exitCode).toBe(1);
      expect(JSON.parse(half.stdout)).toMatchObject({ ok: false, runs: 5, shards: { of: 2, missing: [1] } });
      expect(await readFile(at('half.xml'), 'utf8')).toContain(
        '<failure message="shard 1/2 has no report: its runs prove nothing. Run it again, and merge its report too."',
      );
    }));

  it('find the first failing run of the whole, and one with it', async () => {
    // Reports every void as done, and does none.
    const overrides: DependencyOverrides = {
      engine: (deps) => ({
        ...deps,
        payments: {
          authorise: (request) => deps.payments.authorise(request),
          capture: (request) => deps.payments.capture(request),
          refund: (request) => deps.payments.refund(request),
          retrieve: (id) => deps.payments.retrieve(id),
          async void({ paymentId }) {
            return { ok: true, paymentId, expiresAt: null };
          },
        },
      }),
    };
    const failingRun = async (index: number, of: number) => {
      const share = shareOf({ ...order, runs: 40, shard: { index, of } }, 0);
      const { failures } = await checkTestCases({
        ...share,
        now: wallClock.now,
        overrides,
        makeSmall: false,
      });
      return failures[0]?.run ?? Number.POSITIVE_INFINITY;
    };
    const whole = await failingRun(1, 1);
    expect(whole).toBeLessThanOrEqual(40);
    expect(Math.min(await failingRun(1, 3), await failingRun(2, 3), await failingRun(3, 3))).toBe(whole);
  });
});

const hashOf = (digit: number) => String(digit).repeat(64);

function shardReport(
  index: number,
  of: number,
  change: Partial<CheckReport> = {},
  shard: Partial<CheckShard> = {},
): ShardReport {
  const report = {
    ...{ ok: true, seed: 1, runs: 1_000, startedAt: 5_000 - index, seconds: index, corpus: [], failures: [] },
    ...{
      schedulesPerSecond: 1,
      eventsPerSecond: 1,
      activationsPerSecond: 1,
      probesMissed: [],
      traceHash: '',
    },
    ...{ versions: { fleetwake: '1.2.3' }, probes: { 'quota exhausted': index === 1 ? 0 : 4 } },
    ...change,
    shard: {
      ...{ index, of, requested: '--runs 2000', needsProbes: true, events: 500, activations: 20 },
      ...{ planned: 2_000, inputs: hashOf(0) },
      runHashes: Array.from({ length: 1_000 }, (_, at) => `${at * of + index} ${hashOf(index)}`),
      ...shard,
    },
  };
  return { file: `${index}.json`, report: report as ShardReport['report'] };
}

describe('a merged report', () => {
  it('judges probes over all shards, and takes as long as the slowest one', () => {
    const merged = mergeShards([shardReport(2, 2), shardReport(1, 2)]);
    expect(merged).toMatchObject({
      ...{ ok: true, runs: 2_000, startedAt: 4_998, seconds: 2, eventsPerSecond: 500, probesMissed: [] },
    });
    const never = { probes: { 'quota exhausted': 0 } };
    expect(mergeShards([shardReport(1, 2, never), shardReport(2, 2, never)])).toMatchObject({
      ...{ ok: false, probesMissed: ['quota exhausted'] },
    });
  });

  it('has the failures of all shards, in the order of their runs', () => {
    const failure = (run: number) => ({
      ...{ rule: 'money', sentence: 'A1 was charged', run, file: `f-${run}.json`, schedule: {} },
      replay: `npx fleetwake replay f-${run}.json`,
    });
    const merged = mergeShards([
      shardReport(1, 2, { ok: false, failures: [failure(9)] }),
      shardReport(2, 2, { ok: false, failures: [failure(4)] }),
    ]);
    expect([merged.ok, merged.failures.map(({ run }) => run)]).toEqual([false, [4, 9]]);
  });

  it('fails where a shard failed without a named failure, where runs are absent, and where a run is in two reports', () => {
    const incomplete = (...shards: [ShardReport, ShardReport]) => {
      const { ok, shards: whole } = mergeShards(shards);
      return [ok, ...(whole?.incomplete ?? [])];
    };
    const one = shardReport(1, 2);
    expect(incomplete(one, shardReport(2, 2))).toEqual([true]);
    expect(incomplete(one, shardReport(2, 2, { ok: false }))).toEqual([
      false,
      'shard 2/2 failed, and its report names no failure. Run it again.',
    ]);
    const few = shardReport(2, 2, { runs: 1 }, { runHashes: [`2 ${hashOf(2)}`] });
    expect(incomplete(one, few)).toEqual([
      false,
      '1001 of 2000 runs are in these reports. Run every shard again.',
    ]);
    const minutes = { planned: null, requested: '--minutes 5' };
    expect(incomplete(shardReport(1, 2, {}, minutes), shardReport(2, 2, {}, minutes))).toEqual([true]);
    const again = { ...minutes, runHashes: [`1 ${hashOf(1)}`] };
    expect(incomplete(shardReport(1, 2, {}, minutes), shardReport(2, 2, {}, again))).toEqual([
      false,
      '1 runs are in these reports twice. Run every shard again.',
    ]);
  });

  it('is refused for shards that had other files', () => {
    expect(shardConflict([shardReport(1, 2), shardReport(2, 2, {}, { inputs: hashOf(1) })])).toBe(
      '2.json and 1.json had other files in the corpus, the policy or the catalogue: run every shard with the same',
    );
  });

  it('is refused for shards of different checks, and for one shard twice', () => {
    expect(shardConflict([shardReport(1, 2), shardReport(2, 2)])).toBeNull();
    expect(shardConflict([shardReport(1, 2), shardReport(2, 3)])).toBe(
      '2.json is a shard of "check --seed 1 --runs 2000" in 3 shards by version 1.2.3, 1.json of "check --seed 1 --runs 2000" in 2 shards by version 1.2.3: merge shards of one check',
    );
    expect(shardConflict([shardReport(1, 2), { ...shardReport(1, 2), file: 'again.json' }])).toBe(
      '1.json and again.json are both shard 1/2: give each shard once',
    );
  });
});

describe('fleetwake report merge', () => {
  it('joins runs as well, and fails where one of them does', () =>
    withTemporaryFolder(async (folder) => {
      const at = (name: string) => join(folder, name);
      for (const seed of ['1', '2'])
        await inProcess(['run', 'expired-token', '--seed', seed, '--json', at(`${seed}.json`)]);
      const call = ['report', 'merge', at('1.json'), at('2.json')];
      const outcome = await inProcess([...call, '--junit', at('r/all.xml'), '--ctrf', at('r/all.ctrf')]);
      expect([outcome.error, outcome.exitCode]).toEqual([null, 0]);
      expect(outcome.stdout).toMatch(/\nAll 2 runs hold\.\n$/);
      expect((await readFile(at('r/all.xml'), 'utf8')).match(/<testsuite /g)).toHaveLength(2);
      const ctrf: unknown = JSON.parse(await readFile(at('r/all.ctrf'), 'utf8'));
      expectCtrf(ctrf);
      expect(ctrf).toMatchObject({
        results: { tool: { name: 'fleetwake' }, summary: { suites: 2, failed: 0 } },
      });
      const broken = JSON.parse(await readFile(at('2.json'), 'utf8')) as object;
      await writeFile(at('2.json'), JSON.stringify({ ...broken, ok: false }));
      expect((await inProcess(call)).exitCode).toBe(1);
    }));

  it('names what it cannot join, and what to give', () =>
    withTemporaryFolder(async (folder) => {
      const at = (name: string) => join(folder, name);
      const refusal = async (...files: readonly [string, unknown][]) => {
        for (const [name, value] of files)
          await writeFile(at(name), typeof value === 'string' ? value : JSON.stringify(value));
        const { error } = await inProcess(['report', 'merge', ...files.map(([name]) => at(name))]);
        return error?.replaceAll(`${folder}/`, '') ?? null;
      };
      const { report } = shardReport(1, 2);
      const hint =
        'give files that "fleetwake check --shard i/n --json FILE" or "fleetwake run --json FILE" wrote';
      expect(await refusal(['x.json', '{'])).toMatch(new RegExp(`^x\\.json is not JSON \\(.*\\); ${hint}$`));
      expect(await refusal(['whole.json', { ...report, shard: undefined }])).toBe(
        'whole.json is the report of a whole check: give reports of "fleetwake check --shard i/n --json FILE"',
      );
      expect(await refusal(['bad.json', { ...report, seconds: 'one' }])).toMatch(
        /^bad\.json is no report of a shard \(seconds: .*\)$/,
      );
      expect(await refusal(['1.json', report], ['run.json', { scenario: 'x' }])).toBe(
        'run.json is not the report of a check, 1.json is: merge checks and runs in two calls',
      );
      expect(await refusal(['run.json', { scenario: 'x' }])).toMatch(
        /^run\.json: is no report of a run \(seed: /,
      );
      await inProcess(['run', 'expired-token', '--json', at('r.json')]);
      const run = JSON.parse(await readFile(at('r.json'), 'utf8')) as { versions: object };
      expect(await refusal(['r.json', { ...run, versions: { fleetwake: '0.0.1' } }])).toMatch(
        /^r\.json is of version 0\.0\.1, and this is version \d+\.\d+\.\d+: merge it with its own$/,
      );
      expect(await refusal(['r.json', { ...run, versions: undefined }])).toMatch(
        /^r\.json is of version unknown, /,
      );
    }));
});
