import { join } from 'node:path';
import { type GatewayConfig, readConfig } from '../../gateway/config.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { type RunOptions, runScenario } from '../../simulator/live/scenario-run.ts';
import { runChecks } from '../../simulator/reports/checks/all.ts';
import type { Evidence } from '../../simulator/reports/evidence.ts';
import { reportOf } from '../../simulator/reports/report.ts';
import type { RunReport } from '../../simulator/reports/run-report.ts';
import type { Verdict } from '../../simulator/reports/verdict.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';

/** Default configuration of the gateway, on free ports that it can reuse, with its data in `folder`. */
export async function freshConfig(folder: string): Promise<GatewayConfig> {
  const reading = readConfig({}, {});
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return {
    ...reading.config,
    data: join(folder, 'data'),
    port: await freePort(),
    apiIotPort: await freePort(),
    mqttPort: await freePort(),
    logLevel: process.env.CHAOS_SHOW ? 'warn' : 'error',
  };
}

/** What a killed process had claimed waits for the end of its claim; a mail that takes longer on a slow machine may come twice, as after a crash. */
const killedMailTimeoutMs = 10_000;

/** For processes of which none dies: no claim has to lapse, and no slow machine makes a mail come twice. */
export const patientMailTimeoutMs = 300_000;

export interface ChaosRun {
  readonly evidence: Evidence;
  readonly report: RunReport;
  /** Checks that do not hold, in any run but a broken one empty. */
  readonly broken: readonly Verdict[];
}

/** Runs a scenario in a folder of its own and judges it; `CHAOS_SHOW` lets it tell how it goes. */
export function chaosRun(
  options: Pick<RunOptions, 'scenario' | 'seed'> & Partial<RunOptions> & { readonly mailTimeoutMs?: number },
  judged: (evidence: Evidence) => Evidence = (evidence) => evidence,
): Promise<ChaosRun> {
  return withTemporaryFolder(async (folder) => {
    const { config = await freshConfig(folder), launch, mailTimeoutMs = killedMailTimeoutMs } = options;
    const { evidence } = await runScenario({
      log: silentLog,
      ...options,
      config: launch === undefined ? config : { ...config, mailTimeoutMs },
      onProgress(progress) {
        options.onProgress?.(progress);
        if (process.env.CHAOS_SHOW) console.log(JSON.stringify(progress));
      },
    });
    const checks = runChecks(judged(evidence));
    const report = reportOf(evidence, checks, { world: 'live' });
    if (process.env.CHAOS_SHOW) console.log(JSON.stringify(report, null, 1));
    return { evidence, report, broken: checks.filter((check) => !check.ok) };
  });
}
