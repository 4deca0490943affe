import type { TicketFields } from '../../../gateway/support/ticket.ts';
import { groupBy } from '../../../shared/memory/group.ts';
import { isBeyondCommand } from '../../scenarios/plan-vehicles.ts';
import { balanceOf, reversedAt } from '../balance.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { isWithPeople } from '../peoples-money.ts';
import { type Reading, readingOf } from '../reading.ts';
import type { SeenNotice } from '../seen-notice.ts';
import { moment, money, type Verdict, verdict } from '../verdict.ts';

const rule = {
  id: 5,
  title: 'Failed activations: ticket opened, payment reversed, then customer notified; feature dormant',
};

/** The specification's "Support Ticket Data Structure": the compiler asks for all of them. */
const ticketFields: Readonly<Record<keyof TicketFields, true>> = {
  ticketId: true,
  vin: true,
  customerId: true,
  customerEmail: true,
  serviceId: true,
  serviceName: true,
  paymentTransactionId: true,
  paymentAmount: true,
  activationRequestTime: true,
  retryAttempts: true,
  lastErrorCode: true,
  lastErrorMessage: true,
  vehicleStatusSnapshot: true,
  vehicleOnlineStatus: true,
  networkSignalStrength: true,
  vehicleFirmwareVersion: true,
  configurationPayload: true,
  priority: true,
};

/** Rule 5. The ledger gives the number of failures: the number of reversed payments. */
export function failedMeansOff(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { sold: files, free } = reading;
  const isLost = ({ row }: CaseFile) => row.phase === 'failed' || row.phase === 'cancelled';
  const lost = files.filter(isLost);
  // A bank that declines the capture releases its hold: this is not a reversal by the platform.
  const uncollected = new Set(
    evidence.database.record
      .filter(({ type }) => type === 'payment.uncollectible')
      .map((line) => line.activation_id),
  );
  const reversed = new Set(
    evidence.ledger
      .filter((entry) => entry.kind === 'voided' || entry.kind === 'refunded')
      .map((entry) => entry.activationId)
      .filter((id) => !uncollected.has(id)),
  );
  const notices = groupBy(
    reading.notices.filter(({ kind }) => kind === 'activation_failed' || kind === 'activation_cancelled'),
    (notice) => notice.row?.activation_id,
  );
  return verdict(
    rule,
    lost.filter((file) => !isWithPeople(evidence, file)).length,
    { count: reversed.size, name: 'activations with a reversal in the ledger' },
    [
      ...lost.flatMap((file) => [
        ...(file.row.phase === 'failed' ? judgeTicket(file) : judgeStatus(file)),
        ...judgeMoney(evidence, file, notices.get(file.id) ?? []),
        ...judgeFeature(evidence, file),
      ]),
      // A manual retry belongs to the ticket of what it retries, and has no money: what is left is the vehicle.
      ...free.filter(isLost).flatMap((file) => judgeFeature(evidence, file)),
    ],
  );
}

function judgeStatus({ id, row, purchase }: CaseFile): string[] {
  if (purchase?.status === row.phase) return [];
  return [`${id}: ${row.phase}, but its purchase is ${purchase?.status ?? 'unknown'}`];
}

function judgeTicket(file: CaseFile): string[] {
  const { id, tickets } = file;
  const [ticket] = tickets;
  const violations = judgeStatus(file);
  if (!ticket) return [...violations, `${id}: failed without a ticket`];
  const fields = JSON.parse(ticket.fields) as Record<string, unknown>;
  const missing = Object.keys(ticketFields).filter(
    (name) => fields[name] === undefined || fields[name] === null,
  );
  if (missing.length > 0) violations.push(`${id}: ticket ${ticket.id} lacks ${missing.join(', ')}`);
  return violations;
}

function judgeMoney(evidence: Evidence, file: CaseFile, notices: readonly SeenNotice[]): string[] {
  const { id, ledger, row } = file;
  const currency = ledger[0]?.currency ?? '';
  const { netMinor, heldMinor } = balanceOf(ledger);
  if (isWithPeople(evidence, file)) {
    return notices.map(
      (notice) => `${id}: "not charged" sent by ${notice.channel}, but the payment was never reversed`,
    );
  }
  if (netMinor + heldMinor !== 0) {
    return [`${id}: ${row.phase}, but ${money(netMinor + heldMinor, currency)} never reversed`];
  }
  const backAt = reversedAt(ledger);
  if (backAt === null) return [`${id}: ${row.phase}, but the ledger shows no reversal`];
  return notices
    .filter((notice) => notice.at < backAt)
    .map(
      (notice) =>
        `${id}: "not charged" sent by ${notice.channel} at ${moment(evidence, notice.at)}, before the reversal at ${moment(evidence, backAt)}`,
    );
}

/**
 * Whether the feature is dormant in the vehicle, or owned by another entitlement, or its revocation is still open because
 * the vehicle is offline.
 */
function judgeFeature(evidence: Evidence, { id, vin, row }: CaseFile): string[] {
  const { database, plan } = evidence;
  const vehicle = evidence.vehicles.find((each) => each.vin === vin);
  const state = vehicle?.features.find((feature) => feature.feature === row.feature)?.state ?? 'dormant';
  if (state === 'dormant') return [];
  const isOwned = database.entitlements.some(
    (owned) => owned.vin === vin && owned.feature === row.feature && owned.ended_at === null,
  );
  if (isOwned) return [];
  const planned = plan.vehicles.find((each) => each.vin === vin);
  const isObliged = database.activations.some(
    (other) => other.kind === 'revocation' && other.parent_id === id && other.ended_at === null,
  );
  if (planned && isObliged && isBeyondCommand(planned, plan.constants.commandTimeoutMs)) return [];
  return [`${id}: ${row.phase}, but ${row.feature} is ${state} on ${vin}`];
}
