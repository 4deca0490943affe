import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { SystemEvidence } from '../live/system-evidence.ts';
import { type Balance, balanceOf } from '../reports/balance.ts';
import { readBrokerLog } from '../reports/broker-log.ts';
import { firstProof, proofsByVehicle } from '../reports/case-file.ts';
import type { PurchaseAnswer, SeenMail } from '../reports/evidence.ts';
import { groupBy } from '../reports/group.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import { type Mapping, matched } from './mapping.ts';

/** Evidence from independent sources about one activation of an engine that is not Fleetwake's. */
export interface TargetCase {
  readonly id: string;
  readonly purchase: PlannedPurchase;
  readonly ledger: readonly LedgerEntry[];
  readonly balance: Balance;
  /** The largest amount that one of its payments asked for; 0 without a payment. */
  readonly priceMinor: number;
  readonly currency: string;
  readonly commands: readonly CommandResource[];
  readonly mails: readonly SeenMail[];
  /** When the vehicle first proved on the wire that it had applied a command of this activation; or null. */
  readonly deliveredAt: number | null;
}

export interface TargetCases {
  readonly cases: readonly TargetCase[];
  /** Movements of money that name no activation of this run. */
  readonly unnamed: readonly LedgerEntry[];
}

/** Gathers the evidence by activation, as the mapping says. */
export function targetCases(
  { purchases }: { readonly purchases: readonly PlannedPurchase[] },
  answers: readonly PurchaseAnswer[],
  evidence: SystemEvidence,
  mapping: Mapping,
): TargetCases {
  const nameOfPayment = new Map(
    evidence.payments.map(({ id, metadata }) => [
      id,
      matched(metadata[mapping.payment.metadata], mapping.payment.pattern),
    ]),
  );
  const ledger = groupBy(evidence.ledger, (entry) => nameOfPayment.get(entry.paymentId) ?? null);
  const commands = groupBy(evidence.commands, (command) =>
    matched(command[mapping.command.field], mapping.command.pattern),
  );
  const { mail: ofMail } = mapping;
  const mails = groupBy(evidence.mails, (mail) => ofMail && matched(mail[ofMail.in], ofMail.pattern));
  const proofs = proofsByVehicle(readBrokerLog(evidence.messages));
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
        ledger: own,
        balance: balanceOf(own),
        priceMinor: Math.max(0, ...own.map(({ amountMinor }) => amountMinor)),
        currency: own[0]?.currency ?? '',
        commands: sent,
        mails: mails.get(id) ?? [],
        deliveredAt: firstProof(purchase, sent, proofs.get(purchase.vin) ?? []),
      },
    ];
  });
  const ids = new Set<string | null>(cases.map(({ id }) => id));
  const unnamed = evidence.ledger.filter((entry) => !ids.has(nameOfPayment.get(entry.paymentId) ?? null));
  return { cases, unnamed };
}

/** Returns what the mapping cannot mean, because none of what there is fits it; or null. */
export function whyNothingFits(
  { cases }: TargetCases,
  answers: readonly PurchaseAnswer[],
  evidence: SystemEvidence,
  mapping: Mapping,
): string | null {
  const { payments, commands } = evidence;
  const taken = answers.filter(({ status }) => status !== null && status < 300);
  if (taken.length > 0 && cases.length === 0) {
    return `purchase.activation "${mapping.purchase.activation}" is in none of ${taken.length} answers`;
  }
  if (payments.length > 0 && cases.every(({ ledger }) => ledger.length === 0) && evidence.ledger.length > 0) {
    const keys = [...new Set(payments.flatMap(({ metadata }) => Object.keys(metadata)))];
    return `payment.metadata "${mapping.payment.metadata}" names an activation of this run on none of ${payments.length} payments; their metadata has ${keys.length === 0 ? 'no keys' : keys.join(', ')}`;
  }
  if (commands.length > 0 && cases.every((one) => one.commands.length === 0)) {
    return `command.field "${mapping.command.field}" names an activation of this run on none of ${commands.length} commands; the first has the reference "${commands[0]?.reference ?? ''}" and the key "${commands[0]?.key ?? ''}"`;
  }
  return null;
}

/** Whether nothing is open by what is seen: each was delivered and paid, or has nothing kept and nothing held, and no command waits. */
export function isSettled(cases: readonly TargetCase[]): boolean {
  return cases.every(({ balance, commands, deliveredAt, ledger }) => {
    if (commands.some(({ endedAt }) => endedAt === null) || balance.heldMinor > 0) return false;
    return balance.netMinor > 0 ? deliveredAt !== null : ledger.length > 0;
  });
}
