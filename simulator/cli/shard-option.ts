import { givenText } from '../../shared/protocol/address.ts';
import type { Shard } from '../fleet/vehicle-range.ts';
import { UsageError } from './exit.ts';

/** Reads `--shard i/n`; without it returns the whole. */
export function shardOfText(text: string | undefined): Shard {
  if (text === undefined) return { index: 1, of: 1 };
  const [, index = 0, of = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= of) return { index, of };
  throw new UsageError(
    `--shard must be i/n with i from 1 to n, such as 2/3 for the second of three parts, not ${givenText(text)}`,
  );
}
