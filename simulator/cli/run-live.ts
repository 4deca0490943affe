import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonLog } from '../../shared/live/log.ts';
import { runScenario } from '../live/scenario-run.ts';
import type { Evidence } from '../reports/evidence.ts';
import { judgeRun } from '../reports/judge-run.ts';
import type { RunReport } from '../reports/run-report.ts';
import { gatewayConfig } from './options.ts';
import { productVersions } from './product-version.ts';
import { progressWriter } from './progress.ts';
import type { NamedScenario } from './scenario-argument.ts';

/** One run of one scenario. */
export interface Job extends NamedScenario {
  readonly seed: number;
}

/** What a run came to, and from what. */
export interface JudgedRun {
  readonly report: RunReport;
  readonly evidence: Evidence;
}

export interface LiveFlags {
  readonly data?: string;
  readonly natsUrl?: string;
  readonly install?: true;
  readonly logLevel?: string;
}

/** The scenario on real parts, in a data folder that is its own. */
export async function runLive({ calledAs, scenario, seed }: Job, flags: LiveFlags): Promise<JudgedRun> {
  // A run starts from nothing, so that what it finds at the end is its own.
  const data = flags.data ?? (await mkdtemp(join(tmpdir(), 'fleetwake-')));
  const config = gatewayConfig({ ...flags }, process.env, {
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
    const versions = productVersions();
    const report = judgeRun(evidence, { world: 'live', bus, versions, calledAs });
    return { report, evidence };
  } finally {
    progress.end();
    if (flags.data === undefined) await rm(data, { recursive: true, force: true });
  }
}
