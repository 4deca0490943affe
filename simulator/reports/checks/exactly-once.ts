import { supportNoticeKinds } from '../../../gateway/notifications/notice-table.ts';
import type { PurchaseRow } from '../../../gateway/store/schema.ts';
import { contradictionCode, type TicketFields } from '../../../gateway/support/ticket.ts';
import { countBy, groupBy } from '../../../shared/memory/group.ts';
import { balanceOf } from '../balance.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { acceptedAnswers } from '../expectations.ts';
import { type Reading, readingOf } from '../reading.ts';
import type { SeenNotice } from '../seen-notice.ts';
import { money, type Verdict, verdict } from '../verdict.ts';

const rule = { id: 2, title: 'Charges, tickets and notifications: exactly once per activation' };

/**
 * Rule 2, from the ledger and the sinks: of each activation the net charge is nothing or the price, no movement happened
 * twice, one ticket at the most, and one message of a kind on each channel. Only where a process died may the same
 * message come again, with the same Message-ID.
 */
export function exactlyOnce(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const accepted = acceptedAnswers(evidence);
  const purchases = new Map(evidence.database.purchases.map((purchase) => [purchase.id, purchase]));
  const files = groupBy(reading.sold, (file) => file.row.purchase_id);
  const notices = groupBy(reading.notices, (notice) => notice.row?.activation_id);
  let examined = 0;
  const violations: string[] = [];
  for (const { purchaseId } of accepted) {
    const purchase = purchases.get(purchaseId);
    if (!purchase) continue;
    examined += 1;
    const own = files.get(purchaseId) ?? [];
    if (own.length !== 1) violations.push(`${purchaseId}: ${own.length} activations instead of one`);
    for (const file of own) {
      violations.push(...judgeMoney(file, purchase), ...judgeTickets(file));
      violations.push(...judgeNotices(file, notices.get(file.id) ?? [], evidence.crashes));
    }
  }
  for (const file of reading.free) violations.push(...judgeFree(file, notices.get(file.id) ?? []));
  return verdict(
    rule,
    examined,
    { count: accepted.length, name: 'purchases that were accepted' },
    violations,
  );
}

function judgeMoney({ id, ledger }: CaseFile, purchase: PurchaseRow): string[] {
  const violations: string[] = [];
  const { netMinor } = balanceOf(ledger);
  const price = money(purchase.amount_minor, purchase.currency);
  if (netMinor !== 0 && netMinor !== purchase.amount_minor) {
    violations.push(`${id}: ${money(netMinor, purchase.currency)} charged, the price is ${price}`);
  }
  for (const [kind, count] of Object.entries(countBy(ledger, (entry) => entry.kind))) {
    if (count > 1) violations.push(`${id}: ${kind} ${count} times`);
  }
  const odd = ledger.find(
    (entry) => entry.currency !== purchase.currency || entry.amountMinor !== purchase.amount_minor,
  );
  if (odd) {
    violations.push(`${id}: ${odd.kind} ${money(odd.amountMinor, odd.currency)}, the price is ${price}`);
  }
  return violations;
}

function judgeTickets({ id, row, tickets }: CaseFile): string[] {
  const wanted = row.phase === 'failed' ? 1 : 0;
  if (tickets.length === wanted) return [];
  // A ticket is opened when the decision falls, a moment before the activation has failed.
  if (row.ended_at === null && tickets.length === 1) return [];
  return [`${id}: ${tickets.length} tickets instead of ${wanted}, phase ${row.phase}`];
}

/**
 * Activations free of charge have no payment, and at most a ticket: a manual retry belongs to the ticket of the failed
 * activation, a failed reactivation has a ticket of its own.
 */
function judgeFree(file: CaseFile, notices: readonly SeenNotice[]): string[] {
  const { id, ledger, tickets, state } = file;
  const isRetry = state.origin === 'support';
  return [
    ...ledger.map((entry) => `${id}: free of charge, but the ledger shows ${entry.kind}`),
    ...(isRetry
      ? tickets.map((ticket) => `${id}: manual retry, but has a ticket ${ticket.id} of its own`)
      : isContradicted(file)
        ? []
        : judgeTickets(file)),
    ...notices
      .filter(({ row }) => !supportNoticeKinds.some((kind) => kind === row?.kind))
      .map((notice) => `${id}: free of charge, but ${notice.kind} was sent by ${notice.channel}`),
  ];
}

/** It delivered, and the vehicle reported the opposite once too often: that is what its one ticket is about. */
function isContradicted({ row, tickets }: CaseFile): boolean {
  const codes = tickets.map(({ fields }) => (JSON.parse(fields) as Partial<TicketFields>).lastErrorCode);
  return row.phase !== 'failed' && codes.length === 1 && codes[0] === contradictionCode;
}

function judgeNotices({ id }: CaseFile, notices: readonly SeenNotice[], crashes: number): string[] {
  const violations: string[] = [];
  for (const [slot, seen] of groupBy(notices, (notice) => `${notice.kind} by ${notice.channel}`)) {
    const copies = groupBy(seen, (notice) => notice.noticeId);
    // A technician may ask two questions, and repeat an action after the ticket was reopened.
    const isSupport = supportNoticeKinds.some((kind) => kind === seen[0]?.row?.kind);
    if (copies.size > 1 && !isSupport) violations.push(`${id}: ${slot} sent ${copies.size} times`);
    for (const [noticeId, same] of copies) {
      if (same.length > 1 + crashes) {
        violations.push(
          `${id}: ${noticeId} arrived ${same.length} times, ${crashes} crashes allow ${1 + crashes}`,
        );
      }
    }
  }
  return violations;
}
