import { secretsOf } from '../../gateway/config.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { Address, givenText, readAddress } from '../../shared/protocol/address.ts';
import { durationExamples, durationOfText } from '../../shared/protocol/duration-text.ts';
import { runTarget } from '../live/target-run.ts';
import type { Evidence } from '../reports/evidence.ts';
import type { RunReport } from '../reports/run-report.ts';
import { judgeTarget } from '../target/judge-target.ts';
import { type MappingReading, readMapping } from '../target/mapping.ts';
import { type TargetCases, targetCases } from '../target/target-case.ts';
import { whyNothingFits } from '../target/unusable-mapping.ts';
import { UsageError } from './exit.ts';
import { flagOf } from './flag-names.ts';
import { textOfNamedFile } from './named-file.ts';
import { gatewayConfig } from './options.ts';
import { productVersions } from './product-version.ts';
import { openRunFolder } from './run-folder.ts';
import type { Job, LiveFlags } from './run-live.ts';
import { standInPorts } from './stand-in-ports.ts';
import { stoppableRun } from './stoppable-run.ts';

export interface TargetFlags extends LiveFlags {
  readonly target?: string;
  readonly mapping?: string;
  readonly rest?: string;
  readonly paymentsPort?: string;
  readonly smtpPort?: string;
  readonly pushPort?: string;
  readonly mailPort?: string;
  readonly apiIotPort?: string;
  readonly mqttPort?: string;
}

/** Where an engine of the user's own finds what is around it. */
export const gatewayPorts = ['apiIotPort', 'mqttPort'] as const;
export const standInNames = ['payments', 'smtp', 'push', 'mail'] as const;
export const targetPorts = [...gatewayPorts, ...standInNames.map((name) => `${name}Port` as const)];

/** The scenario against an engine of the user's own. */
export async function runAgainstTarget(job: Job, flags: TargetFlags): Promise<RunReport> {
  const { mapping: file = '' } = flags;
  const target = targetOf(flags.target ?? '');
  const shown = target.withPath();
  const reading = mappingOf(file);
  const { mapping } = reading;
  const config = gatewayConfig({ ...flags }, environmentOfTarget(process.env));
  const ports = { ...standInPorts(flags, 'fixed'), control: 0 };
  const folder = await openRunFolder();
  process.stderr.write(
    `scenario ${job.scenario.name}, seed ${job.seed}, against ${shown}: ${job.scenario.description}\n`,
  );
  try {
    const { scenario, seed, models, call } = job;
    const log = jsonLog(config.logLevel === 'warn' ? 'error' : config.logLevel, [
      ...secretsOf(config),
      ...target.secrets(),
    ]);
    const evidence = await stoppableRun((parts) =>
      runTarget({
        ...{ scenario, seed, config, ports, folder: folder.path, mapping, log },
        ...{ target: target.reveal(), stallMs: restOf(flags.rest) },
        ...(models === undefined ? {} : { models }),
        ...parts,
      }),
    );
    const { answers } = evidence;
    if (answers.length > 0 && answers.every(({ status }) => status === null)) {
      throw new UsageError(
        `${shown} answered none of ${answers.length} purchases: start your engine there, or correct --target`,
      );
    }
    const cases = fittingCases(evidence, reading);
    const versions = productVersions();
    const report = judgeTarget(evidence, cases, mapping, {
      ...{ world: 'live', versions, calledAs: call, description: scenario.description },
    });
    const ownPorts = targetPorts.flatMap((name) => {
      const port = flags[name];
      return port === undefined ? [] : [` --${flagOf(name)} ${port}`];
    });
    const ownRest = flags.rest === undefined ? '' : ` --rest ${inShell(flags.rest)}`;
    return {
      ...report,
      replay: `fleetwake run ${call} --seed ${seed} --target ${inShell(shown)} --mapping ${file}${ownRest}${ownPorts.join('')}`,
    };
  } finally {
    folder.remove();
  }
}

/** Addresses in engine.env, which tells the engine where the parts of the run are: a shell that has read it has them too. */
const addressesOfEngine = ['API_IOT_URL', 'PAYMENTS_URL', 'SMTP_URL'];

/** The run has an API IoT, a payment service and a mail server of its own. */
function environmentOfTarget(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const names = new Set(addressesOfEngine.flatMap((name) => [name, `${name}_FILE`]));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.has(name)));
}

/** Gathers the evidence by activation; refuses a mapping that fits nothing of it. */
export function fittingCases(
  evidence: Evidence,
  { mapping, placeOf }: Extract<MappingReading, { readonly ok: true }>,
): TargetCases {
  const { plan, answers } = evidence;
  const cases = targetCases(plan, answers, evidence, mapping);
  const why = whyNothingFits(cases, answers, evidence, mapping);
  if (why !== null) throw new UsageError(`${placeOf(why.path)}: ${why.text}; correct the mapping`);
  return cases;
}

export function mappingOf(file: string): Extract<MappingReading, { readonly ok: true }> {
  const reading = readMapping(file, textOfNamedFile(file, 'give a mapping file (docs/own-engine.md)'));
  if (!reading.ok) throw new UsageError(`the mapping cannot be used:\n${reading.mistakes.join('\n')}`);
  return reading;
}

/** Where the engine takes purchases; its query may hold what lets a customer in. */
function targetOf(text: string): Address {
  const reading = readAddress(text, { protocols: ['http://', 'https://'], hasCredentials: false });
  if ('fault' in reading) throw new UsageError(`--target ${reading.fault}`);
  return new Address(reading.value);
}

/** An engine that waits longer between two tries needs --rest. */
export const restDefault = '15min';

function restOf(text = restDefault): number {
  const ms = durationOfText(text);
  if (ms !== null && ms > 0) return ms;
  throw new UsageError(`--rest must be a duration such as ${durationExamples}, not ${givenText(text)}`);
}

/** A shell would look for files that a question mark fits. */
function inShell(url: string): string {
  return /[?#& ]/.test(url) ? `'${url}'` : url;
}

/** Refuses what a run against an engine of the user's own cannot have. */
export function checkTargetFlags({ target, mapping, rest }: TargetFlags, others: readonly string[]): void {
  if ((target === undefined) !== (mapping === undefined)) {
    throw new UsageError('--target and --mapping go together: give both, or neither');
  }
  if (target === undefined && rest !== undefined)
    throw new UsageError('--rest has no effect without --target: leave it out');
  if (target === undefined) return;
  targetOf(target);
  restOf(rest);
  const [other] = others;
  if (other !== undefined)
    throw new UsageError(`--${other} has no effect together with --target: leave it out`);
}
