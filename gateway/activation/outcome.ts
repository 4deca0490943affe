import type { Activation } from './activation.ts';
import type { Fact } from './fact.ts';
import type { Milestone } from './phase.ts';

/** What a transition says. `ignored` (harmless: a repeat, a straggler, too early) and `rejected` (cannot be) return the same object. */
export type Outcome =
  | { readonly verdict: 'accepted'; readonly activation: Activation; readonly facts: readonly Fact[] }
  | { readonly verdict: 'ignored' | 'rejected'; readonly activation: Activation; readonly reason: string };

export function accept(activation: Activation, facts: readonly Fact[]): Outcome {
  return { verdict: 'accepted', activation, facts };
}

export function ignore(activation: Activation, reason: string): Outcome {
  return { verdict: 'ignored', activation, reason };
}

export function reject(activation: Activation, reason: string): Outcome {
  return { verdict: 'rejected', activation, reason };
}

export function passed(milestone: Milestone, at: number, data: Fact['data'] = {}): Fact {
  return { type: `activation.${milestone}`, at, data };
}
