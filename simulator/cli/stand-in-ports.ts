import type { StandInOptions } from '../live/stand-ins.ts';
import { countOf } from './whole-number.ts';

/** What an engine of the user's own finds at the same place every time, as `fleetwake stand-ins` has them. */
export const fixedStandInPorts = { payments: '8082', smtp: '1025', push: '8083', mail: '8025' } as const;

type Name = keyof typeof fixedStandInPorts;

/** Returns the ports that the flags say; without a flag a free one, or the fixed one. The page with sent e-mails has a fixed one always. */
export function standInPorts(
  flags: Readonly<Partial<Record<`${Name}Port`, string>>>,
  otherwise: 'free' | 'fixed',
): StandInOptions['ports'] {
  const port = (name: Name) =>
    countOf(
      `--${name}-port`,
      flags[`${name}Port`] ?? (otherwise === 'fixed' || name === 'mail' ? fixedStandInPorts[name] : '0'),
      65_535,
    );
  return { payments: port('payments'), smtp: port('smtp'), push: port('push'), mail: port('mail') };
}
