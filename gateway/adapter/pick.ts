import { type PointerReader, pointerReader } from '../../shared/protocol/json-pointer.ts';
import type { FeaturesFile, FlagFile, TargetFile } from './adapter-schema.ts';

/** An answer has not what its adapter says. The message fits behind `the API IoT's answer to … `. */
export class UnreadAnswer extends Error {
  override readonly name = 'UnreadAnswer';
}

type Pick<T> = (document: unknown) => T;

/** Reads what must be there. */
export function required(pointer: string): PointerReader {
  const read = pointerReader(pointer);
  return (document) => {
    const value = read(document);
    if (value === undefined) throw new UnreadAnswer(`has nothing at "${pointer}"`);
    return value;
  };
}

/** Reads what may be missing, as undefined. */
export function optional(pointer: string | undefined): PointerReader {
  return pointer === undefined ? () => undefined : pointerReader(pointer);
}

export type Times = 'epoch_ms' | 'epoch_s' | 'rfc3339';

/** Reads an instant in epoch milliseconds; undefined where it is missing or none. */
export function instant(pointer: string | undefined, times: Times): Pick<number | null | undefined> {
  const read = optional(pointer);
  return (document) => {
    const value = read(document);
    if (value === null) return null;
    if (times === 'rfc3339') {
      const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      return Number.isNaN(at) ? undefined : at;
    }
    if (typeof value !== 'number') return undefined;
    return times === 'epoch_s' ? Math.round(value * 1_000) : value;
  };
}

/** Reads one of several words: which list the value at the pointer is in. */
export function oneOf<const Word extends string>(
  pointer: string,
  words: Readonly<Partial<Record<Word, readonly unknown[] | undefined>>>,
): Pick<Word> {
  const read = required(pointer);
  const byValue = new Map<unknown, Word>();
  for (const [word, values] of Object.entries(words) as [Word, readonly unknown[] | undefined][])
    for (const value of values ?? []) byValue.set(value, word);
  return (document) => {
    const value = read(document);
    const word = byValue.get(value);
    if (word === undefined) {
      const shown = JSON.stringify(value).slice(0, 60);
      throw new UnreadAnswer(`has ${shown} at "${pointer}", which its adapter does not list`);
    }
    return word;
  };
}

/** Reads yes or no; null where the adapter names no place. */
export function flag(file: FlagFile | undefined): Pick<boolean | null> {
  if (file === undefined) return () => null;
  const read = oneOf(file.at, { yes: file.yes, no: file.no });
  return (document) => read(document) === 'yes';
}

const target = ({ at, active, dormant }: TargetFile) => oneOf(at, { active, dormant });

/** A feature of a command or of a status, as the answer has it. */
export interface PickedFeature {
  readonly feature: string;
  readonly target: 'active' | 'dormant';
  readonly version: number | null;
  readonly parameters?: unknown;
}

/** Reads features: of a list, or of an object that is the only one. `names` are the API's names by ours. */
export function features(
  file: FeaturesFile,
  names: Readonly<Record<string, string>>,
): Pick<PickedFeature[] | null> {
  const items = required(file.items);
  const feature = required(file.feature);
  const targetOf = target(file.target);
  const version = optional(file.version);
  const parameters = optional(file.parameters);
  const ours = new Map(Object.entries(names).map(([own, foreign]) => [foreign, own]));
  const pick = (item: unknown): PickedFeature => {
    const name = String(feature(item));
    const said = version(item);
    const set = parameters(item);
    return {
      feature: ours.get(name) ?? name,
      target: targetOf(item),
      version: typeof said === 'number' ? said : null,
      ...(set === undefined ? {} : { parameters: set }),
    };
  };
  return (document) => {
    const value = items(document);
    if (value === null) return null;
    return Array.isArray(value) ? value.map(pick) : [pick(value)];
  };
}
