import type { Mistake } from '../../shared/files/mistake.ts';
import { vehicleQuantities } from '../vehicle/models.ts';
import type { FeatureFile, ModelFile, ParameterFile } from './model-schema.ts';
import { type SignalFile, vssTypes } from './signal-schema.ts';

/** Returns what the schema cannot know: names that must exist, ranges that hold nothing, dependencies in a circle. */
export function checkModel(model: ModelFile): Mistake[] {
  return [
    ...repeatedIds('ecus', model.ecus),
    ...repeatedIds('features', model.features),
    ...(['driveMs', 'stopMs'] as const).flatMap((what) => checkTrip(model, what)),
    ...model.features.flatMap((feature, index) => checkFeature(model, feature, index)),
    ...cycleMistakes(model.features),
    ...(model.signals ?? []).flatMap((signal, index, all) => checkSignal(model, signal, index, all)),
  ];
}

function repeatedIds(list: 'ecus' | 'features', items: readonly { readonly id: string }[]): Mistake[] {
  return items.flatMap(({ id }, index) => {
    const first = items.findIndex((item) => item.id === id);
    if (first === index) return [];
    return [
      { path: [list, index, 'id'], text: `is "${id}" as in ${list}[${first}]; write each of them once` },
    ];
  });
}

function checkTrip({ trips }: ModelFile, what: 'driveMs' | 'stopMs'): Mistake[] {
  const [from, to] = trips[what];
  if (from <= to) return [];
  return [{ path: ['trips', what], text: `is [${from}, ${to}]; write the smaller number first` }];
}

function checkFeature(model: ModelFile, feature: FeatureFile, index: number): Mistake[] {
  const path = ['features', index];
  const mistakes: Mistake[] = Object.entries(feature.parameters).flatMap(([name, parameter]) =>
    checkParameter(parameter, [...path, 'parameters', name]),
  );
  const ecus = model.ecus.map(({ id }) => id);
  if (feature.ecu !== undefined && !ecus.includes(feature.ecu)) {
    const hint = ecus.length === 0 ? 'add it to ecus' : `write one of ${ecus.join(', ')}, or add it to ecus`;
    mistakes.push({
      path: [...path, 'ecu'],
      text: `is "${feature.ecu}", which this model does not have; ${hint}`,
    });
  }
  for (const [at, required] of feature.requires.entries()) {
    const found = model.features.find(({ id }) => id === required);
    if (found?.hardware) continue;
    const why = found ? 'whose hardware this model lacks' : 'which this model does not have';
    mistakes.push({
      path: [...path, 'requires', at],
      text: `is "${required}", ${why}; write another feature of this file, or remove it`,
    });
  }
  const { parked, ignition } = feature.preconditions;
  if (parked === true && ignition === 'on') {
    mistakes.push({
      path: [...path, 'preconditions', 'ignition'],
      text: 'is "on", and a parked vehicle has its ignition off; write off, or remove parked',
    });
  }
  return mistakes;
}

function checkParameter(parameter: ParameterFile, path: readonly PropertyKey[]): Mistake[] {
  const { type, min, max, oneOf, default: fallback } = parameter;
  const isNumeric = type === 'integer' || type === 'number';
  for (const bound of ['min', 'max'] as const) {
    if (parameter[bound] === undefined || (isNumeric && oneOf === undefined)) continue;
    const why = isNumeric ? 'stands beside oneOf' : `belongs to numbers, and the type is ${type}`;
    return [{ path: [...path, bound], isKey: true, text: `${why}; remove it` }];
  }
  if (min !== undefined && max !== undefined && min > max) {
    return [
      {
        path: [...path, 'min'],
        text: `is ${min}, above max ${max}; write a min that is not larger than max`,
      },
    ];
  }
  const misfit = (oneOf ?? []).findIndex((value) => !isOfType(value, type));
  if (misfit >= 0) {
    const shown = JSON.stringify(oneOf?.[misfit]);
    return [{ path: [...path, 'oneOf', misfit], text: `is ${shown}; write ${nouns[type]}` }];
  }
  if (!isOfType(fallback, type)) {
    const text = `is ${JSON.stringify(fallback)}; write ${nouns[type]}`;
    return [{ path: [...path, 'default'], text }];
  }
  const hint = rangeHint(parameter, fallback);
  return hint === null
    ? []
    : [{ path: [...path, 'default'], text: `is ${JSON.stringify(fallback)}; ${hint}` }];
}

const nouns = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text in quotes',
} as const;

function isOfType(value: unknown, type: ParameterFile['type']): boolean {
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

/** `write a number from 1 to 3`, or null when the value is within the range. */
function rangeHint({ min, max, oneOf }: ParameterFile, value: unknown): string | null {
  if (oneOf) {
    const shown = oneOf.map((one) => JSON.stringify(one)).join(', ');
    return oneOf.some((one) => one === value) ? null : `write one of ${shown}`;
  }
  if (typeof value !== 'number') return null;
  if (min !== undefined && value < min) return `write at least ${min}`;
  return max !== undefined && value > max ? `write at most ${max}` : null;
}

/** A feature that needs itself can never be switched on: each circle once, at the feature of the file's first line. */
function cycleMistakes(features: readonly FeatureFile[]): Mistake[] {
  const mistakes: Mistake[] = [];
  const isDone = new Set<string>();
  const visit = (id: string, trail: readonly string[]): void => {
    const begin = trail.indexOf(id);
    if (begin >= 0) {
      const circle = [...trail.slice(begin), id];
      const index = features.findIndex((feature) => feature.id === trail.at(-1));
      const at = features[index]?.requires.indexOf(id) ?? 0;
      mistakes.push({
        path: ['features', index, 'requires', at],
        text: `is "${id}", which closes the circle ${circle.join(' → ')}; remove one of these dependencies`,
      });
      return;
    }
    if (isDone.has(id)) return;
    const feature = features.find((one) => one.id === id);
    for (const required of feature?.requires ?? []) visit(required, [...trail, id]);
    isDone.add(id);
  };
  for (const { id } of features) visit(id, []);
  return mistakes;
}

function checkSignal(
  { features }: ModelFile,
  { path: name, type, generator }: SignalFile,
  index: number,
  all: readonly SignalFile[],
): Mistake[] {
  const path = ['signals', index];
  const first = all.findIndex((signal) => signal.path === name);
  if (first < index) {
    return [
      { path: [...path, 'path'], text: `is "${name}" as in signals[${first}]; write each signal once` },
    ];
  }
  if (generator.from === 'feature' && !features.some(({ id }) => id === generator.feature)) {
    const known = features.map(({ id }) => id).join(', ');
    return [
      {
        path: [...path, 'generator', 'feature'],
        text: `is "${generator.feature}", which this model does not have; write one of ${known}`,
      },
    ];
  }
  if (
    generator.from === 'feature' &&
    (generator.active === undefined) !== (generator.dormant === undefined)
  ) {
    const missing = generator.active === undefined ? 'active' : 'dormant';
    return [{ path: [...path, 'generator', missing], text: 'is missing; write a number, or leave both out' }];
  }
  if (generator.from === 'wave' && generator.min > generator.max) {
    const text = `is ${generator.min}, above max ${generator.max}; write a min that is not larger than max`;
    return [{ path: [...path, 'generator', 'min'], text }];
  }
  const kind = kindOf(generator);
  // What a recorded file holds is checked with its rows.
  if (kind === null) return [];
  const wanted = Object.entries(vssTypes).flatMap(([known, of]) => (of === kind ? [known] : []));
  if (wanted.includes(type)) return [];
  const text = `is "${type}", and the generator ${generator.from} makes ${kind}; write ${wanted.join(', ')}`;
  return [{ path: [...path, 'type'], text }];
}

function kindOf(generator: SignalFile['generator']): string | null {
  switch (generator.from) {
    case 'constant':
      return Array.isArray(generator.value) ? 'string[]' : typeof generator.value;
    case 'wave':
      return 'number';
    case 'feature':
      return generator.active === undefined ? 'boolean' : 'number';
    case 'recorded':
      return null;
    default:
      return vehicleQuantities[generator.from];
  }
}
