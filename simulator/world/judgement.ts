import type { Schedule } from './schedule.ts';
import type { StageOptions } from './stage.ts';
import { runWorld, type WorldRun } from './world.ts';

/** The first thing that did not hold: what a failure is known by. */
export interface Broken {
  readonly rule: string;
  readonly sentence: string;
}

export function brokenRule(run: WorldRun): Broken | null {
  const [violation] = run.violations;
  if (violation) return { rule: violation.rule, sentence: violation.sentence };
  const failed = run.verdicts.find((verdict) => !verdict.ok);
  if (!failed) return null;
  return { rule: `rule ${failed.id}: ${failed.title}`, sentence: failed.violations[0] ?? '' };
}

export interface Judged {
  /** Null where the run could not even be finished. */
  readonly run: WorldRun | null;
  readonly broken: Broken | null;
}

/** Drains deeper than the first run did: a run whose turns were cut short shows another trace. */
const deepDrain = 4;

/** Runs a schedule; a world that throws is broken too. With `twice` the run is repeated with a deeper drain. */
export async function judge(
  schedule: Schedule,
  options: StageOptions & { readonly twice?: boolean } = {},
): Promise<Judged> {
  try {
    const run = await runWorld(schedule, options);
    const broken = brokenRule(run);
    if (broken !== null || options.twice !== true) return { run, broken };
    const again = await runWorld(schedule, { ...options, drainDepth: deepDrain });
    const isSame = again.traceHash === run.traceHash;
    const sentence = `${run.traceHash} became ${again.traceHash} with a deeper drain`;
    return { run, broken: isSame ? null : { rule: 'same seed, same trace', sentence } };
  } catch (error) {
    const sentence = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
    return { run: null, broken: { rule: 'the world runs', sentence } };
  }
}
