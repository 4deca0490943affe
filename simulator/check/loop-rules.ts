import type { RunEnd, VirtualLoop } from '../../shared/virtual/loop.ts';
import type { TraceLine } from '../../shared/virtual/trace.ts';
import { foreignResources } from '../virtual-system/virtual-pace.ts';
import type { Violation } from './watch.ts';

/** What a run says of the loop that it ran on. */
export interface LoopFacts {
  /** All vehicles were connected before the workload began. */
  readonly isFleetConnected: boolean;
  /** All had ended when the evidence was taken. */
  readonly isSettled: boolean;
  /** How virtual time stood still, or null. */
  readonly standstill: RunEnd['ended'] | null;
  readonly loop: Pick<VirtualLoop, 'now' | 'unhandled' | 'foreign' | 'open'>;
  readonly trace: readonly TraceLine[];
}

/** Four activations may fail at once, each in a few ways. */
const stormMax = 12;
/** Longest duration of a call, under any fault. */
export const openWorkMaxMs = 400_000;

/** Returns the rules that the virtual system itself broke: a rule and a sentence each. */
export function judgeLoop(facts: LoopFacts): Omit<Violation, 'at'>[] {
  const { isFleetConnected, isSettled, standstill, loop, trace } = facts;
  const broken: Omit<Violation, 'at'>[] = [];
  const report = (rule: string, sentence: string) => void broken.push({ rule, sentence });
  if (!isFleetConnected)
    report('fleet connected', 'the vehicles were not connected before the workload began');
  if (standstill !== null) report('no deadlock', `the run ended as ${standstill}`);
  else if (!isSettled) report('no deadlock', 'the run reached its end with work that had not ended');
  for (const reason of loop.unhandled) report('no unhandled rejection', textOf(reason));
  for (const { type, stack } of foreignResources(loop).slice(0, 3))
    report('no real-time resource', `${type} was made by ${stack.slice(0, 6).join(' < ') || 'Node itself'}`);
  for (const [what, count] of storms(trace))
    report('no warning storm', `${what}: ${count} times in one second`);
  for (const { name, sinceAt } of loop.open()) {
    const openMs = loop.now() - sinceAt;
    if (openMs > openWorkMaxMs) report('no hanging call', `${name} has been open for ${openMs} ms`);
  }
  return broken;
}

/** The same warning again and again within one second: something retries without a pause, or with too many of them. */
function storms(lines: readonly TraceLine[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { at, process, level, event } of lines) {
    if (level === 'info') continue;
    const key = `${process} ${event} at ${Math.floor(at / 1_000)} s`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > stormMax).slice(0, 3);
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? `${reason.name}: ${reason.message} ${reason.stack ?? ''}` : String(reason);
}
