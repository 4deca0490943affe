import type { Settlement, SettlementStatus } from '../../../gateway/activation/settlement.ts';
import type { LedgerEntry } from '../../stand-ins/payments/ledger-rules.ts';
import { balanceOf, withoutDisputes } from '../balance.ts';
import type { BrokerLog } from '../broker-log.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { acceptedAnswers } from '../expectations.ts';
import { type Reading, readingOf } from '../reading.ts';
import { money, type Verdict, verdict } from '../verdict.ts';

const rule = {
  id: 10,
  title: 'No purchase, command, result, notification or event is lost between components',
};

/**
 * Rule 10: the answers to buyers, the database, the payment service's ledger, the API IoT's database and the event stream
 * agree, in both directions.
 */
export function nothingLost(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { plan, database } = evidence;
  const accepted = acceptedAnswers(evidence);
  const planned = new Map(plan.purchases.map((purchase) => [purchase.id, purchase]));
  const purchases = new Map(database.purchases.map((purchase) => [purchase.id, purchase]));
  const { sold: files, log } = reading;
  const violations: string[] = [];
  let examined = 0;
  for (const { plannedId, purchaseId } of accepted) {
    const purchase = purchases.get(purchaseId);
    if (!purchase) {
      violations.push(`${plannedId}: the response names ${purchaseId}, which is not in the database`);
      continue;
    }
    examined += 1;
    const wish = planned.get(plannedId);
    if (wish?.vin !== purchase.vin || wish.serviceId !== purchase.service_id) {
      violations.push(
        `${plannedId}: ${purchaseId} is ${purchase.service_id} for ${purchase.vin}, not what was requested`,
      );
    }
  }
  return verdict(rule, examined, { count: accepted.length, name: 'purchases that were accepted' }, [
    ...violations,
    ...unanswered(evidence),
    ...judgeLedger(evidence, files),
    ...judgeCommands(evidence),
    ...judgeResults(evidence, log),
    ...database.notices
      .filter((notice) => notice.status === 'waiting')
      .map((notice) => `${notice.activation_id}: ${notice.kind} by ${notice.channel} is still waiting`),
    ...judgeEvents(evidence),
  ]);
}

/** Every planned purchase has an answer, and every saved purchase belongs to an answer. */
function unanswered(evidence: Evidence): string[] {
  const answered = new Set(
    evidence.answers.filter((answer) => answer.status !== null).map((answer) => answer.plannedId),
  );
  const told = new Set(evidence.answers.map((answer) => answer.purchaseId));
  return [
    ...evidence.plan.purchases
      .filter((purchase) => !answered.has(purchase.id))
      .map((purchase) => `${purchase.id}: the buyer received no response`),
    ...evidence.database.purchases
      .filter((purchase) => purchase.status !== 'declined' && !told.has(purchase.id))
      .map((purchase) => `${purchase.id}: created, but no response named it`),
  ];
}

/** What the ledger must show of an activation whose money the database says stands so; null: not to be judged yet. */
const shown: Readonly<Record<SettlementStatus, ((entries: readonly LedgerEntry[]) => boolean) | null>> = {
  authorising: null,
  capturing: null,
  voiding: null,
  refunding: null,
  unsettled: null,
  // Paid by other means than the payment service: its ledger does not show it.
  paid_back: null,
  written_off: null,
  collected: (entries) => balanceOf(entries).netMinor === 0,
  declined: (entries) => entries.length === 0,
  authorised: (entries) => balanceOf(entries).heldMinor > 0,
  captured: (entries) => balanceOf(entries).netMinor > 0 && balanceOf(entries).heldMinor === 0,
  uncollectible: (entries) => balanceOf(entries).netMinor === 0,
  voided: (entries) => entries.at(-1)?.kind === 'voided',
  refunded: (entries) => entries.at(-1)?.kind === 'refunded',
};

function judgeLedger(evidence: Evidence, files: readonly CaseFile[]): string[] {
  const known = new Set(files.map((file) => file.id));
  const strangers = new Set(
    evidence.ledger.map((entry) => entry.activationId).filter((id) => !known.has(id)),
  );
  const violations = [...strangers].map(
    (id) => `the ledger names ${id || 'no activation'}, which is not in the database`,
  );
  for (const { id, state, ledger } of files) {
    const status = state.settlement?.status;
    if (status === undefined || shown[status]?.(withoutDisputes(ledger)) !== false) continue;
    const entries = ledger.map((entry) => entry.kind).join(', ') || 'nothing';
    violations.push(`${id}: ${status} in the database, but the ledger shows ${entries}`);
  }
  return [...violations, ...judgeSums(evidence, files), ...judgeDisputes(evidence)];
}

const disputeTypes: readonly string[] = ['payment.disputed', 'payment.dispute_won', 'payment.dispute_lost'];

/** Every charge that a bank reversed is a dispute in the history: the payment service's event of it arrived. */
function judgeDisputes({ ledger, database }: Evidence): string[] {
  const known = new Set(
    database.record.filter(({ type }) => disputeTypes.includes(type)).map((row) => row.activation_id),
  );
  return ledger
    .filter(({ kind, activationId }) => kind === 'disputed' && !known.has(activationId))
    .map(({ activationId }) => `${activationId}: disputed by the ledger, but not in the history`);
}

/** The takings of the merchant, by currency: the ledger's sum and the database's. */
function judgeSums(evidence: Evidence, files: readonly CaseFile[]): string[] {
  const currencies = new Set(evidence.ledger.map((entry) => entry.currency));
  return [...currencies].flatMap((currency) => {
    const { netMinor } = balanceOf(
      withoutDisputes(evidence.ledger).filter((entry) => entry.currency === currency),
    );
    const kept = files
      .map((file) => file.state.settlement)
      .filter((settlement) => settlement?.currency === currency && isTaken(settlement))
      .reduce((sum, settlement) => sum + (settlement?.amountMinor ?? 0), 0);
    if (netMinor === kept) return [];
    return [
      `the ledger total is ${money(netMinor, currency)}, the database total is ${money(kept, currency)}`,
    ];
  });
}

/** The payment service has it: captured, or taken at once and refused to go back. */
function isTaken({ status, capture, paymentId }: Settlement): boolean {
  if (status === 'captured') return true;
  const isRefused = status === 'unsettled' || status === 'paid_back' || status === 'written_off';
  return isRefused && capture === 'immediately' && paymentId !== null;
}

/** Every command of the API IoT belongs to an activation, and every one that an attempt remembers exists. */
function judgeCommands({ apiIot, database }: Evidence): string[] {
  const activations = new Set(database.activations.map((row) => row.id));
  const commands = new Set(apiIot.map((command) => command.id));
  const remembered = database.activations.flatMap((row) => {
    const { attempts } = JSON.parse(row.state) as { attempts: readonly { commandId: string | null }[] };
    return attempts.flatMap(({ commandId }) => (commandId === null ? [] : [{ id: row.id, commandId }]));
  });
  return [
    ...apiIot
      .filter((command) => !activations.has(command.reference))
      .map((command) => `${command.id}: accepted for ${command.reference}, which is not in the database`),
    ...remembered
      .filter(({ commandId }) => !commands.has(commandId))
      .map(({ id, commandId }) => `${id}: names ${commandId}, which the API IoT does not have`),
  ];
}

/** Every result that the broker acknowledged to a vehicle is in the API IoT's database, even after a crash. */
function judgeResults({ apiIot }: Evidence, log: BrokerLog): string[] {
  const books = new Map(apiIot.map((command) => [command.id, command]));
  return log.results.flatMap(({ vin, takenAt, message: { commandId } }) =>
    takenAt === null || books.get(commandId)?.results !== null
      ? []
      : [`${commandId}: the broker acknowledged the result of ${vin}, but the API IoT has no result`],
  );
}

/** Every line of the record was published, and nothing else was. */
function judgeEvents({ events, database }: Evidence): string[] {
  if (events === null) return [];
  const published = new Set(events.map((event) => event.id));
  const recorded = new Set(database.record.map((row) => row.id));
  return [
    ...database.record
      .filter((row) => !published.has(row.id))
      .map((row) => `line ${row.seq} of the purchase history (${row.type}) was never published`),
    ...events
      .filter((event) => !recorded.has(event.id))
      .map((event) => `event ${event.id} (${event.type}) was published, but is not in the purchase history`),
  ];
}
