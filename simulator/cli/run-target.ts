import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretsOf } from '../../gateway/config.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { runTarget } from '../live/target-run.ts';
import type { RunReport } from '../reports/run-report.ts';
import { judgeTarget } from '../target/judge-target.ts';
import { type Mapping, readMapping } from '../target/mapping.ts';
import { targetCases, whyNothingFits } from '../target/target-case.ts';
import { UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { gatewayConfig } from './options.ts';
import { productVersions } from './product-version.ts';
import type { Job, LiveFlags } from './run-live.ts';
import { standInPorts } from './stand-in-ports.ts';

export interface TargetFlags extends LiveFlags {
  readonly target?: string;
  readonly mapping?: string;
  readonly paymentsPort?: string;
  readonly smtpPort?: string;
  readonly pushPort?: string;
  readonly mailPort?: string;
  readonly apiIotPort?: string;
  readonly mqttPort?: string;
}

/** The scenario against an engine of the user's own. */
export async function runAgainstTarget(job: Job, flags: TargetFlags): Promise<RunReport> {
  const { target = '', mapping: file = '' } = flags;
  const mapping = mappingOf(file);
  const config = gatewayConfig({ ...flags }, process.env);
  const ports = { ...standInPorts(flags, 'fixed'), control: 0 };
  const folder = await mkdtemp(join(tmpdir(), 'fleetwake-'));
  process.stderr.write(
    `scenario ${job.scenario.name}, seed ${job.seed}, against ${target}: ${job.scenario.description}\n`,
  );
  try {
    const { scenario, seed, calledAs } = job;
    const log = jsonLog(config.logLevel === 'warn' ? 'error' : config.logLevel, secretsOf(config));
    const run = await runTarget({ scenario, seed, config, ports, folder, target, mapping, log });
    const cases = targetCases(run.plan, run.answers, run.evidence, mapping);
    const why = whyNothingFits(cases, run.answers, run.evidence, mapping);
    if (why !== null) throw new UsageError(`${file}: ${why}; correct the mapping`);
    const versions = productVersions();
    const report = judgeTarget(run, cases, mapping, { world: 'live', versions, calledAs });
    return {
      ...report,
      replay: `fleetwake run ${calledAs} --seed ${seed} --target ${target} --mapping ${file}`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mappingOf(file: string): Mapping {
  const reading = readMapping(textOfNamedFile(file, 'give a mapping file (docs/own-engine.md)'), file);
  if (!reading.ok) throw new UsageError(`the mapping cannot be used:\n${reading.mistakes.join('\n')}`);
  return reading.mapping;
}

/** Refuses what a run against an engine of the user's own cannot have. */
export function checkTargetFlags({ target, mapping }: TargetFlags, others: readonly string[]): void {
  if ((target === undefined) !== (mapping === undefined)) {
    throw new UsageError('--target and --mapping go together: give both, or neither');
  }
  if (target === undefined) return;
  if (!/^https?:\/\/[^/]/.test(target)) {
    throw new UsageError(`--target must be a URL that starts with http:// or https://, not "${target}"`);
  }
  const [other] = others;
  if (other !== undefined)
    throw new UsageError(`--${other} has no effect together with --target: leave it out`);
}
