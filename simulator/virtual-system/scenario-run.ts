import { virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { Evidence } from '../reports/evidence.ts';
import { conduct } from '../run/conduct.ts';
import type { Progress } from '../run/run-context.ts';
import { scenarioCourse } from '../run/scenario-course.ts';
import { planScenario } from '../scenarios/plan.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarioSystem } from './scenario-system.ts';
import { virtualTimeBeginsAt } from './settings.ts';
import { assertSound, virtualPace } from './virtual-pace.ts';

export interface VirtualRunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Called at each step, and every ten seconds of virtual time. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface VirtualRun {
  readonly evidence: Evidence;
  /** How many things happened. */
  readonly events: number;
}

const progressEveryMs = 10_000;

/**
 * Runs a scenario in virtual time and returns the evidence: plan, gateway, vehicles, faults and steps are those of a live
 * run. The same scenario and seed give the same evidence in any process. Throws if the virtual system itself broke, which is
 * a bug of the simulator and not of the product.
 */
export async function runScenarioVirtually(options: VirtualRunOptions): Promise<VirtualRun> {
  const { scenario, seed, onProgress } = options;
  const plan = planScenario(scenario, seed, seededRandom);
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt });
  const pace = virtualPace(loop);
  const system = await scenarioSystem(loop, plan, scenario.constants);
  try {
    const parts = await pace.completed(system.open());
    const { evidence } = await conduct({
      ...parts,
      plan,
      planAgain: () => planScenario(scenario, seed, seededRandom),
      pace,
      settings: scenarioCourse(plan),
      ...(onProgress
        ? { progress: { show: onProgress, everyMs: progressEveryMs, countPhases: system.countPhases } }
        : {}),
    });
    assertSound(loop, pace.standstill());
    return { evidence, events: loop.stats.events };
  } finally {
    system.close();
  }
}
