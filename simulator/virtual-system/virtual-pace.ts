import type { ForeignResource } from '../../shared/virtual/guard.ts';
import type { RunEnd, VirtualLoop } from '../../shared/virtual/loop.ts';
import type { Pace } from '../run/pace.ts';

/**
 * Lets virtual time pass; remembers when nothing was left to happen before a wait was over. `onLimit` is called when the loop has
 * run as many events as it may, and throws to end the run there.
 */
export function virtualPace(
  loop: VirtualLoop,
  onLimit?: () => never,
): Pace & { standstill(): RunEnd['ended'] | null } {
  let standstill: RunEnd['ended'] | null = null;

  async function run(until: number | (() => boolean)): Promise<void> {
    const { ended } = await loop.run(until);
    if (ended === 'limit') onLimit?.();
    if (ended !== 'until' && ended !== 'condition') standstill = ended;
  }

  return {
    now: loop.now,
    async until(endAt, holds) {
      let hasHeld: boolean = false;
      await run(() => {
        hasHeld = holds();
        return hasHeld || loop.now() >= endAt;
      });
      return hasHeld;
    },
    pass: run,
    async completed(work) {
      let isSettled: boolean = false;
      const settle = () => {
        isSettled = true;
      };
      work.then(settle, settle);
      const { ended, open } = await loop.run(() => isSettled);
      if (ended === 'limit') onLimit?.();
      if (ended !== 'condition') throw new Error(standstillText(ended, open));
      return work;
    },
    standstill: () => standstill,
  };
}

/** Throws if the virtual system itself broke, which is a bug of the simulator and not of the product. */
export function assertSound(loop: VirtualLoop, standstill: RunEnd['ended'] | null): void {
  if (standstill !== null) throw new Error(standstillText(standstill, loop.open()));
  const [rejection] = loop.unhandled;
  if (rejection !== undefined) throw new Error('unhandled rejection', { cause: rejection });
  const foreign = foreignResources(loop).at(0);
  if (foreign) throw new Error(`real time got in: ${foreign.type} was made by ${foreign.stack[0]}`);
}

function standstillText(ended: RunEnd['ended'], open: RunEnd['open']): string {
  const names = open.map(({ name }) => name).join(', ');
  return `the virtual system stands still (${ended}); open: ${names || 'nothing'}`;
}

/** Returns real-time resources that code in virtual time must not make. */
export function foreignResources({ foreign }: Pick<VirtualLoop, 'foreign'>): ForeignResource[] {
  return foreign.filter((one) => !isHarmless(one));
}

/**
 * The stripe package draws an idempotency key before it sees that it was given one: the draw is thrown away. Node sets
 * up its own fetch at the first use in a process.
 */
function isHarmless({ type, stack }: ForeignResource): boolean {
  if (type === 'RANDOMBYTESREQUEST') return stack.some((frame) => frame.includes('stripe'));
  return type === 'PIPEWRAP' && stack.some((frame) => frame.includes('access-token'));
}
