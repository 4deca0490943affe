import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { watchProcessorShare } from '../../shared/live/processor-share.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Log } from '../../shared/ports/log.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { Evidence } from '../reports/evidence.ts';
import { conduct } from '../run/conduct.ts';
import { clockPace } from '../run/pace.ts';
import type { Progress, RunContext, TakenEvidence } from '../run/run-context.ts';
import { fleetSettings, specsOf } from '../run/run-fleet.ts';
import { type Plan, planScenario } from '../scenarios/plan.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Mapping } from '../target/mapping.ts';
import { noPlatform } from '../target/no-platform.ts';
import { answerMaxMs, targetCourse, targetSide } from '../target/target-course.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { engineSettings, writeEngineSettings } from './engine-settings.ts';
import { type LocalSystem, type LocalSystemOptions, startLocalSystem } from './local-system.ts';
import { type PlanFaults, planFaults } from './plan-faults.ts';
import { systemEvidence } from './system-evidence.ts';

export interface TargetOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** What the vehicles are; without it, the shipped models. */
  readonly models?: readonly VehicleModel[];
  /** Its data folder has the secrets that the engine knows; ports as given. */
  readonly config: GatewayConfig;
  readonly ports: LocalSystemOptions['ports'];
  /** Takes the databases of this run alone. */
  readonly folder: string;
  /** Where the engine takes purchases. */
  readonly target: string;
  readonly mapping: Mapping;
  /** An engine that has done nothing for so long does nothing more. */
  readonly stallMs: number;
  readonly log: Log;
  /** Called about once a second. */
  readonly onProgress: (progress: Progress) => void;
  /** Rejects when the run is to end before its evidence. */
  readonly stopped?: Promise<never>;
}

const lookEveryMs = 250;
const progressEveryMs = 1_000;

/** Runs a scenario against an engine of the user's own, to the evidence of payments, API IoT, message log, mailboxes and vehicles. */
export async function runTarget(options: TargetOptions): Promise<Evidence> {
  const { scenario, seed, config, folder } = options;
  const newPlan = () => planScenario(scenario, seed, seededRandom, options.models);
  const plan = newPlan();
  const faults = planFaults(plan);
  await copySecrets(config.data, folder);
  const { quotaLimit, quotaWindowMs, commandTimeoutMs } = scenario.constants;
  const ofRun: GatewayConfig = {
    ...{ ...config, quotaLimit, quotaWindowMs, commandTimeoutMs, data: folder },
    roles: ['api-iot', 'broker'],
    timeScale: scenario.timeScale,
  };
  const vehicles = specsOf(plan, systemSecrets, options.models);
  const system = await startLocalSystem({
    ...{ config: ofRun, ports: options.ports, log: options.log },
    fleet: async () => ({ vehicles, async stop() {} }),
    fleetOptions: fleetSettings(plan),
    program: 'fleetwake run --target',
    conducted: faults,
    isMessageLogKept: true,
  });
  const processor = watchProcessorShare();
  try {
    await writeEngineSettings(config.data, engineSettings(ofRun, system));
    const { evidence } = await conduct({
      ...contextOf(system, options, plan, faults),
      plan,
      planAgain: newPlan,
      slowness: processor.slowness,
    });
    return evidence;
  } finally {
    await processor.stop();
    await system.stop();
  }
}

/** An engine of the user's own has no databases to ask, cannot be stopped, and its phases are not known. */
function contextOf(
  system: LocalSystem,
  { target, mapping, stallMs, stopped, onProgress }: TargetOptions,
  plan: Plan,
  faults: PlanFaults,
): Omit<RunContext, 'plan' | 'planAgain'> {
  const { http } = liveHttp({ clock: wallClock, timeoutMs: answerMaxMs });
  const take = () => takeEvidence(system, faults);
  const { customers, look } = targetSide({
    ...{ clock: wallClock, http, target, plan, mapping, stallMs },
    read: take,
  });
  return {
    clock: wallClock,
    pace: clockPace({
      clock: wallClock,
      everyMs: lookEveryMs,
      refresh: look.refresh,
      ...(stopped === undefined ? {} : { stopped }),
    }),
    settings: targetCourse(plan),
    fleet: system.cars,
    customers,
    faults,
    isStill: look.isStill,
    progress: { show: onProgress, everyMs: progressEveryMs },
    sources: { messages: system.messageLog.messages, take },
  };
}

async function takeEvidence(system: LocalSystem, faults: PlanFaults): Promise<TakenEvidence> {
  const { ledger, payments, commands, messages, mails, pushes } = await systemEvidence(system);
  return {
    ...{ ledger, payments, mails, pushes, apiIot: commands, broker: messages },
    ...noPlatform,
    repeatsMax: faults.channels.takenUnanswered(),
    ...faults.counts(),
  };
}

/** The databases of a run are its own; the secrets are those that the engine was given. */
async function copySecrets(from: string, to: string): Promise<void> {
  await openKeys(from);
  await copyFile(join(from, 'keys.json'), join(to, 'keys.json'));
  await copyFile(join(from, 'stand-ins.json'), join(to, 'stand-ins.json')).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}
