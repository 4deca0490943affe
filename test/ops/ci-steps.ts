import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { cliFile } from '../e2e/build.ts';

/** The parts of GitHub's and GitLab's files that are run here. */
export interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | boolean | number>>;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

export interface WorkflowJob {
  readonly needs?: string;
  readonly if?: string;
  readonly strategy?: {
    readonly 'fail-fast': boolean;
    readonly matrix: { readonly shard: readonly string[] };
  };
  readonly steps: readonly Step[];
}

export interface GitlabJob {
  readonly extends?: string;
  readonly parallel?: number;
  readonly variables?: Readonly<Record<string, string>>;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly cache?: unknown;
  readonly needs?: readonly { readonly job: string; readonly artifacts: boolean }[];
  readonly artifacts?: {
    readonly when: string;
    readonly paths: readonly string[];
    readonly reports?: { readonly junit: string };
  };
}

export function yamlFile<Content>(path: string): Content {
  return parse(readFileSync(path, 'utf8')) as Content;
}

/** The built command, in the place of an installed package. */
export const builtCommand = `${process.execPath} ${cliFile}`;

/** Exit code and output of a script, as the shell of a CI system runs it. */
export function runScript(
  shell: readonly string[],
  script: string,
  folder: string,
  env: Readonly<Record<string, string>>,
) {
  const [program = '', ...parameters] = shell;
  const { status, stdout, stderr } = spawnSync(program, [...parameters, script], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
  });
  return { status, output: `${stdout}${stderr}` };
}

type Values = Readonly<Record<string, string>>;

/** A text with its expressions replaced: `${{ inputs.runs }}`. Throws for one that has no value here. */
function filled(text: string, values: Values): string {
  return text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the expression ${name} has no value`);
    return value;
  });
}

/** Artifacts are folders here. */
export interface GithubRun {
  readonly folder: string;
  readonly artifacts: string;
}

/** Runs a job of a workflow, as GitHub does: its shell steps, and those of the action. Returns the worst exit code. */
export function runJob(run: GithubRun, job: WorkflowJob, action: Action, matrix: Values, settings: Values) {
  mkdirSync(run.folder, { recursive: true });
  writeFileSync(join(run.folder, 'package.json'), '{ "name": "own", "version": "1.0.0" }');
  const lock = {
    name: 'own',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'own', version: '1.0.0' } },
  };
  writeFileSync(join(run.folder, 'package-lock.json'), JSON.stringify(lock));
  const results = job.steps.map((step) => {
    if (step.run !== undefined) return runShell(run, step, {}, 'bash').status ?? 1;
    if (step.uses?.startsWith('actions/download-artifact@')) return download(run, step);
    if (step.uses?.startsWith('./') !== true) return 0;
    const given = Object.entries({ ...step.with, ...settings }).map(([name, value]) => [
      name,
      filled(String(value), matrix),
    ]);
    return runAction(run, action, Object.fromEntries(given) as Values);
  });
  return { code: Math.max(...results), summary: textIn(join(run.folder, 'summary.md')) };
}

function runAction(run: GithubRun, action: Action, given: Values): number {
  const values: Record<string, string> = {};
  for (const [name, input] of Object.entries(action.inputs)) {
    const value = given[name] ?? input.default;
    if (value === undefined) throw new Error(`the input ${name} is required`);
    values[`inputs.${name}`] = value;
  }
  for (const name of Object.keys(given))
    if (!(name in action.inputs)) throw new Error(`the action has no input ${name}`);
  let code = 0;
  for (const step of action.runs.steps) {
    const [, task] = /^inputs\.task == '(\w+)'$/.exec(step.if ?? '') ?? [];
    if (task !== undefined && task !== values['inputs.task']) continue;
    if (step.uses?.startsWith('actions/upload-artifact@')) {
      // Its condition: also after a failure, but not without a name.
      if (values['steps.name.outputs.name'] === undefined) continue;
      const target = join(run.artifacts, filled(String(step.with?.name), values));
      cpSync(join(run.folder, filled(String(step.with?.path), values)), target, { recursive: true });
      continue;
    }
    if (code !== 0) continue;
    const { status, outputs } = runShell(run, step, values, step.shell ?? '');
    for (const [name, value] of outputs) values[`steps.${step.id}.outputs.${name}`] = value;
    code = status ?? 1;
  }
  return code;
}

/** The options that GitHub gives to bash. */
const shells: Readonly<Record<string, readonly string[]>> = {
  bash: ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c'],
};

function runShell({ folder }: GithubRun, step: Step, values: Values, shell: string) {
  const output = join(folder, 'output.txt');
  writeFileSync(output, '');
  const summary = join(folder, 'summary.md');
  appendFileSync(summary, '');
  const env = Object.entries(step.env ?? {}).map(([name, text]) => [name, filled(text, values)]);
  const { status } = runScript(shells[shell] ?? [], step.run ?? '', folder, {
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    ...(Object.fromEntries(env) as Values),
  });
  const lines = readFileSync(output, 'utf8').split('\n').filter(Boolean);
  return {
    status,
    outputs: lines.map((line): [string, string] => [
      line.split('=')[0] ?? '',
      line.slice(line.indexOf('=') + 1),
    ]),
  };
}

function download({ folder, artifacts }: GithubRun, step: Step): number {
  const start = String(step.with?.pattern).replace(/\*$/, '');
  for (const name of readdirSync(artifacts).filter((one) => one.startsWith(start)))
    cpSync(join(artifacts, name), join(folder, String(step.with?.path)), { recursive: true });
  return 0;
}

export function textIn(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
