import type { TraceLine } from '../../shared/virtual/trace.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseParts } from './test-case-parts.ts';

/** Faults of a test case that are no records of a scenario: they begin and end by the clock. */
export function timedFaults({ loop, clock, trace, databases }: TestCaseParts, { world }: TestCase) {
  const faults = world.filter((fault) => fault.type === 'clock_set');
  const failures = world.filter((fault) => fault.type === 'database_fails');
  let pending = faults.length + failures.length;
  let hasEnded: boolean = false;

  function setClock(process: string, aheadMs: number): void {
    loop.setWallClock(process, aheadMs);
    trace.record('fault', 'clock set', { process, aheadMs });
  }

  return {
    /** The first moment of the workload is now. */
    begin(): void {
      for (const { process, aheadMs, atMs, forMs } of faults) {
        clock.setTimer(atMs, () => {
          if (!hasEnded) setClock(process, aheadMs);
        });
        clock.setTimer(atMs + forMs, () => {
          pending -= 1;
          if (!hasEnded) setClock(process, 0);
        });
      }
      for (const { process, how, fromMs, forMs } of failures) {
        clock.setTimer(fromMs, () => {
          if (hasEnded) return;
          databases.set(process, how);
          trace.record('fault', 'database fails', { process, how });
        });
        clock.setTimer(fromMs + forMs, () => {
          pending -= 1;
          databases.clear(process);
          trace.record('fault', 'database is back', { process });
        });
      }
    },
    /** From now on every clock is right. */
    end(): void {
      hasEnded = true;
      for (const { process } of faults) setClock(process, 0);
      for (const { process } of failures) databases.clear(process);
    },
    /** Whether one of them has not ended. */
    isPending: () => !hasEnded && pending > 0,
  };
}

/** Returns the ticket events that the ticket system refused while the platform's clock was set wrong, by their record. */
export function refusedForClock(lines: readonly TraceLine[], { world }: TestCase): ReadonlySet<unknown> {
  const spans = world.flatMap((fault) =>
    fault.type === 'clock_set' && fault.process === 'platform'
      ? [{ from: fault.atMs, to: fault.atMs + fault.forMs + onTheWayMs }]
      : [],
  );
  const parked = lines.filter(
    ({ event, at }) =>
      event === 'ticket.webhook_parked' && spans.some(({ from, to }) => at >= from && at <= to),
  );
  return new Set(parked.map(({ fields }) => fields.recordId));
}

/** A request that was signed just before the clock was right again is answered within this. */
const onTheWayMs = 1_000;
