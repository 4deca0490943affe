import type { Subject } from './subject.ts';

/** What came out of trying a claim. */
export type Finding =
  | { readonly state: 'held' }
  | { readonly state: 'broken'; readonly found: string }
  | { readonly state: 'not_testable'; readonly reason: string };

/** A claim of the specification about an API IoT. */
export interface Claim {
  /** Stable, for reports and scripts: `idempotent_replay`. */
  readonly name: string;
  readonly title: string;
  /** What its users lose where it is broken. */
  readonly guarantee: string;
  readonly test: (subject: Subject) => Promise<Finding>;
}

export const held: Finding = { state: 'held' };
export const broken = (found: string): Finding => ({ state: 'broken', found });
export const notTestable = (reason: string): Finding => ({ state: 'not_testable', reason });
/** Held where the condition holds; else what was found instead. */
export const judged = (holds: boolean, found: string): Finding => (holds ? held : broken(found));
