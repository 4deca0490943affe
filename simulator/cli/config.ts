import Table from 'cli-table3';
import type { Command } from 'commander';
import { CatalogueError } from '../../gateway/catalogue/faults.ts';
import { type GatewayConfig, readConfig, secretsOf, options as table } from '../../gateway/config.ts';
import { whyIdle } from '../../gateway/idle-options.ts';
import { checkFiles, type Problem } from '../../gateway/live/config-check.ts';
import { missingServices } from '../../gateway/live/missing-services.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import { maskSecrets } from '../../shared/protocol/known-secrets.ts';
import { readModelsFolder } from '../models/models-folder.ts';
import { withEnvironmentFiles } from './environment-files.ts';
import { exitCodes, UsageError } from './exit.ts';
import {
  type ModelsFlags,
  unusableServices,
  whyModelsHaveNoEffect,
  withCatalogueModelsOption,
} from './models-option.ts';
import { optionTexts, withGatewayOptions } from './options.ts';

type Name = keyof GatewayConfig;
type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigReport {
  readonly ok: boolean;
  readonly values: readonly { readonly option: string; readonly value: string; readonly source: string }[];
  readonly problems: readonly Problem[];
  /** What can be meant, and what a gateway would say at its start. */
  readonly notes: readonly Problem[];
}

const names = Object.keys(table) as Name[];

/** `fleetwake config check`: whether a gateway could start with these flags and this environment, without a start. */
export function addConfig(program: Command): void {
  const config = program.command('config').description('check the configuration of a gateway');
  const command = config
    .command('check')
    .description(
      'check options, roles, catalogue, templates, roster and keys without starting anything, and print the effective values',
    )
    .option('--json', 'print the result as JSON');
  withCatalogueModelsOption(command);
  withGatewayOptions(command).action((flags: Record<string, unknown>) => {
    const report = configReport(flags, process.env);
    process.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    process.exitCode = report.ok ? exitCodes.ok : exitCodes.unusable;
  });
}

/** Checks the configuration that these flags and this environment make. */
export function configReport(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
): ConfigReport {
  const typed = optionTexts(flags);
  const { read, unreadable } = environmentOf(environment);
  const sourceOf = (name: Name): string => {
    const { flag, environment: variable } = table[name];
    if (typed[name] !== undefined) return `--${flag}`;
    if (environment[variable]) return variable;
    return read[variable] ? `${variable}_FILE` : 'default';
  };
  const result = readConfig(typed, read);
  const faults = 'faults' in result ? result.faults.map((fault) => optionProblem(fault, sourceOf)) : [];
  const config = 'faults' in result ? usableOf(typed, read) : result.config;
  const problems = [
    ...unreadable,
    ...faults,
    ...checkFiles(config, sourceOf),
    ...modelProblems(flags, config),
  ];
  const notes: Problem[] = [];
  for (const name of names) {
    const why = sourceOf(name) === 'default' ? null : whyIdle(name, config);
    if (why === null) continue;
    const idle = { source: sourceOf(name), problem: `has no effect, because ${why}: leave it out` };
    (typed[name] === undefined ? notes : problems).push(idle);
  }
  if (config.roles.includes('platform') || config.roles.includes('engine'))
    notes.push(...missingServices(config).map((problem) => ({ source: 'default', problem })));
  const secrets = secretsOf(config);
  return {
    ok: problems.length === 0,
    values: names.map((name) => ({
      option: `--${table[name].flag}`,
      value: maskedText(maskSecrets(textOf(config[name]), secrets)),
      source: sourceOf(name),
    })),
    problems: problems.map(masked),
    notes: notes.map(masked),
  };
}

/** Vehicle models that cannot be used, and services that none of them can take. */
function modelProblems({ models: folder }: ModelsFlags, config: GatewayConfig): Problem[] {
  if (folder === undefined) return [];
  const idle = whyModelsHaveNoEffect(config);
  if (idle !== null) return [{ source: '--models', problem: idle }];
  const reading = readModelsFolder(folder);
  if (!reading.ok) return reading.mistakes.map((text) => placedProblem(text, folder));
  try {
    return unusableServices(config.catalogue, reading.models).map((text) => placedProblem(text, folder));
  } catch (error) {
    // What is wrong with the catalogue itself is a problem of its own.
    if (error instanceof CatalogueError) return [];
    throw error;
  }
}

/** `delta.yaml:3:6: vin is …` */
function placedProblem(text: string, folder: string): Problem {
  const [, source = folder, problem = text] = /^(.*?:\d+:\d+|.*?): (.*)$/s.exec(text) ?? [];
  return { source, problem };
}

/** A path may be an address that was given to the wrong option. */
function masked({ source, problem }: Problem): Problem {
  return { source: maskedText(source), problem: maskedText(problem) };
}

function environmentOf(environment: Environment): { read: Environment; unreadable: Problem[] } {
  try {
    return { read: withEnvironmentFiles(environment), unreadable: [] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const [source = '', ...rest] = error.message.split(': ');
    return { read: environment, unreadable: [{ source, problem: rest.join(': ') }] };
  }
}

/** `--port (FLEETWAKE_PORT) must be …` names both; what was given is the one to change. */
function optionProblem(fault: string, sourceOf: (name: Name) => string): Problem {
  const [, flag, problem = fault] = /^--(\S+)(?: \(\S+\))? (.*)$/s.exec(fault) ?? [];
  const name = names.find((one) => table[one].flag === flag);
  const [, variable, mistake] = /^(OTEL_\w+) (.*)$/s.exec(fault) ?? [];
  if (variable !== undefined && mistake !== undefined) return { source: variable, problem: mistake };
  return name === undefined
    ? { source: 'options', problem: fault }
    : { source: sourceOf(name), problem: problem.startsWith('and ') ? fault : problem };
}

/** The configuration with the default of each option whose value cannot be. */
function usableOf(typed: Readonly<Record<string, string>>, environment: Environment): GatewayConfig {
  const values = names.map((name) => {
    const { read, fallback, environment: variable } = table[name];
    const text = typed[name] ?? (environment[variable] || undefined);
    const result = text === undefined ? { value: fallback } : read(text);
    return [name, 'value' in result ? result.value : fallback];
  });
  return Object.fromEntries(values) as GatewayConfig;
}

function textOf(value: unknown): string {
  return value === null ? '' : Array.isArray(value) ? value.join(',') : String(value);
}

function reportText({ ok, values, problems, notes }: ConfigReport): string {
  const drawn = new Table({
    head: ['option', 'value', 'source'],
    style: { head: [], border: [], compact: true },
  });
  for (const { option, value, source } of values) drawn.push([option, value, source]);
  const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
  return `${[
    drawn.toString(),
    ...notes.map(({ source, problem }) => `note: ${source}: ${problem}`),
    ...problems.map(({ source, problem }) => `✗ ${source}: ${problem}`),
    ok
      ? 'ok: a gateway can start with this configuration'
      : `${count}: a gateway cannot start with this configuration`,
  ].join('\n')}\n`;
}
