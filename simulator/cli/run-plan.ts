import { seededRandom } from '../../shared/virtual/random.ts';
import { planText } from '../reports/plan-text.ts';
import { ImpossiblePlan } from '../scenarios/impossible-plan.ts';
import { type Plan, planScenario } from '../scenarios/plan.ts';
import { UsageError } from './exit.ts';
import type { ReportFlags } from './report-files.ts';
import type { Job } from './run-live.ts';

export interface PlanFlags {
  readonly check?: true;
  readonly plan?: true;
}

/** Returns what `run --check` says of runs that can be made: their files, and what each seed draws. Plans all of them. */
export function checkedText(jobs: readonly Job[], isJson: boolean): string {
  const plans = jobs.map((job) => ({ job, plan: planOf(job) }));
  if (isJson) {
    const list = plans.map(({ job: { calledAs }, plan: { scenario, seed, vehicles, purchases } }) => ({
      ...{ ok: true, file: calledAs, scenario, seed },
      vehicles: vehicles.length,
      purchases: purchases.length,
    }));
    return asJson(list);
  }
  return plans
    .map(
      ({ job, plan: { seed, vehicles, purchases } }) =>
        `${job.calledAs} is valid; seed ${seed}: ${vehicles.length} vehicles, ${purchases.length} purchases, ${job.scenario.expectations?.length ?? 0} expectations\n`,
    )
    .join('');
}

/** Returns the plans of these runs, for people or as JSON. */
export function plansText(jobs: readonly Job[], isJson: boolean): string {
  const plans = jobs.map(planOf);
  return isJson ? asJson(plans) : plans.map(planText).join('\n');
}

function asJson(list: readonly unknown[]): string {
  return `${JSON.stringify(list.length === 1 ? list[0] : list, null, 2)}\n`;
}

/** Throws where the seed draws what cannot be, with the place in the file. */
function planOf(job: Job): Plan {
  try {
    return planScenario(job.scenario, job.seed, seededRandom, job.models);
  } catch (error) {
    return placed(job)(error);
  }
}

/** Says where the file names what cannot be planned. */
export function placed({ placeOf }: Job): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ImpossiblePlan)) throw error;
    throw new UsageError(`the scenario cannot be run:\n${placeOf(error.path)}: ${error.message}`);
  };
}

/** What a call without a run cannot write. */
export function checkPlanFlags(
  flags: PlanFlags &
    ReportFlags & { readonly log?: string; readonly metrics?: string; readonly save?: string },
): void {
  const asked = flags.check ? '--check' : '--plan';
  if (flags.check && flags.plan)
    throw new UsageError('--check and --plan are two questions: ask one of them');
  const idle = (['log', 'metrics', 'save', 'junit', 'ctrf', 'markdown', 'html'] as const).find(
    (option) => flags[option] !== undefined,
  );
  if (idle !== undefined)
    throw new UsageError(`--${idle} has no effect with ${asked}, which runs nothing: leave it out`);
  if (typeof flags.json === 'string')
    throw new UsageError(`with ${asked}, --json prints to standard output: leave out "${flags.json}"`);
}
