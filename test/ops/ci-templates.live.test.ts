import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildWhenOutdated } from '../e2e/build.ts';
import { expectCtrf } from '../helpers/ctrf.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import {
  type Action,
  builtCommand,
  type GitlabJob,
  runJob,
  runScript,
  textIn,
  type Workflow,
  yamlFile,
} from './ci-steps.ts';

beforeAll(buildWhenOutdated);

const action = yamlFile<Action>('ops/ci/github/action.yml');
const workflow = yamlFile<Workflow>('ops/ci/github/workflow.yml');
const gitlab = yamlFile<Readonly<Record<string, GitlabJob>>>('ops/ci/gitlab/fleetwake.yml');
const small = { command: builtCommand, runs: '4' };

const jsonIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const corpusName = 'a-failure.json';
const [anyRegression = ''] = readdirSync('test/regressions').filter((name) => name.endsWith('.json'));

/** A corpus in the repository, as `fleetwake check` saved its failures. */
function addCorpus(folder: string, name: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join('test/regressions', anyRegression), join(folder, name, corpusName));
}

describe('the GitHub action', () => {
  it('puts no input into a script: a value from outside is never taken for a command', () => {
    const scripts = action.runs.steps.flatMap(({ run = '' }) => run);
    expect(scripts.join('\n')).not.toContain('${{');
    expect(action.runs.using).toBe('composite');
    for (const { run, shell } of action.runs.steps)
      expect(shell).toBe(run === undefined ? undefined : 'bash');
  });

  it('has a description for each input, and uses each', () => {
    const text = readFileSync('ops/ci/github/action.yml', 'utf8');
    for (const [name, { description }] of Object.entries(action.inputs)) {
      expect(description.length, name).toBeGreaterThan(10);
      expect(text).toContain(`inputs.${name}`);
    }
  });

  it('refuses an unknown task, before it starts anything', () =>
    withTemporaryFolder(async (folder) => {
      const step = { uses: './fleetwake', with: { task: 'chek' } };
      const run = { folder: join(folder, 'work'), artifacts: join(folder, 'artifacts') };
      expect(runJob(run, { steps: [step] }, action, {}, small)).toEqual({ code: 2, summary: '' });
      expect(existsSync(run.artifacts)).toBe(false);
    }));
});

describe('the GitHub workflow', () => {
  it('needs only the permission `contents: read`, and lets every shard finish', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const { shard = [] } = workflow.jobs.check?.strategy?.matrix ?? {};
    expect(shard).toEqual(shard.map((_, index) => `${index + 1}/${shard.length}`));
    expect(workflow.jobs.check?.strategy?.['fail-fast']).toBe(false);
    expect([workflow.jobs.report?.needs, workflow.jobs.report?.if]).toEqual([
      'check',
      expect.stringContaining('!cancelled()'),
    ]);
    const uses = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap((step) => step.uses ?? []),
    );
    expect([...new Set(uses)]).toEqual([
      ...['actions/checkout@v6', 'actions/setup-node@v6', './node_modules/fleetwake/ops/ci/github'],
      'actions/download-artifact@v7',
    ]);
  });

  it('runs each shard, the scenarios and the merged report', () =>
    withTemporaryFolder(async (folder) => {
      const artifacts = join(folder, 'artifacts');
      const { check, scenarios, report } = workflow.jobs;
      if (!check || !scenarios || !report) throw new Error('a job is missing');
      for (const shard of check.strategy?.matrix.shard ?? []) {
        const work = join(folder, `check-${shard[0]}`);
        addCorpus(work, 'fleetwake-corpus');
        const { code, summary } = runJob(
          { folder: work, artifacts },
          check,
          action,
          { 'matrix.shard': shard },
          small,
        );
        expect([code, summary.split('\n')[0]]).toEqual([0, `## ✅ fleetwake check, seed 1, shard ${shard}`]);
      }
      const run = runJob(
        { folder: join(folder, 'run'), artifacts },
        scenarios,
        action,
        {},
        {
          ...small,
          scenarios: 'expired-token',
        },
      );
      expect([run.code, run.summary.slice(0, 27)]).toEqual([0, '## ✅ Scenario expired-token']);
      const merged = runJob({ folder: join(folder, 'merge'), artifacts }, report, action, {}, small);
      expect([merged.code, merged.summary.split('\n')[0]]).toEqual([0, '## ✅ fleetwake check, seed 1']);

      const shards = [1, 2, 3, 4].map((index) => `fleetwake-check-${index}-of-4`);
      expect(readdirSync(artifacts).toSorted()).toEqual([
        ...shards,
        'fleetwake-report',
        'fleetwake-scenarios',
      ]);
      const inReport = readdirSync(join(artifacts, 'fleetwake-report'));
      expect(inReport).toEqual(
        expect.arrayContaining(['check.json', 'check.md', 'ctrf-check.json', 'junit-check.xml']),
      );
      const whole = jsonIn(join(artifacts, 'fleetwake-report', 'check.json'));
      expect(whole).toMatchObject({ ok: true, runs: 4, shards: { of: 4, missing: [] } });
      expect(whole.corpus).toEqual([{ file: join('fleetwake-corpus', corpusName), broken: null }]);
      expectCtrf(jsonIn(join(artifacts, 'fleetwake-report', 'ctrf-check.json')));
      expect(readdirSync(join(artifacts, 'fleetwake-scenarios')).toSorted()).toEqual([
        ...['ctrf-run-expired-token.json', 'junit-run-expired-token.xml', 'run-expired-token.html'],
        ...['run-expired-token.json', 'run-expired-token.md'],
      ]);
    }));

  it('fails with a failing check, and keeps its reports and a page of each failure', () =>
    withTemporaryFolder(async (folder) => {
      const { check, report } = workflow.jobs;
      if (!check || !report) throw new Error('a job is missing');
      const artifacts = join(folder, 'artifacts');
      const work = join(folder, 'work');
      mkdirSync(work);
      // What a check does that finds a failure; `replay` and `report merge` are the real ones.
      writeFileSync(
        join(work, 'found.sh'),
        `if [ "$1" = check ]; then cp ${process.cwd()}/test/regressions/${anyRegression} fleetwake-reports/failure-1-2.json; exit 1; fi
exec ${builtCommand} "$@"`,
      );
      const settings = { command: 'sh found.sh' };
      const { code } = runJob(
        { folder: work, artifacts },
        check,
        action,
        { 'matrix.shard': '2/4' },
        settings,
      );
      expect(code).toBe(1);
      expect(readdirSync(join(artifacts, 'fleetwake-check-2-of-4')).toSorted()).toEqual([
        ...['failure-1-2.html', 'failure-1-2.json'],
      ]);
      expect(textIn(join(artifacts, 'fleetwake-check-2-of-4', 'failure-1-2.html'))).toMatch(
        /^<!doctype html>/i,
      );
      // No shard has written a report: the merge says what it needs.
      const merged = runJob({ folder: join(folder, 'merge'), artifacts }, report, action, {}, small);
      expect(merged.code).toBe(2);
    }));
});

describe('the page of a failure', () => {
  const scripts: readonly (readonly [string, readonly string[], string])[] = [
    [
      'GitHub',
      ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c'],
      action.runs.steps.find(({ if: when }) => when === "inputs.task == 'check'")?.run ?? '',
    ],
    ['GitLab', ['sh', '-ec'], gitlab['fleetwake-check']?.script?.join('\n') ?? ''],
  ];

  it.each(scripts)(
    'is made with the catalogue of the check, and an error fails the job: %s',
    (_, shell, script) =>
      withTemporaryFolder(async (folder) => {
        mkdirSync(join(folder, 'reports'));
        // A check that finds a failure; `replay` ends with the code of the file `replayed`.
        const fake = `[ "$1" = replay ] && { echo "$@" >> calls; exit "$(cat replayed)"; }
echo "$@" > check; : > reports/failure-1-2.json; exit 1`;
        writeFileSync(join(folder, 'fake.sh'), fake);
        const run = (OPTIONS: string, replayed: string) => {
          writeFileSync(join(folder, 'replayed'), replayed);
          writeFileSync(join(folder, 'calls'), '');
          const { status } = runScript(shell, script, folder, {
            ...{
              FLEETWAKE: 'sh fake.sh',
              REPORTS: 'reports',
              CORPUS: 'corpus',
              RUNS: '4',
              SEED: '1',
              OPTIONS,
            },
            ...{ SHARD: '1/4', CI_NODE_INDEX: '1', CI_NODE_TOTAL: '4' },
            GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
          });
          expect(textIn(join(folder, 'check')).trim().endsWith(OPTIONS)).toBe(true);
          return [status, textIn(join(folder, 'calls'))];
        };
        const page = '--html reports/failure-1-2.html\n';
        expect(run('', '1')).toEqual([1, `replay reports/failure-1-2.json ${page}`]);
        for (const words of ['--catalogue my/catalogue', '--catalogue=my/catalogue'])
          expect(run(`--policy policy.yaml ${words}`, '1')).toEqual([
            ...[1, `replay reports/failure-1-2.json ${words} ${page}`],
          ]);
        expect(run('', '2')[0]).toBe(2);
      }),
  );
});

/** A job with what it takes over from the one that it extends. */
function gitlabJob(name: string): GitlabJob {
  const job = gitlab[name];
  if (job === undefined) throw new Error(`there is no job ${name}`);
  return job.extends === undefined ? job : { ...gitlab[job.extends], ...job };
}

describe('the GitLab template', () => {
  const junitPattern = 'fleetwake-reports/junit-*.xml';

  it('keeps reports also of a failure, and shows the merged ones and those of the scenarios', () => {
    for (const name of ['fleetwake-check', 'fleetwake-scenarios', 'fleetwake-report']) {
      expect(gitlabJob(name)).toMatchObject({
        cache: { key: { files: ['package-lock.json'] }, paths: ['.npm/'] },
        artifacts: { when: 'always', paths: ['fleetwake-reports/'] },
      });
    }
    // The merged report has the results of the shards: shown twice, they would count twice.
    expect(gitlabJob('fleetwake-check').artifacts?.reports).toBeUndefined();
    for (const name of ['fleetwake-scenarios', 'fleetwake-report'])
      expect(gitlabJob(name).artifacts?.reports?.junit).toBe(junitPattern);
    expect(gitlabJob('fleetwake-report').needs).toEqual([{ job: 'fleetwake-check', artifacts: true }]);
  });

  it('runs each shard, the scenarios and the merged report', () =>
    withTemporaryFolder(async (folder) => {
      writeFileSync(join(folder, 'package.json'), '{ "name": "own", "version": "1.0.0" }');
      const lock = { name: 'own', version: '1.0.0', lockfileVersion: 3, packages: {} };
      writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
      addCorpus(folder, 'fleetwake-corpus');
      const run = (name: string, settings: Readonly<Record<string, string>>) => {
        const { before_script: before = [], script = [], variables = {} } = gitlabJob(name);
        const env = { ...variables, FLEETWAKE: builtCommand, RUNS: '4', ...settings };
        return runScript(['sh', '-ec'], [...before, ...script].join('\n'), folder, env);
      };
      const { parallel = 1 } = gitlabJob('fleetwake-check');
      expect(parallel).toBe(4);
      for (let index = 1; index <= parallel; index += 1) {
        const node = { CI_NODE_INDEX: `${index}`, CI_NODE_TOTAL: `${parallel}` };
        expect(run('fleetwake-check', node)).toMatchObject({ status: 0 });
      }
      expect(run('fleetwake-scenarios', { SCENARIOS: 'expired-token' })).toMatchObject({ status: 0 });
      expect(run('fleetwake-report', {})).toMatchObject({ status: 0 });
      const reports = join(folder, 'fleetwake-reports');
      expect(jsonIn(join(reports, 'check.json'))).toMatchObject({
        ok: true,
        runs: 4,
        shards: { missing: [] },
      });
      expectCtrf(jsonIn(join(reports, 'ctrf-check.json')));
      expect(textIn(join(reports, 'junit-check.xml'))).toContain('name="every one of 4 shards has a report"');
      for (const name of ['run-expired-token.html', 'junit-run-expired-token.xml'])
        expect(existsSync(join(reports, name)), name).toBe(true);
    }));
});
