import { type VirtualLoop, virtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { Evidence } from '../reports/evidence.ts';
import { conduct } from '../run/conduct.ts';
import type { Progress } from '../run/stage.ts';
import { planScenario } from '../scenarios/plan.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import { isHarmless } from '../world/loop-rules.ts';
import { openScene } from './scene.ts';

export interface VirtualRunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Told at each step, and every ten seconds of virtual time. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface VirtualRun {
  readonly evidence: Evidence;
  /** How many things happened. */
  readonly events: number;
}

const progressEveryMs = 10_000;

/**
 * Runs a scenario in virtual time to the evidence: plan, gateway, vehicles, faults and course are those of a run on real
 * parts, on a clock that jumps. The same scenario and seed give the same evidence in any process. Throws when the world
 * itself broke, which is a mistake of ours and no finding of the scenario.
 */
export async function runScenarioVirtually(options: VirtualRunOptions): Promise<VirtualRun> {
  const { scenario, seed, onProgress = () => {} } = options;
  const plan = planScenario(scenario, seed, seededRandom);
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt });
  const scene = await openScene(loop, plan, scenario.constants);
  try {
    const stage = {
      plan,
      planAgain: () => planScenario(scenario, seed, seededRandom),
      onProgress,
      progressEveryMs,
    };
    const evidence = await ranOn(
      loop,
      scene.open().then((parts) => conduct({ ...stage, ...parts })),
    );
    return { evidence, events: loop.stats.events };
  } finally {
    scene.close();
  }
}

/** Lets virtual time pass until the work is done. */
async function ranOn(loop: VirtualLoop, work: Promise<Evidence>): Promise<Evidence> {
  let isSettled: boolean = false;
  const settle = () => {
    isSettled = true;
  };
  work.then(settle, settle);
  const { ended, open } = await loop.run(() => isSettled);
  if (ended !== 'condition') {
    const names = open.map(({ name }) => name).join(', ');
    throw new Error(`the virtual world stands still (${ended}); open: ${names || 'nothing'}`);
  }
  const [rejection] = loop.unhandled;
  if (rejection !== undefined) throw new Error('nobody took a rejection', { cause: rejection });
  const foreign = loop.foreign.find((one) => !isHarmless(one));
  if (foreign) throw new Error(`real time got in: ${foreign.type} was made by ${foreign.stack[0]}`);
  return work;
}
