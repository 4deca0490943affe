import type { Evidence } from '../reports/evidence.ts';
import { money, type Verdict, verdict } from '../reports/verdict.ts';
import type { Mapping } from './mapping.ts';
import { endNotices, type TargetCase, type TargetCases } from './target-case.ts';

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

/** Returns why a purchase has not ended, or null. */
function whyOpen(one: TargetCase, mapping: Mapping): string | null {
  const { balance, commands, deliveredAt, payments, currency } = one;
  const { netMinor, heldMinor } = balance;
  if (netMinor > 0) return null;
  if (heldMinor > 0) return `but ${money(heldMinor, currency)} is still held, neither captured nor released`;
  if (payments > 0) return null;
  if (deliveredAt !== null) return 'and delivered, but no payment was asked for';
  if (commands.length > 0 || endNotices(one, mapping).length > 0) return null;
  const { mail, push } = mapping;
  const ofFailure = (failed: string | undefined) => (failed === undefined ? '' : ' of a failure');
  const missing = [
    'no payment',
    ...(mail ? [`no e-mail${ofFailure(mail.failed)}`] : []),
    ...(push ? [`no push message${ofFailure(push.failed)}`] : []),
    'no command',
  ];
  return `and then nothing: ${missing.join(', ')} names it`;
}
