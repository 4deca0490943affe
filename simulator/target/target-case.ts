import { countBy, groupBy } from '../../shared/memory/group.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { type Balance, balanceOf } from '../reports/balance.ts';
import { readBrokerLog } from '../reports/broker-log.ts';
import { firstProof, proofsByVehicle } from '../reports/case-file.ts';
import type { Evidence, PurchaseAnswer, SeenMail, SeenPush } from '../reports/evidence.ts';
import { money } from '../reports/verdict.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import { type Mapping, matched } from './mapping.ts';

/** What the parts around an engine show of its work. */
export type TargetEvidence = Pick<Evidence, 'ledger' | 'payments' | 'apiIot' | 'broker' | 'mails' | 'pushes'>;

/** Evidence from independent sources about one activation of an engine that is not Fleetwake's. */
export interface TargetCase {
  readonly id: string;
  readonly purchase: PlannedPurchase;
  /** How many payments were asked for, declined ones too. */
  readonly payments: number;
  readonly ledger: readonly LedgerEntry[];
  readonly balance: Balance;
  /** The largest amount that one of its payments asked for; 0 without a payment. */
  readonly priceMinor: number;
  readonly currency: string;
  readonly commands: readonly CommandResource[];
  readonly mails: readonly SeenMail[];
  readonly pushes: readonly SeenPush[];
  /** When the vehicle first proved on the wire that it had applied a command of this activation; or null. */
  readonly deliveredAt: number | null;
}

export interface TargetCases {
  readonly cases: readonly TargetCase[];
  /** Movements of money that name no activation of this run; none where a purchase got no answer, for they may be its. */
  readonly unnamed: readonly LedgerEntry[];
}

/** Gathers the evidence by activation, as the mapping says. */
export function targetCases(
  { purchases }: { readonly purchases: readonly PlannedPurchase[] },
  answers: readonly PurchaseAnswer[],
  evidence: TargetEvidence,
  mapping: Mapping,
): TargetCases {
  const nameOfPayment = new Map(
    (evidence.payments ?? []).map(({ id, metadata }) => [
      id,
      matched(metadata[mapping.payment.metadata], mapping.payment.pattern),
    ]),
  );
  const payments = countBy([...nameOfPayment.values()], (name) => name ?? '');
  const ledger = groupBy(evidence.ledger, (entry) => nameOfPayment.get(entry.paymentId) ?? null);
  const commands = groupBy(evidence.apiIot, (command) =>
    matched(command[mapping.command.field], mapping.command.pattern),
  );
  const { mail: ofMail, push: ofPush } = mapping;
  const mails = groupBy(evidence.mails, (mail) => ofMail && matched(mail[ofMail.in], ofMail.pattern));
  const pushes = groupBy(evidence.pushes, (push) => ofPush && matched(push[ofPush.in], ofPush.pattern));
  const proofs = proofsByVehicle(readBrokerLog(evidence.broker));
  const planned = new Map(purchases.map((purchase) => [purchase.id, purchase]));
  const cases = answers.flatMap(({ plannedId, purchaseId: id }): TargetCase[] => {
    const purchase = planned.get(plannedId);
    if (!purchase || id === null) return [];
    const own = ledger.get(id) ?? [];
    const sent = commands.get(id) ?? [];
    return [
      {
        id,
        purchase,
        payments: payments[id] ?? 0,
        ledger: own,
        balance: balanceOf(own),
        priceMinor: Math.max(0, ...own.map(({ amountMinor }) => amountMinor)),
        currency: own[0]?.currency ?? '',
        commands: sent,
        mails: mails.get(id) ?? [],
        pushes: pushes.get(id) ?? [],
        deliveredAt: firstProof(purchase, sent, proofs.get(purchase.vin) ?? []),
      },
    ];
  });
  if (answers.some(({ status }) => status === null)) return { cases, unnamed: [] };
  const ids = new Set<string | null>(cases.map(({ id }) => id));
  const unnamed = evidence.ledger.filter((entry) => !ids.has(nameOfPayment.get(entry.paymentId) ?? null));
  return { cases, unnamed };
}

/** Whether nothing is open by what is seen: rule 3 finds each ended, no command waits, and what is paid was delivered. */
export function isSettled(cases: readonly TargetCase[], mapping: NoticeMapping): boolean {
  return cases.every((one) => {
    const { balance, commands, deliveredAt } = one;
    if (commands.some(({ endedAt }) => endedAt === null) || balance.heldMinor > 0) return false;
    return (balance.netMinor <= 0 || deliveredAt !== null) && whyOpen(one, mapping) === null;
  });
}

/**
 * Returns why a purchase has not ended, or null: it was paid, or its payment was declined or reversed, or its customer was notified of
 * the failure. A command alone ends nothing, for its vehicle may have rejected it.
 */
export function whyOpen(one: TargetCase, mapping: NoticeMapping): string | null {
  const { balance, commands, deliveredAt, payments, currency } = one;
  const { netMinor, heldMinor } = balance;
  // Rules 1 and 2 judge money that is kept, and what is held beside it.
  if (netMinor > 0) return null;
  if (heldMinor > 0) return `but ${money(heldMinor, currency)} is still held, neither captured nor released`;
  if (payments > 0) return null;
  if (deliveredAt !== null) return 'and delivered, but no payment was asked for';
  if (endNotices(one, mapping).length > 0) return null;
  const { mail, push } = mapping;
  const ofFailure = (failed: string | undefined) => (failed === undefined ? '' : ' of a failure');
  const missing = [
    'no payment',
    ...(mail ? [`no e-mail${ofFailure(mail.failed)}`] : []),
    ...(push ? [`no push message${ofFailure(push.failed)}`] : []),
    ...(commands.length === 0 ? ['no command'] : []),
  ];
  const nothing = `${missing.join(', ')} names it`;
  if (commands.length === 0) return `and then nothing: ${nothing}`;
  const sent = commands
    .map(({ id, state, endedAt }) => (endedAt === null ? id : `${id} (${state})`))
    .join(', ');
  const advice =
    mail || push ? '' : '; if its customer was notified of the failure, add "mail" or "push" to the mapping';
  return `but nothing was delivered by ${sent}, and ${nothing}${advice}`;
}

type NoticeMapping = Pick<Mapping, 'mail' | 'push'>;

/** An e-mail or a push message about an activation. */
export interface TargetNotice {
  readonly at: number;
  readonly channel: 'e-mail' | 'push message';
  /** Subject or title. */
  readonly headline: string;
  /** Address or endpoint. */
  readonly to: string;
  /** Message-ID or `noticeId`, the same in each try; empty without one. */
  readonly noticeId: string;
  /** Whether it tells of a failed activation; null where the mapping does not say which do. */
  readonly isFailure: boolean | null;
}

/** Returns what the customer of an activation was sent. */
export function noticesOf(
  { mails, pushes }: Pick<TargetCase, 'mails' | 'pushes'>,
  { mail, push }: NoticeMapping,
): TargetNotice[] {
  const isFailure = (headline: string, failed: string | undefined) =>
    failed === undefined ? null : matched(headline, failed) !== null;
  return [
    ...mails.map(
      ({ at, to, subject, messageId }): TargetNotice => ({
        ...{ at, channel: 'e-mail', headline: subject, to, noticeId: messageId },
        isFailure: isFailure(subject, mail?.failed),
      }),
    ),
    ...pushes.map(
      ({ at, endpoint, title, noticeId }): TargetNotice => ({
        ...{ at, channel: 'push message', headline: title, to: endpoint, noticeId },
        isFailure: isFailure(title, push?.failed),
      }),
    ),
  ];
}

/** Returns the notifications that may tell a customer how the purchase ended: those of a failure, or any of a channel whose failures the mapping does not name. */
export function endNotices(
  one: Pick<TargetCase, 'mails' | 'pushes'>,
  mapping: NoticeMapping,
): TargetNotice[] {
  return noticesOf(one, mapping).filter(({ isFailure }) => isFailure !== false);
}
