import type { Evidence } from '../reports/evidence.ts';
import { type Verdict, verdict } from '../reports/verdict.ts';
import type { Mapping } from './mapping.ts';
import { type TargetCases, whyOpen } from './target-case.ts';

/**
 * Rule 3 without the platform's database: each accepted purchase had ended when the evidence was taken. It was delivered and paid,
 * or its payment was declined or reversed, or its customer was notified; and nothing is held. Money that is kept without a delivery
 * breaks rule 1.
 */
export function itEndsByTarget(
  { answers }: Pick<Evidence, 'answers'>,
  { cases }: TargetCases,
  mapping: Mapping,
  title: string,
): Verdict {
  const accepted = answers.filter(({ status }) => status !== null && status >= 200 && status < 300);
  const statusOf = new Map(accepted.map(({ purchaseId, status }) => [purchaseId, status]));
  const nameless = accepted
    .filter(({ purchaseId }) => purchaseId === null)
    .map(
      ({ plannedId, status }) =>
        `${plannedId}: accepted with ${status}, but purchase.activation "${mapping.purchase.activation}" is not in the answer`,
    );
  const open = cases.flatMap((one) => {
    const why = whyOpen(one, mapping);
    return why === null ? [] : [`${one.id}: accepted with ${statusOf.get(one.id)}, ${why}`];
  });
  return verdict(
    { id: 3, title },
    cases.length + nameless.length,
    { count: accepted.length, name: 'purchases that were accepted' },
    [...open, ...nameless],
  );
}
