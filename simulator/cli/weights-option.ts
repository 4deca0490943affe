import { givenText } from '../../shared/protocol/address.ts';
import type { Weights } from '../fleet/make-fleet.ts';
import { UsageError } from './exit.ts';

/**
 * Returns the weights of a list such as `DE=3,ES`: a name without a number has the weight 1. Null where the flag was not given.
 * Throws `UsageError` for a name that is not known or stands twice, and for a weight that is none.
 */
export function weightsOf(
  flag: string,
  text: string | undefined,
  known: readonly string[],
): Weights | undefined {
  if (text === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name = '', weight = '1'] = /^\s*([^=\s]*)\s*(?:=\s*([1-9]\d{0,3}))?\s*$/.exec(part) ?? [];
    if (name === '')
      throw new UsageError(
        `${flag} must be a list such as ${known.slice(0, 2).join('=3,')}, with weights from 1 to 9999, not ${givenText(text)}`,
      );
    if (!known.includes(name))
      throw new UsageError(`${flag} must name some of ${known.join(', ')}, not ${givenText(name)}`);
    if (weights.has(name)) throw new UsageError(`${flag} names ${name} twice; name it once`);
    weights.set(name, Number(weight));
  }
  return weights;
}
