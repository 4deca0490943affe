import type { TestCase } from './test-case.ts';
import type { TestCaseSystem } from './test-case-system.ts';

/** Records in the trace when services are down and up again. */
export function traceOutages({ clock, trace, book }: TestCaseSystem, { world }: TestCase): void {
  for (const fault of world) {
    if (fault.type !== 'down' || fault.service === 'nats') continue;
    const { service, fromMs, forMs } = fault;
    const at = (ms: number, name: string, fields: Record<string, unknown>) =>
      clock.setTimer(ms, () => {
        if (!book.isHealed) trace.record('fault', name, fields);
      });
    at(fromMs, 'down', { service, forMs });
    at(fromMs + forMs, 'up', { service });
  }
}
