import type { Activation } from '../../gateway/activation/activation.ts';
import { isWithPeople } from '../../gateway/activation/settlement.ts';
import { standardContradictions } from '../../gateway/entitlement/contradiction.ts';
import { supportNoticeKinds } from '../../gateway/notifications/notice-table.ts';
import type { ActivationRow, EntitlementRow } from '../../gateway/store/schema.ts';
import type { TicketRow } from '../../gateway/store/ticket-tables.ts';
import type { TicketWork } from '../../gateway/support/ticket-work.ts';
import { groupBy } from '../../shared/memory/group.ts';
import { balanceOf } from '../reports/balance.ts';
import type { Evidence, VehicleEvidence } from '../reports/evidence.ts';
import { isBeyondCommand } from '../scenarios/plan-vehicles.ts';
import { judgeDisputes } from './dispute-rules.ts';
import { sweepEveryMs } from './settings.ts';
import type { TestCase } from './test-case.ts';
import { judgeTransfers } from './transfer-rules.ts';
import type { UserActions } from './user-actions.ts';

/** In addition to the delay by the test case's faults: the sweep finds an ended service. */
const endMaxMs = sweepEveryMs + 10_000;
const minuteMs = 60_000;

interface Judged {
  readonly evidence: Evidence;
  readonly userActions: UserActions;
  readonly testCase: TestCase;
  readonly states: ReadonlyMap<string, Activation>;
  /** By `vin feature`. */
  readonly owned: ReadonlyMap<string, readonly EntitlementRow[]>;
}

const placeOf = ({ vin, feature }: { readonly vin: string; readonly feature: string }) => `${vin} ${feature}`;

/**
 * Checks the rules of services after the purchase (docs/service-life.md, docs/support-desk.md) at the end of a run, and
 * returns a sentence for each violation. The rules of live runs are not repeated here.
 */
export function judgeServices(evidence: Evidence, userActions: UserActions, testCase: TestCase): string[] {
  const { activations, entitlements } = evidence.database;
  const judged: Judged = {
    evidence,
    userActions,
    testCase,
    states: new Map(activations.map((row) => [row.id, JSON.parse(row.state) as Activation])),
    owned: groupBy(entitlements, placeOf),
  };
  return [
    ...evidence.vehicles.flatMap((vehicle) => judgeVehicle(judged, vehicle)),
    ...entitlements.flatMap((row) => [...judgeEnd(judged, row), ...judgeTime(judged, row)]),
    ...judgeCancels(judged),
    ...judgeTold(judged),
    ...judgeContradictions(judged),
    ...judgeDisputes(evidence, userActions.disputes),
    ...judgeTransfers(evidence, userActions.transfers),
    ...activations.flatMap((row) => [...judgeFree(judged, row), ...judgeDeactivation(judged, row)]),
  ];
}

/** An owned feature is active, and one without an owner dormant, after reconciliation, or if it had nothing to do. */
function judgeVehicle({ evidence, testCase, owned, states }: Judged, vehicle: VehicleEvidence): string[] {
  const { database, plan, takenAt } = evidence;
  const planned = plan.vehicles.find(({ vin }) => vin === vehicle.vin);
  if (!planned || isBeyondCommand(planned, plan.constants.commandTimeoutMs)) return [];
  return vehicle.features.flatMap(({ feature, state }) => {
    const place = placeOf({ vin: vehicle.vin, feature });
    const owner = owned.get(place)?.find((row) => isInForce(row, takenAt));
    if (owner && state !== 'active') {
      const isTicketed = database.tickets.some(
        (ticket) =>
          ticket.vin === vehicle.vin && ticket.service_id === owner.service_id && isSomebodysCase(ticket),
      );
      return isTicketed ? [] : [`${place}: entitlement ${owner.id} is in force, but ${state} at the end`];
    }
    if (owner || state !== 'active') return [];
    const hasFailed = [...states.values()].some(
      (one) => one.kind === 'deactivation' && one.phase === 'failed' && placeOf(one) === place,
    );
    const isExcused = hasFailed && testCase.reconcileMs === undefined;
    return isExcused ? [] : [`${place}: active at the end without an entitlement`];
  });
}

/**
 * A technician works on the ticket, or has resolved it with a reason why the feature cannot be active yet. The loss of a
 * goodwill service is not part of the ticket.
 */
function isSomebodysCase({ status, work }: TicketRow): boolean {
  const { resolution } = JSON.parse(work ?? '{}') as Partial<TicketWork>;
  return status === 'open' && resolution?.kind !== 'manual_activation';
}

function isInForce({ ended_at, valid_until }: EntitlementRow, at: number): boolean {
  return ended_at === null && (valid_until === null || valid_until > at);
}

/**
 * A service ends when it expires or its customer cancels it; if no other entitlement is in force, a deactivation follows at
 * that moment.
 */
function judgeEnd({ evidence, owned, userActions }: Judged, row: EntitlementRow): string[] {
  const { id, ended_at: endedAt, valid_until: until, end_cause: cause } = row;
  const latest = (until ?? Number.POSITIVE_INFINITY) + endMaxMs + evidence.plan.slackMs;
  if (endedAt === null)
    return evidence.takenAt > latest ? [`${id}: valid until ${until}, but it has not ended`] : [];
  const violations: string[] = [];
  if (cause === 'expired' && (until === null || endedAt < until))
    violations.push(`${id}: expired at ${endedAt}, but valid until ${until}`);
  if (cause === 'expired' && endedAt > latest)
    violations.push(`${id}: expired ${endedAt - (until ?? 0)} ms late`);
  const isWanted = userActions.cancels.some(
    ({ purchaseId, askedAt }) => purchaseId === row.purchase_id && askedAt <= endedAt,
  );
  if (cause === 'cancelled' && !isWanted) violations.push(`${id}: cancelled, but no customer requested it`);
  const others = (owned.get(placeOf(row)) ?? []).filter(
    (other) =>
      other !== row &&
      (other.valid_until ?? Number.POSITIVE_INFINITY) > endedAt &&
      (other.ended_at ?? Number.POSITIVE_INFINITY) > endedAt,
  );
  const follows = evidence.database.activations.some(
    (one) => one.kind === 'deactivation' && placeOf(one) === placeOf(row) && one.requested_at >= endedAt,
  );
  if (others.length === 0 && !follows) violations.push(`${id}: ended, but no deactivation followed`);
  return violations;
}

/** As long as it was bought for; a renewal begins where another ends; a purchase gives its time once, paid or as goodwill. */
function judgeTime({ evidence, owned, states }: Judged, row: EntitlementRow): string[] {
  const purchase = evidence.database.purchases.find(({ id }) => id === row.purchase_id);
  if (!purchase) return [`${row.id}: belongs to no purchase`];
  const violations: string[] = [];
  const { unit, count } = JSON.parse(purchase.duration) as { unit: string; count?: number };
  const lengthMs = row.valid_until === null ? null : row.valid_until - row.valid_from;
  if (unit === 'hours' && lengthMs !== (count ?? 0) * minuteMs)
    violations.push(`${row.id}: lasts ${lengthMs} ms, but ${count} minutes were bought`);
  const others = (owned.get(placeOf(row)) ?? []).filter((other) => other !== row);
  const before = others.find((other) => other.purchase_id === row.purchase_id && other.id < row.id);
  if (before)
    violations.push(`${row.id}: granted, but ${purchase.id} already had its duration with ${before.id}`);
  if (row.source === 'goodwill') return violations;
  const renews = states.get(purchase.activation_id)?.delivery?.evidence === 'entitlement';
  if (renews && !others.some((other) => other.valid_until === row.valid_from))
    violations.push(`${row.id}: renewal does not begin at the end of another entitlement`);
  return violations;
}

/** What was answered is what became of it. */
function judgeCancels({ evidence, userActions, states }: Judged): string[] {
  const { purchases, entitlements } = evidence.database;
  const violations = userActions.cancels.flatMap(({ purchaseId, status, problem }) => {
    if (status === 409 && problem === 'not-cancellable') return [];
    if (status !== 200) return [`${purchaseId}: cancellation request answered ${status} ${problem ?? ''}`];
    const purchase = purchases.find(({ id }) => id === purchaseId);
    const isHeard = states.get(purchase?.activation_id ?? '')?.cancelRequestedAt !== undefined;
    const isEnded = entitlements.some(
      (row) => row.purchase_id === purchaseId && row.end_cause === 'cancelled',
    );
    return isHeard || isEnded ? [] : [`${purchaseId}: cancellation request answered 200, but had no effect`];
  });
  for (const { id, activation_id: activationId } of purchases) {
    const { cancelRequestedAt: wishedAt, attempts = [] } = states.get(activationId) ?? {};
    if (wishedAt === undefined) continue;
    if (!userActions.cancels.some(({ purchaseId }) => purchaseId === id))
      violations.push(`${activationId}: cancelled, but no customer requested it`);
    const late = attempts.find(({ startedAt }) => startedAt > wishedAt);
    if (late) violations.push(`${activationId}: attempt ${late.number} began after the cancellation request`);
  }
  return violations;
}

/** A customer who is notified that the service is active owns it at that moment. */
function judgeTold({ evidence, owned }: Judged): string[] {
  const { notices, purchases } = evidence.database;
  return notices.flatMap(({ id, kind, purchase_id: purchaseId, created_at: at }) => {
    const purchase = purchases.find((one) => one.id === purchaseId);
    if (kind !== 'support_service_active' || !purchase) return [];
    const isOwned = (owned.get(placeOf(purchase)) ?? []).some(
      (row) => row.valid_from <= at && (row.ended_at ?? Number.POSITIVE_INFINITY) >= at,
    );
    return isOwned
      ? []
      : [`${id}: notified that ${purchase.service_id} is active, but no entitlement is in force`];
  });
}

/**
 * A vehicle that confirms a feature and loses it again gets a ticket after the limit, not one more free reactivation: none follows
 * so many others of a day unless the entitlement is a new one or a technician resolved a ticket in between.
 */
function judgeContradictions({ evidence, owned, states }: Judged): string[] {
  const { repeatMax, windowMs } = standardContradictions;
  const { activations, tickets } = evidence.database;
  const brought = activations.filter(
    ({ id, phase }) => phase === 'active' && states.get(id)?.origin === 'reconciliation',
  );
  return [...groupBy(brought, placeOf)].flatMap(([place, rows]) => {
    const inOrder = rows.toSorted((left, right) => left.requested_at - right.requested_at);
    return inOrder.flatMap((row, index) => {
      const first = inOrder[index - repeatMax];
      const since = first?.ended_at ?? 0;
      if (first === undefined || since < row.requested_at - windowMs) return [];
      const isBetween = (at: number) => at >= since && at <= row.requested_at;
      const isNew = owned.get(place)?.some(({ valid_from }) => isBetween(valid_from)) ?? false;
      const isResolved = tickets.some(({ vin, service_id, work }) => {
        const { resolving } = JSON.parse(work ?? '{}') as Partial<TicketWork>;
        return vin === row.vin && service_id === row.service_id && isBetween(resolving?.metAt ?? -1);
      });
      return isNew || isResolved
        ? []
        : [`${row.id}: reactivation number ${repeatMax + 1} of ${place} within a day, instead of a ticket`];
    });
  });
}

/**
 * Manual retries and reactivations have no payment, and a manual retry starts after the reversal of the failed purchase, or after the
 * payment service has permanently refused it: then people settle the money.
 */
function judgeFree({ evidence, states }: Judged, row: ActivationRow): string[] {
  const state = states.get(row.id);
  if (!state || (state.kind === 'activation' && state.origin === undefined)) return [];
  const violations: string[] = [];
  if (state.settlement !== null)
    violations.push(`${row.id}: ${state.kind} free of charge, but it has a settlement`);
  if (evidence.ledger.some(({ activationId }) => activationId === row.id))
    violations.push(`${row.id}: free of charge, but it is in the ledger`);
  const told = evidence.database.notices.filter(
    ({ activation_id, kind }) => activation_id === row.id && !supportNoticeKinds.some((one) => one === kind),
  );
  violations.push(...told.map(({ kind }) => `${row.id}: free of charge, but ${kind} was sent`));
  if (state.origin !== 'support' || row.parent_id === null) return violations;
  const before = evidence.ledger.filter(
    ({ activationId, at }) => activationId === row.parent_id && at <= row.requested_at,
  );
  const { netMinor, heldMinor } = balanceOf(before);
  const { settlement = null } = states.get(row.parent_id) ?? {};
  if (settlement !== null && isWithPeople(settlement)) return violations;
  if (netMinor !== 0 || heldMinor !== 0)
    violations.push(`${row.id}: manual retry before the payment of ${row.parent_id} was reversed`);
  return violations;
}

/** Every deactivation ends; a failed one has exactly one MEDIUM ticket. */
function judgeDeactivation({ evidence, states }: Judged, row: ActivationRow): string[] {
  const state = states.get(row.id);
  if (state?.kind !== 'deactivation') return [];
  if (row.ended_at === null) return [`${row.id}: the deactivation is still ${row.phase}`];
  const tickets = evidence.database.tickets.filter(({ activation_id }) => activation_id === row.id);
  const wanted = row.phase === 'failed' && state.origin === undefined ? 1 : 0;
  if (tickets.length !== wanted) return [`${row.id}: ${row.phase}, but has ${tickets.length} tickets`];
  return tickets.flatMap(({ id, priority }) =>
    priority === 'MEDIUM' ? [] : [`${id}: the ticket of a deactivation is ${priority}`],
  );
}
