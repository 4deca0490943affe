import { groupBy } from '../../shared/memory/group.ts';
import { capturedAt, reversedAt } from '../reports/balance.ts';
import type { Evidence } from '../reports/evidence.ts';
import { moment, money, type Verdict, verdict } from '../reports/verdict.ts';
import type { Mapping } from './mapping.ts';
import { noticesOf, type TargetCase, type TargetCases } from './target-case.ts';

type Start = Parameters<typeof moment>[0];

/** Rule 1 without the platform's database: money that was kept has a result of that vehicle for a command of that activation, seen before the capture. */
export function neverChargedByTarget(start: Start, { cases, unnamed }: TargetCases, title: string): Verdict {
  const paid = cases.filter(({ ledger }) => ledger.length > 0);
  const violations = paid.flatMap(({ id, purchase: { vin }, ledger, balance, currency, deliveredAt }) => {
    if (balance.netMinor > 0 && deliveredAt === null) {
      return [`${id}: ${money(balance.netMinor, currency)} kept, but ${vin} never reported applied`];
    }
    const taken = capturedAt(ledger);
    if (taken === null || deliveredAt === null || taken >= deliveredAt) return [];
    return [
      `${id}: captured at ${moment(start, taken)}, before ${vin} reported applied at ${moment(start, deliveredAt)}`,
    ];
  });
  const strange = unnamed
    .filter(({ kind }) => kind === 'captured' || kind === 'charged')
    .map(
      ({ paymentId, amountMinor, currency }) =>
        `${paymentId}: ${money(amountMinor, currency)} taken for no activation of this run`,
    );
  return verdict({ id: 1, title }, paid.length, { count: paid.length, name: 'activations in the ledger' }, [
    ...violations,
    ...strange,
  ]);
}

/** Rule 2 without the platform's database: each activation is charged once, nothing is held beside the charge, and no e-mail or push message comes twice. */
export function exactlyOnceByTarget(
  { repeatsMax = 0 }: Pick<Evidence, 'repeatsMax'>,
  { cases }: TargetCases,
  mapping: Mapping,
  title: string,
): Verdict {
  const violations = cases.flatMap((one) => [
    ...judgeCharges(one),
    ...judgeNotices(one, mapping, repeatsMax),
  ]);
  return verdict(
    { id: 2, title },
    cases.length,
    { count: cases.length, name: 'purchases that were accepted' },
    violations,
  );
}

function judgeCharges({ id, ledger, balance, priceMinor, currency }: TargetCase): string[] {
  const taken = ledger.filter(({ kind }) => kind === 'captured' || kind === 'charged');
  const { netMinor, heldMinor } = balance;
  return [
    ...(taken.length > 1
      ? [
          `${id}: charged ${taken.length} times, by the payments ${taken.map(({ paymentId }) => paymentId).join(', ')}`,
        ]
      : []),
    ...(netMinor > 0 && heldMinor > 0
      ? [`${id}: ${money(heldMinor, currency)} still held beside the charge of ${money(netMinor, currency)}`]
      : []),
    ...(netMinor > priceMinor
      ? [`${id}: ${money(netMinor, currency)} charged, the price is ${money(priceMinor, currency)}`]
      : []),
  ];
}

/** The same notification may come again, under its own id, where its sender cannot know that it was taken. */
function judgeNotices(one: TargetCase, mapping: Mapping, repeatsMax: number): string[] {
  const sameText = groupBy(
    noticesOf(one, mapping),
    ({ channel, headline, to }) => `${channel} "${headline}" to ${to}`,
  );
  return [...sameText].flatMap(([what, copies]) => {
    const [first] = copies;
    const isOne = first?.noticeId !== '' && copies.every(({ noticeId }) => noticeId === first?.noticeId);
    const allowed = isOne ? 1 + repeatsMax : 1;
    if (copies.length <= allowed) return [];
    const why =
      repeatsMax === 0
        ? ''
        : isOne
          ? `, ${repeatsMax} crashes and lost answers allow ${allowed}`
          : ` ${copies.some(({ noticeId }) => noticeId === '') ? 'without an id' : 'under different ids'}: give each notification an id that its next try has too`;
    return [`${one.id}: ${what} sent ${copies.length} times${why}`];
  });
}

/** Rule 5 without the platform's database. An activation counts as failed if its payment was reversed, or its customer was notified of the failure. */
export function failedMeansOffByTarget(
  evidence: Start & Pick<Evidence, 'vehicles'>,
  { cases }: TargetCases,
  mapping: Mapping,
  title: string,
): Verdict {
  const failures = (one: TargetCase) => noticesOf(one, mapping).filter(({ isFailure }) => isFailure === true);
  const isKept = ({ balance }: TargetCase) => balance.netMinor > 0;
  const failed = cases.filter((one) => reversedAt(one.ledger) !== null || failures(one).length > 0);
  const violations = failed.flatMap((one) => {
    const { id, purchase, ledger, balance, currency } = one;
    const { vin, feature } = purchase;
    const left = balance.netMinor + balance.heldMinor;
    if (isKept(one) && failures(one).length === 0) return [];
    if (left !== 0) return [`${id}: failed, but ${money(left, currency)} never reversed`];
    const backAt = reversedAt(ledger);
    const early = failures(one).filter(({ at }) => backAt !== null && at < backAt);
    const state = evidence.vehicles
      .find((vehicle) => vehicle.vin === vin)
      ?.features.find((each) => each.feature === feature)?.state;
    const isOwned = cases.some(
      (other) => other.purchase.vin === vin && other.purchase.feature === feature && isKept(other),
    );
    return [
      ...early.map(
        ({ at }) =>
          `${id}: the customer was notified at ${moment(evidence, at)}, before the reversal at ${moment(evidence, backAt ?? 0)}`,
      ),
      ...(state === 'active' && !isOwned ? [`${id}: failed, but ${feature} is active on ${vin}`] : []),
    ];
  });
  return verdict(
    { id: 5, title },
    failed.length,
    { count: failed.length, name: 'activations with a reversal in the ledger' },
    violations,
  );
}
