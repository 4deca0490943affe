import type { CrashCall, CrashPoint, GatewayProcess } from './component-fault.ts';

const labels: Readonly<Record<CrashCall, RegExp>> = {
  authorise: /^http POST .*\/v1\/payment_intents$/,
  configure: /^http POST .*\/configure$/,
  capture: /^http POST .*\/capture$/,
  reversal: /^http POST .*\/(refunds|cancel)$/,
  email: /^email$/,
  push: /^push$/,
  wake_up: /^publish fleetwake\.wake\./,
};

/** A step of a process: a call of a port that is about to happen, or whose answer is about to arrive. */
export interface ProcessStep {
  readonly process: GatewayProcess;
  /** From 1, over all starts of the process. */
  readonly number: number;
  readonly phase: 'before' | 'after';
  /** `http POST http://…` */
  readonly label: string;
}

/** Decides where processes die; each crash happens once. */
export function crashPoints(faults: readonly CrashPoint[]) {
  const counts = new Map<CrashPoint, number>();
  const spent = new Set<CrashPoint>();

  function isMet(fault: CrashPoint, { process, number, phase, label }: ProcessStep): boolean {
    if (fault.type === 'crash_at_step') {
      return fault.attributes.process === process && fault.attributes.step === number;
    }
    const { call, nth, phase: wanted } = fault.attributes;
    if (process !== 'platform' || wanted !== phase || !labels[call].test(label)) return false;
    const count = (counts.get(fault) ?? 0) + 1;
    counts.set(fault, count);
    return count === nth;
  }

  return {
    /** Whether every one of them has happened. */
    areSpent: () => spent.size === faults.length,
    /** Returns how long the process is down if it dies at this step, or null if it does not. */
    downMs(step: ProcessStep): number | null {
      const met = faults.find((fault) => isMet(fault, step));
      if (met === undefined) return null;
      spent.add(met);
      return met.attributes.forMs;
    },
  };
}
