import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { componentFaultSchema } from '../faults/component-fault.ts';
import { layerOf } from '../faults/fault.ts';
import { shippedModels } from '../models/models-folder.ts';
import { planScenario } from '../scenarios/plan.ts';
import { type Scenario, scenarioSchema } from '../scenarios/scenario.ts';
import { checkScenario } from '../scenarios/scenario-checks.ts';
import { runScenarioVirtually } from '../virtual-system/scenario-run.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import type { Moment } from './moment.ts';
import { type ChangedSource, changedList, type RunSource, unknownNumbers } from './run-source.ts';
import type { Change, NumberedFault } from './run-views.ts';
import {
  courseOfScenario,
  momentOfScenario,
  type ScenarioCourse,
  type ScenarioSeed,
} from './scenario-steps.ts';

/** Lists of faults in a scenario, in the order of their numbers. */
const lists = ['vehicles', 'apiIot', 'payments', 'parts', 'list'] as const;

const componentTypes: ReadonlySet<unknown> = new Set(
  componentFaultSchema.options.map(({ shape }) => shape.type.value),
);

/** Returns the run of a scenario with its seed, as `run` makes it in virtual time. */
export function scenarioSource(run: ScenarioSeed, title: string): RunSource {
  let known: Promise<ScenarioCourse> | null = null;
  const faults = faultsOf(run.scenario);
  return {
    ...{ kind: 'scenario', title, faults },
    course(shown) {
      known = courseOfScenario(run, shown);
      return known;
    },
    traced: (tracingOf) => runScenarioVirtually({ ...run, watch: () => ({ tracingOf }) }),
    async momentAt(event) {
      known ??= courseOfScenario(run, title);
      // When the fleet is connected and the workload begins, only the run itself shows.
      const { startedAt } = await known;
      return momentOfScenario(run, event, startedAt);
    },
    changedAt: (moment, change) => changedAt(run, title, moment, change),
    fileText: () => textOfSavedRun({ about: title, ...run }),
  };
}

function faultsOf({ faults }: Scenario): NumberedFault[] {
  return lists
    .flatMap((list) => (faults[list] ?? []).map((fault) => ({ list: `faults.${list}`, fault })))
    .map((one, number) => ({ number, ...one }));
}

function changedAt(
  run: ScenarioSeed,
  title: string,
  { atMs }: Pick<Moment, 'atMs'>,
  change: Change,
): ChangedSource {
  const { scenario, seed } = run;
  const unknown = unknownNumbers(change, faultsOf(scenario));
  if (unknown.length > 0) return { ok: false, mistakes: unknown };
  const kept = keptFaults(scenario, change);
  const added = { parts: [] as unknown[], list: [] as unknown[] };
  for (const [index, fault] of (change.add ?? []).entries()) {
    const list = componentTypes.has(fault.type) ? 'parts' : 'list';
    added[list].push(begunAt(fault, atMs, list, index));
  }
  const faults = {
    ...kept,
    ...(added.parts.length > 0 ? { parts: [...(kept.parts ?? []), ...added.parts] } : {}),
    ...(added.list.length > 0 ? { list: [...(kept.list ?? []), ...added.list] } : {}),
  };
  const place = (path: readonly PropertyKey[]) => {
    const [first, list, index, ...rest] = path;
    const isAdded =
      first === 'faults' &&
      (list === 'parts' || list === 'list') &&
      Number(index) >= (kept[list]?.length ?? 0);
    return (isAdded ? ['fault', ...rest] : path).map(String).join('.');
  };
  const parsed = scenarioSchema.safeParse({ ...scenario, faults }, withSimilarFields);
  if (!parsed.success)
    return refusal(parsed.error.issues.map((issue) => `${place(issue.path)}: ${fixHint(issue)}`));
  const mistakes = checkScenario(parsed.data, shippedCatalogue().services(), shippedModels());
  if (mistakes.length > 0) return refusal(mistakes.map(({ path, text }) => `${place(path)} ${text}`));
  try {
    planScenario(parsed.data, seed, seededRandom);
  } catch (error) {
    return refusal([error instanceof Error ? error.message : String(error)]);
  }
  const { purchasesOf = scenario } = run;
  return { ok: true, source: scenarioSource({ scenario: parsed.data, seed, purchasesOf }, title) };
}

const refusal = (mistakes: readonly string[]): ChangedSource => ({ ok: false, mistakes });

function keptFaults(
  { faults }: Scenario,
  change: Change,
): Partial<Record<(typeof lists)[number], unknown[]>> {
  let offset = 0;
  return Object.fromEntries(
    lists.flatMap((list) => {
      const known = faults[list];
      if (known === undefined) return [];
      const kept = changedList(known, offset, change);
      offset += known.length;
      return [[list, kept]];
    }),
  );
}

/** The fault with a name, a layer and a beginning after the moment, where it does not say them. */
function begunAt(
  fault: Readonly<Record<string, unknown>>,
  atMs: number,
  list: 'parts' | 'list',
  index: number,
): Record<string, unknown> {
  const { type, schedule } = fault;
  const layer = list === 'list' ? layerOf(String(type)) : null;
  const isCrash = String(type).startsWith('crash_at_') && list === 'parts';
  // What happens in the moment's own millisecond may have happened before it.
  const begins = { afterMs: Math.max(0, atMs + 1), ...(typeof schedule === 'object' ? schedule : {}) };
  return {
    name: `what-if-${index + 1}`,
    ...(layer === null ? {} : { layer }),
    ...fault,
    ...(isCrash ? {} : { schedule: begins }),
  };
}

/** Returns the file that `fleetwake run --save` writes. */
export function textOfSavedRun(run: ScenarioSeed & { readonly about: string }): string {
  const { about, seed, scenario, purchasesOf } = run;
  return `${JSON.stringify({ about, seed, scenario, purchasesOf }, null, 2)}\n`;
}
