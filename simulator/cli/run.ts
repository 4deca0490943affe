import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { jsonLog } from '../../shared/live/log.ts';
import { runScenario } from '../live/scenario-run.ts';
import { runChecks } from '../reports/checks/all.ts';
import { reportOf } from '../reports/report.ts';
import type { RunReport } from '../reports/run-report.ts';
import { terminalReport } from '../reports/terminal.ts';
import { exitCodes, UsageError } from './exit.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';
import { productVersion } from './product-version.ts';
import { progressWriter } from './progress.ts';
import {
  plannedFiles,
  type ReportFlags,
  reportAsJson,
  withReportOptions,
  writeReports,
} from './report-files.ts';
import { scenarioOf } from './scenario-argument.ts';

interface RunFlags extends ReportFlags {
  readonly seed: string;
  readonly data?: string;
}

/** `fleetwake run [SCENARIO]`: the whole journey on real parts, to a verdict. */
export function addRun(program: Command): void {
  const command = program
    .command('run')
    .argument('[scenario]', 'one of the library (fleetwake scenarios lists it), or a YAML file', 'default')
    .description('run a scenario on real parts, to a report and a verdict')
    .option('--seed <number>', 'chooses the fleet, the purchases and the faults', '1');
  withReportOptions(command);
  withGatewayOptions(command, ['data', 'natsUrl', 'install', 'logLevel']);
  command.action(async (name: string, flags: RunFlags & Record<string, unknown>) => {
    process.exitCode = await run(name, seedOf(flags.seed), flags);
  });
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d{1,10}$/.test(text) || seed > 0xffff_ffff) {
    throw new UsageError(`--seed must be a whole number from 0 to 4294967295, not "${text}"`);
  }
  return seed;
}

async function run(
  calledAs: string,
  seed: number,
  flags: RunFlags & Record<string, unknown>,
): Promise<number> {
  const scenario = scenarioOf(calledAs);
  const files = await plannedFiles(flags);
  // A run starts from nothing, so that what it finds at the end is its own.
  const data = flags.data ?? (await mkdtemp(join(tmpdir(), 'fleetwake-')));
  const config = gatewayConfig(flags, process.env, {
    data,
    port: 0,
    apiIotPort: 0,
    mqttPort: 0,
  });
  const progress = progressWriter(process.stderr);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  say(`scenario ${scenario.name}, seed ${seed}: ${scenario.description}`);
  say(
    `time runs ${scenario.timeScale} times as fast: every delay, time-out and window is divided by it, the quota's hour included`,
  );
  try {
    const { evidence, bus } = await runScenario({
      scenario,
      seed,
      config,
      log: jsonLog(config.logLevel === 'warn' ? 'error' : config.logLevel),
      onProgress: progress.show,
    });
    progress.end();
    const versions = { fleetwake: productVersion(), node: process.versions.node };
    const report = reportOf(evidence, runChecks(evidence), { bus, versions, calledAs });
    await writeReports(report, files);
    process.stdout.write(flags.json === true ? reportAsJson(report) : textOf(report));
    return report.ok ? exitCodes.ok : exitCodes.failed;
  } finally {
    progress.end();
    if (flags.data === undefined) await rm(data, { recursive: true, force: true });
  }
}

function textOf(report: RunReport): string {
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const bus = report.bus === 'nats' ? 'NATS JetStream' : 'inside this process (no nats-server was found)';
  return `${terminalReport(report, { color })}bus: ${bus}\n`;
}
