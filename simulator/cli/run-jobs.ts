import { givenText } from '../../shared/protocol/address.ts';
import { shippedNames } from '../scenarios/library.ts';
import { hasOwnTimes } from '../scenarios/run-times.ts';
import type { ScenarioParts } from '../scenarios/scenario-parts.ts';
import { UsageError } from './exit.ts';
import { modelsOf } from './models-option.ts';
import type { Job } from './run-live.ts';
import { type NamedScenario, scenarioOf } from './scenario-argument.ts';
import { countOf } from './whole-number.ts';

/** The flags of `fleetwake run` that say what is run. */
export interface JobFlags {
  readonly live?: true;
  readonly all?: true;
  readonly seed: string;
  readonly timeScale?: string;
  readonly repeat: string;
  readonly models?: string;
  readonly catalogue?: string;
  readonly adapter?: string;
  readonly target?: string;
}

/** Every report is kept until the last run is over. */
const repeatMax = 1_000;

/** The runs in their order: scenario by scenario, seed by seed. Every file is read before the first begins. */
export function jobsOf(name: string | undefined, flags: JobFlags): Job[] {
  const { all, seed: first, repeat } = flags;
  if (all && name !== undefined) {
    throw new UsageError(`--all runs the whole library: leave out "${name}", or leave out --all`);
  }
  const seed = seedOf(first);
  const count = countOf('--repeat', repeat, repeatMax, 1);
  seedOf(String(seed + count - 1));
  const parts = partsOf(flags);
  const names = all ? shippedNames() : [name ?? 'default'];
  return names.flatMap((calledAs) => {
    const named = atTimeScale(scenarioOf(calledAs, parts), flags);
    const call = [calledAs, ...partsAsNamed(flags)].join(' ');
    return Array.from({ length: count }, (_, index) => ({ ...named, call, seed: seed + index }));
  });
}

/** Vehicle models and catalogue that the flags name; a scenario's file may name those that they leave out. */
function partsOf({ models, catalogue }: JobFlags): ScenarioParts {
  return {
    ...(models === undefined ? {} : { models: modelsOf(models) }),
    ...(catalogue === undefined ? {} : { catalogueFolder: catalogue }),
  };
}

function partsAsNamed({ adapter, models, catalogue, timeScale }: JobFlags): string[] {
  return [
    ...(timeScale === undefined ? [] : [`--time-scale ${timeScale}`]),
    ...(adapter === undefined ? [] : [`--adapter ${adapter}`]),
    ...(models === undefined ? [] : [`--models ${models}`]),
    ...(catalogue === undefined ? [] : [`--catalogue ${catalogue}`]),
  ];
}

/** The scenario at the time scale that the call asks for. */
function atTimeScale(named: NamedScenario, { timeScale: text, live, target }: JobFlags): NamedScenario {
  if (text === undefined) return named;
  if (!live && target === undefined)
    throw new UsageError(
      '--time-scale needs a live run, since virtual time costs nothing: add --live, or leave it out',
    );
  if (!hasOwnTimes(named.scenario)) {
    const why = 'its times are those of a compressed run, which another scale would make others';
    throw new UsageError(`--time-scale cannot change ${named.calledAs}: ${why}; write times: scenario in it`);
  }
  const timeScale = countOf('--time-scale', text, 10_000, 1);
  return { ...named, scenario: { ...named.scenario, timeScale } };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d{1,10}$/.test(text) || seed > 0xffff_ffff) {
    throw new UsageError(`--seed must be a whole number from 0 to 4294967295, not ${givenText(text)}`);
  }
  return seed;
}
