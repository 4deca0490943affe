import type { Command } from 'commander';
import { UsageError } from './exit.ts';

/** Refuses flags of these names that were typed: they have no part in `call`, and silence would hide that. */
export function refuseUnused(command: Command, names: readonly string[], call: string): void {
  const typed = command.options
    .filter((option) => names.includes(option.attributeName()))
    .filter((option) => command.getOptionValueSourceWithGlobals(option.attributeName()) === 'cli')
    .map(({ long }) => long);
  if (typed.length === 0) return;
  const are = typed.length === 1 ? 'has' : 'have';
  throw new UsageError(
    `${typed.join(' and ')} ${are} no effect on ${call}: leave ${typed.length === 1 ? 'it' : 'them'} out`,
  );
}
