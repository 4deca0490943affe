import type { Command } from 'commander';
import { options } from '../../gateway/config.ts';
import { pathText } from '../../shared/files/mistake.ts';
import { wallClock } from '../../shared/live/clock.ts';
import type { RunReport } from '../reports/run-report.ts';
import { liveRefusals } from '../scenarios/live-refusals.ts';
import { targetRefusals } from '../target/target-refusals.ts';
import { adapterAt } from './adapters.ts';
import { type EvidenceFile, newEvidenceFile } from './evidence-file.ts';
import { exitCodes, UsageError } from './exit.ts';
import { flagOf } from './flag-names.ts';
import { checkOpenFiles } from './fleet-options.ts';
import { type MetricsFile, newMetricsFile } from './metrics-file.ts';
import { withModelsOption } from './models-option.ts';
import { withGatewayOptions } from './options.ts';
import {
  type PlannedFiles,
  plannedFiles,
  type ReportFlags,
  reportsAsJson,
  type WallMsOf,
  withReportOptions,
  writeReports,
} from './report-files.ts';
import type { RunConsoleFlags } from './run-console.ts';
import { type JobFlags, jobsOf } from './run-jobs.ts';
import type { Job, JudgedRun } from './run-live.ts';
import { checkedText, checkPlanFlags, type PlanFlags, placed, plansText } from './run-plan.ts';
import {
  checkTargetFlags,
  gatewayPorts,
  restDefault,
  runAgainstTarget,
  standInNames,
  type TargetFlags,
  targetPorts,
} from './run-target.ts';
import { outcomeLine, runText, totalLine, unmetText } from './run-text.ts';
import { checkSaveFlags, saveRun } from './saved-run-file.ts';
import { fixedStandInPorts } from './stand-in-ports.ts';
import { newTracesFile, type TracesFile } from './traces-file.ts';

interface RunFlags extends ReportFlags, TargetFlags, PlanFlags, JobFlags, RunConsoleFlags {
  readonly log?: string;
  readonly metrics?: string;
  readonly traces?: string;
  readonly save?: string;
}

/** What only a run on real parts has. */
const liveOptions = ['data', 'natsUrl', 'install', 'logLevel'] as const;

/** What runs in virtual time have as well. */
const sharedOptions = ['apiIotAdapter'] as const;

/** What several runs cannot share, and why. */
const ofOneRun = [
  ['html', 'shows'],
  ['data', 'is the folder of'],
  ['log', 'holds'],
  ['metrics', 'holds the time series of'],
  ['traces', 'holds the spans of'],
  ['save', 'holds'],
  ['target', 'is the engine of'],
] as const;

/** `fleetwake run [SCENARIO]`: the whole journey to a verdict, in virtual time or on real parts. */
export function addRun(program: Command): void {
  const command = program
    .command('run')
    .argument(
      '[scenario]',
      'scenario of the library (see "fleetwake scenarios"), or a YAML file; default: default',
    )
    .description('run a scenario and report every rule, in virtual time unless --live is given')
    .option('--live', 'run live, on real components in real time: HTTP, MQTT, NATS, SMTP, databases on disk')
    .option('--all', 'run every scenario of the library')
    .option('--seed <number>', 'seed of the fleet, the purchases and the faults', '1')
    .option(
      '--time-scale <number>',
      'how many times as fast a live run passes, for a scenario whose times are its own (times: scenario)',
    )
    .option('--repeat <number>', 'number of runs per scenario, with consecutive seeds', '1')
    .option(
      '--check',
      'check the scenario file and what the seed draws, without a run; exit code 2 names each mistake',
    )
    .option(
      '--plan',
      'print who buys what when and who meets which fault, without a run; with --json as JSON',
    )
    .option('--open', 'open the console of a live run in the browser of this machine')
    .option('--no-console', 'run live without the console')
    .option('--log <file>', 'write the evidence of the run to a file, for "fleetwake verify"')
    .option(
      '--metrics <file>',
      'write what Prometheus would have scraped of a run in virtual time, in OpenMetrics format (docs/monitoring.md)',
    )
    .option(
      '--traces <file>',
      'write the spans of a run in virtual time as OTLP in JSON, for Jaeger or Tempo (docs/monitoring.md)',
    )
    .option(
      '--save <file>',
      'write the run as a file for "fleetwake replay", to travel in it (docs/simulation.md)',
    );
  command.option('--catalogue <folder>', 'folder of the service catalogue instead of the shipped one');
  withModelsOption(command);
  command
    .option(
      '--target <url>',
      'run live against an engine of your own, which takes purchases at this URL (docs/own-engine.md)',
    )
    .option('--mapping <file>', 'how the payments and commands of that engine name their activation')
    .option(
      '--rest <duration>',
      `with --target: the run ends once nothing has moved for so long, even if purchases have not ended; longer than your engine waits between two tries (default: ${restDefault})`,
    );
  for (const name of standInNames) {
    command.option(
      `--${name}-port <port>`,
      `with --target: port of the stand-in (default: ${fixedStandInPorts[name]})`,
    );
  }
  withReportOptions(command);
  withGatewayOptions(command, liveOptions, {
    data: {
      help: 'new or empty folder for databases, secrets and the data of nats-server of a live run; default: a temporary folder that is removed afterwards',
      fallback: null,
      environment: null,
    },
  });
  withGatewayOptions(command, sharedOptions, {
    apiIotAdapter: {
      help: "adapter file by which the engine speaks to the run's API IoT, such as one with fewer capabilities (docs/own-api-iot.md)",
      environment: null,
    },
  });
  withGatewayOptions(command, gatewayPorts, {
    apiIotPort: { help: 'with --target: API IoT port' },
    mqttPort: { help: 'with --target: MQTT broker port' },
  });
  command.action(async (name: string | undefined, flags: RunFlags) => {
    process.exitCode = await run(name, flags);
  });
}

async function run(name: string | undefined, flags: RunFlags): Promise<number> {
  const jobs = runnable(jobsOf(name, flags), flags);
  checkFlags(flags, jobs);
  if (flags.check || flags.plan) {
    const text = flags.check ? checkedText : plansText;
    process.stdout.write(text(jobs, flags.json === true));
    return exitCodes.ok;
  }
  // Of all runs, before the first begins.
  if (flags.live) checkOpenFiles(Math.max(...jobs.map(({ scenario }) => scenario.vehicles.count)), 2);
  const files = await plannedFiles(flags);
  const [first] = jobs;
  if (flags.save !== undefined && first !== undefined) await saveRun(flags.save, first);
  const log = flags.log === undefined ? null : await newEvidenceFile(flags.log);
  const metrics = flags.metrics === undefined ? null : await newMetricsFile(flags.metrics);
  const traces =
    flags.traces === undefined || first === undefined ? null : await newTracesFile(flags.traces, first.seed);
  const wallMs = new Map<RunReport, number>();
  const runOne = async (job: Job) => {
    const beganAt = wallClock.now();
    const report = await runOf(job, flags, { log, metrics, traces }).catch(placed(job));
    wallMs.set(report, wallClock.now() - beganAt);
    process.stderr.write(unmetText(report, job));
    if (flags.json === true) return report;
    process.stdout.write(jobs.length === 1 || !report.ok ? runText(report) : outcomeLine(report));
    return report;
  };
  const tell = (judged: readonly RunReport[]) =>
    tellAll(judged, flags, files, (report) => wallMs.get(report));
  try {
    const reports = await eachRun(jobs, runOne, tell);
    return reports.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
  } finally {
    await log?.close();
    await metrics?.close();
    await traces?.close();
  }
}

/** Runs them one after the other. `tell` gets every finished run, even if a later one cannot finish, which rejects. */
export async function eachRun<Job, Report>(
  jobs: readonly Job[],
  runOne: (job: Job) => Promise<Report>,
  tell: (reports: readonly Report[]) => Promise<void>,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  try {
    for (const job of jobs) reports.push(await runOne(job));
  } finally {
    if (reports.length > 0) await tell(reports);
  }
  return reports;
}

async function tellAll(
  reports: readonly RunReport[],
  flags: RunFlags,
  files: PlannedFiles,
  wallMsOf: WallMsOf,
): Promise<void> {
  await writeReports(reports, files, wallMsOf);
  if (flags.json === true) process.stdout.write(reportsAsJson(reports));
  else if (reports.length > 1) process.stdout.write(totalLine(reports));
}

interface RunFiles {
  readonly log: EvidenceFile | null;
  readonly metrics: MetricsFile | null;
  readonly traces: TracesFile | null;
}

/** Loads the modules of one environment only. */
async function runIn(job: Job, flags: RunFlags, { metrics, traces }: RunFiles): Promise<JudgedRun> {
  if (flags.live) return (await import('./run-live.ts')).runLive(job, flags);
  return (await import('./run-virtual.ts')).runVirtually(job, {
    adapter: flags.adapter,
    recordsMetrics: metrics !== null,
    tracingOf: traces?.tracingOf,
  });
}

async function runOf(job: Job, flags: RunFlags, files: RunFiles): Promise<RunReport> {
  if (flags.target !== undefined) return runAgainstTarget(job, flags);
  const { report, evidence, surroundings, metrics } = await runIn(job, flags, files);
  await files.log?.write(evidence, surroundings);
  if (metrics) await files.metrics?.write(metrics);
  await files.traces?.write();
  return report;
}

/** The library without what a live run cannot have; such a scenario alone is refused. */
function runnable(jobs: readonly Job[], { live, target, all, natsUrl }: RunFlags): Job[] {
  if (!live && target === undefined) return [...jobs];
  const { environment: name } = options.natsUrl;
  const hasForeignNats = Boolean(natsUrl ?? process.env[name] ?? process.env[`${name}_FILE`]);
  const foreign = { hasForeignNats, hasForeignGateway: target !== undefined };
  const refused = jobs.map((job) => ({
    job,
    refusals: [
      ...liveRefusals(job.scenario, foreign),
      ...(target === undefined ? [] : targetRefusals(job.scenario)),
    ],
  }));
  const virtual = refused.filter(({ refusals }) => refusals.length > 0);
  const [first] = virtual;
  if (first && !all) {
    const { placeOf } = first.job;
    const lines = first.refusals.map(({ path, text }) => `${placeOf(path)}: ${pathText(path)} ${text}`);
    throw new UsageError(`the scenario cannot run live:\n${lines.join('\n')}`);
  }
  const names = new Set(virtual.map(({ job }) => job.calledAs));
  if (names.size > 0) process.stderr.write(`skipped, virtual time only: ${[...names].join(', ')}\n`);
  return refused.flatMap(({ job, refusals }) => (refusals.length > 0 ? [] : [job]));
}

function checkFlags(flags: RunFlags, jobs: readonly Job[]): void {
  if (flags.check || flags.plan) checkPlanFlags(flags);
  checkTargetFlags(
    flags,
    (['log', 'metrics', 'traces', 'adapter'] as const).filter((option) => flags[option] !== undefined),
  );
  checkSaveFlags(flags, jobs);
  if (flags.adapter !== undefined) adapterAt(flags.adapter);
  const idle = targetPorts.find((option) => flags[option] !== undefined);
  if (flags.target === undefined && idle !== undefined) {
    throw new UsageError(`--${flagOf(idle)} has no effect without --target: leave it out`);
  }
  if (flags.live && flags.metrics !== undefined) {
    throw new UsageError(
      '--metrics records a run in virtual time: leave it out, and let Prometheus scrape the platform of a live run',
    );
  }
  if (flags.live && flags.traces !== undefined) {
    throw new UsageError(
      '--traces records a run in virtual time: leave it out, and name a collector with OTEL_EXPORTER_OTLP_ENDPOINT',
    );
  }
  const strange = liveOptions.find((option) => flags[option] !== undefined);
  if (!flags.live && flags.target === undefined && strange !== undefined) {
    throw new UsageError(`--${flagOf(strange)} needs a live run: add --live, or leave it out`);
  }
  const ofConsole = flags.open === true ? '--open' : flags.console === false ? '--no-console' : null;
  if (!flags.live && ofConsole !== null)
    throw new UsageError(`${ofConsole} needs a live run: add --live, or leave it out`);
  if (flags.open === true && flags.console === false)
    throw new UsageError('--open has no effect together with --no-console; leave one of them out');
  for (const [option, meaning] of ofOneRun) {
    if (jobs.length === 1 || flags[option] === undefined) continue;
    throw new UsageError(
      `--${option} ${meaning} one run: leave it out, or run one scenario without --all and --repeat`,
    );
  }
}
