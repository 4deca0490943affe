import { type GatewayConfig, options, secretsOf } from '../../gateway/config.ts';
import { natsAccessOf } from '../../gateway/live/nats-access.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { removeStreams } from '../../shared/live/nats-bus.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { runScenario } from '../live/scenario-run.ts';
import { usedDataFault } from '../live/used-data.ts';
import type { Evidence } from '../reports/evidence.ts';
import { judgeRun } from '../reports/judge-run.ts';
import type { RunReport } from '../reports/run-report.ts';
import type { Surroundings } from '../reports/surroundings.ts';
import type { RecordedMetrics } from '../run/metrics-recorder.ts';
import { UsageError } from './exit.ts';
import { fleetEventsLine } from './fleet-nats-text.ts';
import { gatewayConfig } from './options.ts';
import { productVersions } from './product-version.ts';
import { type RunConsoleFlags, serveRunConsole } from './run-console.ts';
import { openRunFolder } from './run-folder.ts';
import type { NamedScenario } from './scenario-argument.ts';
import { stoppableRun } from './stoppable-run.ts';

/** One run of one scenario. */
export interface Job extends NamedScenario {
  readonly seed: number;
  /** The scenario as the command named it, with its adapter, vehicle models and catalogue: `my/delta.yaml --models my/models`. */
  readonly call: string;
}

/** What a run came to, and from what. */
export interface JudgedRun {
  readonly report: RunReport;
  readonly evidence: Evidence;
  readonly surroundings: Surroundings;
  /** Of a run in virtual time that was to record them. */
  readonly metrics?: RecordedMetrics;
}

export interface LiveFlags extends RunConsoleFlags {
  readonly data?: string;
  readonly natsUrl?: string;
  readonly install?: true;
  readonly logLevel?: string;
  readonly adapter?: string;
}

/** What may stand in the environment for a run. All else of the gateway's is the scenario's to say, or belongs to another gateway. */
const runOptions = [
  ...(['natsUrl', 'natsReplicas', 'natsMaxBytes', 'natsPlacementCluster', 'natsPlacementTags'] as const),
  ...(['natsUser', 'natsPassword', 'natsCredentials', 'natsNkey'] as const),
  ...(['natsCa', 'natsCertificate', 'natsKey'] as const),
  ...(['natsServer', 'install', 'databaseUrl', 'apiIotDatabaseUrl', 'apiIotThread', 'logLevel'] as const),
];

function environmentOfRun(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const names = runOptions.flatMap((name) => [
    options[name].environment,
    `${options[name].environment}_FILE`,
  ]);
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}

/** The configuration of the gateway of a run, on free ports. */
export function configOfRun(
  flags: LiveFlags,
  environment: Readonly<Record<string, string | undefined>>,
  data: string,
): GatewayConfig {
  const places = { data, port: 0, apiIotPort: 0, mqttPort: 0 };
  return gatewayConfig({ ...flags }, environmentOfRun(environment), places);
}

/** The scenario on real parts, in a data folder that is its own. */
export async function runLive(
  { call, scenario, seed, models, catalogueFolder }: Job,
  flags: LiveFlags,
): Promise<JudgedRun> {
  // A run starts from nothing, so that what it finds at the end is its own.
  const folder = await openRunFolder(flags.data);
  const given = configOfRun(flags, process.env, folder.path);
  const fault = await usedDataFault(given);
  if (fault !== null) throw new UsageError(fault);
  // A NATS that others use keeps nothing of a run, and takes nothing of theirs.
  const config = { ...given, natsPrefix: runPrefix() };
  const say = (text: string) => process.stderr.write(`${text}\n`);
  say(`scenario ${scenario.name}, seed ${seed}: ${scenario.description}`);
  say(
    `time runs ${scenario.timeScale} times as fast: every delay, time-out and window is divided by it, the quota's hour included`,
  );
  const log = jsonLog(config.logLevel === 'warn' ? 'error' : config.logLevel, secretsOf(config));
  try {
    const { evidence, bus } = await stoppableRun((parts) =>
      runScenario({
        scenario,
        seed,
        ...(models === undefined ? {} : { models }),
        ...(catalogueFolder === undefined ? {} : { catalogueFolder }),
        config,
        log,
        onGateway: (gateway) => serveRunConsole(gateway, flags, log),
        onFleetNats: (nats) => say(`NATS ${fleetEventsLine(nats)}`),
        ...parts,
      }),
    );
    const { description } = scenario;
    const surroundings: Surroundings = {
      ...{ world: 'live', bus, versions: productVersions(), calledAs: call, description },
    };
    return { report: judgeRun(evidence, surroundings), evidence, surroundings };
  } finally {
    await forgetStreams(config);
    folder.remove();
  }
}

/** A prefix that no other installation has. */
const runPrefix = () => `run-${systemSecrets.digest(systemSecrets.newToken()).slice(0, 16)}`;

/** Removes the streams of the run; an unavailable NATS keeps them. */
async function forgetStreams(config: GatewayConfig): Promise<void> {
  const { natsUrl, natsPrefix: prefix } = config;
  if (natsUrl === null) return;
  await removeStreams({ ...natsAccessOf(config), url: natsUrl.reveal(), prefix }).catch(() => {});
}
