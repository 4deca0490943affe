import type { CrashCall, TestCase } from './test-case.ts';

const labels: Readonly<Record<CrashCall, RegExp>> = {
  authorise: /^http POST .*\/v1\/payment_intents$/,
  configure: /^http POST .*\/configure$/,
  capture: /^http POST .*\/capture$/,
  reversal: /^http POST .*\/(refunds|cancel)$/,
  email: /^email$/,
  push: /^push$/,
  wake_up: /^publish fleetwake\.wake\./,
};

/** Where the schedule lets a process die; each crash happens once. */
export function newCrashes({ world }: TestCase) {
  const counts = new Map<(typeof world)[number], number>();
  return {
    /** How long the process is down if it dies at this step, or null if it does not. */
    downMs(process: string, step: number, phase: 'before' | 'after', label: string): number | null {
      for (const fault of world) {
        if (fault.type === 'crash' && fault.process === process && fault.step === step) return fault.downMs;
        if (fault.type !== 'crash_at' || process !== 'platform' || fault.phase !== phase) continue;
        if (!labels[fault.call].test(label)) continue;
        const nth = (counts.get(fault) ?? 0) + 1;
        counts.set(fault, nth);
        if (nth === fault.nth) return fault.downMs;
      }
      return null;
    },
  };
}
