import type { Adapter } from '../../gateway/adapter/adapter.ts';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { type VirtualLoop, virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { Evidence } from '../reports/evidence.ts';
import { conduct } from '../run/conduct.ts';
import { metricsRecorder, type RecordedMetrics } from '../run/metrics-recorder.ts';
import type { Progress } from '../run/run-context.ts';
import { scenarioCourse } from '../run/scenario-course.ts';
import { planScenario } from '../scenarios/plan.ts';
import { hasOwnTimes } from '../scenarios/run-times.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { type ScenarioWatch, scenarioSystem } from './scenario-system.ts';
import { virtualTimeBeginsAt } from './settings.ts';
import { assertSound, virtualPace } from './virtual-pace.ts';

export type ScenarioSystem = Awaited<ReturnType<typeof scenarioSystem>>;

export interface VirtualRunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Whose purchases are made instead: a scenario with other faults, which can move what the seed draws as purchases. */
  readonly purchasesOf?: Scenario;
  /** What is sold and what the vehicles are; without them, the shipped ones. */
  readonly catalogue?: Catalogue;
  readonly adapter?: Adapter;
  readonly models?: readonly VehicleModel[];
  /** How many times as fast the gateway's constants pass; without it 1 where the file's times are the scenario's own, else as it says. */
  readonly timeScale?: number;
  /** Records what Prometheus would scrape of the platform. It moves only `crash_at_step`: the reads are steps of the process. */
  readonly recordsMetrics?: boolean;
  /** Returns the hooks of an observer of this run. */
  readonly watch?: (loop: VirtualLoop) => ScenarioWatch;
  /** Receives the system before anything has happened in it. */
  readonly onSystem?: (system: ScenarioSystem) => void;
  /** Called once the evidence is taken. */
  readonly onEnd?: () => void;
  /** The run ends after so many events: `onStop` is called then, and throws. */
  readonly stop?: { readonly afterEvents: number; readonly onStop: () => never };
  /** Called at each step, and every ten seconds of virtual time. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface VirtualRun {
  readonly evidence: Evidence;
  /** How many things happened. */
  readonly events: number;
  /** Only where the options ask for it. */
  readonly metrics?: RecordedMetrics;
}

/** Virtual time costs nothing, so a run in it is compressed only where the file's times are those of a compressed run. */
function virtualTimeScale(scenario: Scenario): number {
  return hasOwnTimes(scenario) ? 1 : scenario.timeScale;
}

const progressEveryMs = 10_000;

/**
 * Runs a scenario in virtual time and returns the evidence: plan, gateway, vehicles, faults and steps are those of a live
 * run. The same scenario and seed give the same evidence in any process. Throws if the virtual system itself broke, which is
 * a bug of the simulator and not of the product.
 */
export async function runScenarioVirtually(options: VirtualRunOptions): Promise<VirtualRun> {
  const { seed, onProgress, catalogue, models, adapter, recordsMetrics } = options;
  const scenario = {
    ...options.scenario,
    timeScale: options.timeScale ?? virtualTimeScale(options.scenario),
  };
  const planned = (of: Scenario) => planScenario(of, seed, seededRandom, models);
  const { purchasesOf } = options;
  const newPlan = () =>
    purchasesOf === undefined
      ? planned(scenario)
      : {
          ...planned(scenario),
          purchases: planned({ ...purchasesOf, timeScale: scenario.timeScale }).purchases,
        };
  const plan = newPlan();
  const { stop } = options;
  const loop = virtualLoop({
    startAt: virtualTimeBeginsAt,
    ...(stop ? { eventsMax: stop.afterEvents } : {}),
  });
  const pace = virtualPace(loop, stop?.onStop);
  const own = { catalogue, models, adapter };
  const system = await scenarioSystem(loop, plan, scenario.constants, own, options.watch?.(loop));
  options.onSystem?.(system);
  try {
    const parts = await pace.completed(system.open());
    const recorder = recordsMetrics
      ? metricsRecorder({ clock: loop.clock('metrics'), read: system.platformMetrics })
      : null;
    recorder?.start();
    const { evidence } = await conduct({
      ...parts,
      plan,
      planAgain: newPlan,
      pace,
      settings: scenarioCourse(plan),
      ...(onProgress
        ? { progress: { show: onProgress, everyMs: progressEveryMs, countPhases: system.countPhases } }
        : {}),
    });
    options.onEnd?.();
    assertSound(loop, pace.standstill());
    const metrics = recorder?.stop();
    return { evidence, events: loop.stats.events, ...(metrics ? { metrics } : {}) };
  } finally {
    system.close();
  }
}
