import type { Mistake } from '../../shared/files/mistake.ts';
import { type Expectation, expectationOf } from '../scenarios/expectation.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { judgedRules } from './judge-target.ts';

/** Returns the expectations that a run against an engine of the user's own cannot judge, each with the reason and what to do. */
export function targetRefusals({ expectations = [] }: Pick<Scenario, 'expectations'>): Mistake[] {
  return expectations.flatMap((text, index): Mistake[] => {
    const reason = whyNotJudged(expectationOf(text));
    if (reason === null) return [];
    const path = ['expectations', index];
    return [
      {
        path,
        text: `is "${text}", which --target cannot judge: ${reason}; remove it, or leave out --target`,
      },
    ];
  });
}

const ofThePlatform = "only the platform's database knows it";

/** What the parts around an engine do not show. */
const unknownOutcomes: ReadonlySet<string> = new Set(['cancelled', 'payment failed']);
/** Counts that they show; any other is of the platform's own work. */
const knownCounts: ReadonlySet<string> = new Set([
  'most attempts',
  'faults at the API IoT',
  'faults at payments',
  'faults at mail and push',
]);

function whyNotJudged(expectation: Expectation): string | null {
  switch (expectation.kind) {
    case 'rule': {
      if (judgedRules.includes(expectation.id)) return null;
      return `${ofThePlatform}; it judges the rules ${judgedRules.join(', ')}`;
    }
    case 'outcome':
      return unknownOutcomes.has(expectation.name) ? ofThePlatform : null;
    case 'count':
      return knownCounts.has(expectation.name) ? null : ofThePlatform;
    case 'purchase': {
      if (unknownOutcomes.has(expectation.outcome)) return ofThePlatform;
      const unknown = expectation.clauses.find(({ name }) => name === 'push messages' || name === 'tickets');
      return unknown === undefined ? null : `nothing tells which purchase ${unknown.name} belong to`;
    }
    case 'wait':
    case 'attempts':
    case 'money':
      return null;
    default:
      return expectation satisfies never;
  }
}
