import type { FeatureModel, ParameterModel, ParameterValue } from './models.ts';

export type Parameters = Readonly<Record<string, ParameterValue>>;

/** Returns why the control unit refuses parameters, as `parameter_range: level takes 1 to 3`; null when it takes them. */
export function parameterRefusal(feature: FeatureModel, given: Parameters): string | null {
  for (const [name, value] of Object.entries(given)) {
    const parameter = feature.parameters.find((one) => one.name === name);
    if (!parameter) return `parameter_unknown: ${name.slice(0, 64)}`;
    if (!isOfType(parameter, value)) return `parameter_type: ${name} takes ${nouns[parameter.type]}`;
    if (!isInRange(parameter, value))
      return `parameter_range: ${name} takes ${rangeText(parameter)}`.slice(0, 256);
  }
  return null;
}

const nouns = { integer: 'a whole number', number: 'a number', boolean: 'true or false', string: 'a text' };

function isOfType({ type }: ParameterModel, value: ParameterValue): boolean {
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

function isInRange({ min, max, oneOf }: ParameterModel, value: ParameterValue): boolean {
  if (oneOf) return oneOf.includes(value);
  if (typeof value !== 'number') return true;
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

function rangeText({ min, max, oneOf }: ParameterModel): string {
  if (oneOf) return oneOf.map((one) => JSON.stringify(one)).join(' or ');
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

/** Returns what an active feature is set to by a command: what it names, and the model's default for the rest. */
export function completeParameters(feature: FeatureModel, given: Parameters): Parameters {
  return Object.fromEntries(
    feature.parameters.map(({ name, default: value }) => [name, given[name] ?? value]),
  );
}

export function sameParameters(left: Parameters, right: Parameters): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
