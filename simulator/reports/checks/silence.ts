import { supportNoticeKinds } from '../../../gateway/notifications/notice-table.ts';
import type { LifeNoticeKind, NoticeKind, NoticeRow } from '../../../gateway/store/schema.ts';
import { groupBy } from '../../../shared/memory/group.ts';
import type { BrokerLog } from '../broker-log.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence } from '../evidence.ts';
import { type Reading, readingOf } from '../reading.ts';
import type { SeenNotice } from '../seen-notice.ts';
import { type Verdict, verdict } from '../verdict.ts';
import { judgeStartNotifications, startFacts } from './start-notification.ts';

const rule = { id: 8, title: 'Customers receive the specified notifications, and none about retries' };

const speaksOfRetries = /\bretr(y|ies|ied|ying)\b|\btry(ing)? again\b|\battempt \d|\breintent/i;

/**
 * Rule 8, from the messages in the sinks: every message has a text of the specification's table, went to its customer and
 * mentions no retry; the number of each kind is exact; and "activation started" is sent within a minute of the payment.
 */
export function silence(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { notices: seen, log } = reading;
  const addresses = addressesByCustomer(evidence);
  const known = groupBy(seen, (notice) => notice.row?.activation_id);
  const facts = factsOf(evidence);
  const wanted = reading.sold.flatMap((file) => wantedNotices(facts, file));
  const violations = [
    ...seen.flatMap((notice) => judgeWords(notice, addresses)),
    ...wanted.flatMap(({ id, kind, channel }) => {
      const told = (known.get(id) ?? []).some((notice) => notice.kind === kind && notice.channel === channel);
      return told ? [] : [`${id}: no ${kind} by ${channel} arrived`];
    }),
    ...judgeDisplays(evidence, log),
    ...judgeStartNotifications(evidence, reading),
  ];
  // What a technician tells is judged by its words alone: nothing but their own act asks for it.
  const counted = seen.filter(({ kind }) => !supportNoticeKinds.some((one) => one === kind));
  const distinct = new Set(counted.map((notice) => `${notice.channel} ${notice.noticeId}`));
  return verdict(
    rule,
    distinct.size,
    { count: wanted.length, name: 'notifications that the specification requires' },
    violations,
  );
}

function addressesByCustomer(evidence: Evidence): Map<string, { email: string; endpoint: string | null }> {
  return new Map(
    evidence.database.customers.map((customer) => {
      const subscription = customer.push_subscription;
      const endpoint =
        subscription === null ? null : (JSON.parse(subscription) as { endpoint: string }).endpoint;
      return [customer.id, { email: customer.email, endpoint }];
    }),
  );
}

function judgeWords(
  notice: SeenNotice,
  addresses: ReadonlyMap<string, { email: string; endpoint: string | null }>,
): string[] {
  const { noticeId, channel, kind, headline, text, row, recipient } = notice;
  const name = `${channel} ${noticeId} "${headline}"`;
  const violations: string[] = [];
  if (speaksOfRetries.test(headline) || speaksOfRetries.test(text))
    violations.push(`${name} mentions a retry`);
  if (kind === null) violations.push(`${name} is of no specified kind`);
  if (row === null) return [...violations, `${name} belongs to no notification`];
  if (kind !== null && kind !== row.kind) violations.push(`${name} should be ${row.kind}`);
  const customer = addresses.get(row.customer_id);
  const address = channel === 'email' ? customer?.email : customer?.endpoint;
  if (recipient !== address)
    violations.push(`${name} went to ${recipient} instead of ${address ?? 'no address'}`);
  return violations;
}

interface WantedNotice {
  readonly id: string;
  readonly kind: NoticeKind | LifeNoticeKind;
  readonly channel: 'email' | 'push';
}

/** Index of the evidence by activation, purchase and customer, for the expected notifications. */
interface Facts {
  readonly startedActivations: ReadonlySet<string | null>;
  readonly endedPurchases: ReadonlySet<string | null>;
  readonly disputed: ReadonlySet<string | null>;
  readonly unsettled: ReadonlySet<string | null>;
  readonly uncollectible: ReadonlySet<string | null>;
  /** How people's work on the money of an activation ended. */
  readonly settled: ReadonlyMap<string | null, unknown>;
  readonly customersWithPush: ReadonlySet<string>;
  readonly deadNotices: ReadonlyMap<string | null, readonly NoticeRow[]>;
}

function factsOf({ database, plan }: Evidence): Facts {
  const ofType = (type: string) => database.record.filter((row) => row.type === type);
  return {
    startedActivations: new Set(startFacts.flatMap(ofType).map((row) => row.activation_id)),
    unsettled: new Set(ofType('payment.unsettled').map((row) => row.activation_id)),
    uncollectible: new Set(ofType('payment.uncollectible').map((row) => row.activation_id)),
    settled: new Map(
      ofType('payment.settled').map(({ activation_id, data }) => [
        activation_id,
        (JSON.parse(data) as { readonly outcome: string }).outcome,
      ]),
    ),
    disputed: new Set(
      ['payment.disputed', 'payment.dispute_lost'].flatMap(ofType).map((row) => row.activation_id),
    ),
    endedPurchases: new Set(ofType('entitlement.cancelled').map((row) => row.purchase_id)),
    customersWithPush: new Set(plan.customers.filter(({ push }) => push).map(({ id }) => id)),
    deadNotices: groupBy(
      database.notices.filter((row) => row.status === 'dead'),
      (row) => row.activation_id,
    ),
  };
}

/** The rows of the specification's table that what happened to this activation asks for. */
function wantedNotices(facts: Facts, { id, ledger, row, state, purchase }: CaseFile): WantedNotice[] {
  const kinds: WantedNotice['kind'][] = [];
  if (ledger.length > 0) kinds.push('payment_confirmed');
  if (facts.startedActivations.has(id)) kinds.push('activation_started');
  if (row.phase === 'active') {
    const isRenewal = state.delivery?.evidence === 'entitlement';
    kinds.push(isRenewal ? 'service_renewed' : 'activation_successful');
  }
  kinds.push(...lossKinds(facts, id, row.phase));
  if (facts.uncollectible.has(id)) kinds.push('capture_failed');
  if (row.phase === 'active' && facts.settled.has(id)) kinds.push('capture_settled');
  if (facts.endedPurchases.has(row.purchase_id)) kinds.push('service_cancelled');
  if (facts.disputed.has(id)) kinds.push('payment_disputed');
  const hasPush = facts.customersWithPush.has(purchase?.customer_id ?? '');
  const channels = hasPush ? (['email', 'push'] as const) : (['email'] as const);
  const dead = facts.deadNotices.get(id) ?? [];
  return kinds
    .flatMap((kind) => channels.map((channel) => ({ id, kind, channel })))
    .filter((wanted) => !dead.some((one) => one.kind === wanted.kind && one.channel === wanted.channel));
}

/** That it is not active and nothing was charged; or that the money is paid back otherwise, and how that ended. */
function lossKinds({ unsettled, settled }: Facts, id: string, phase: string): NoticeKind[] {
  if (phase !== 'failed' && phase !== 'cancelled') return [];
  if (!unsettled.has(id)) return [phase === 'failed' ? 'activation_failed' : 'activation_cancelled'];
  const outcome = settled.get(id);
  // The bank itself tells its customer how a dispute ended.
  if (outcome === undefined || outcome === 'charged_back') return ['reversal_failed'];
  return ['reversal_failed', outcome === 'written_off' ? 'reversal_closed' : 'reversal_settled'];
}

/** No message about a revocation, and none that mentions a retry. */
function judgeDisplays(evidence: Evidence, log: BrokerLog): string[] {
  const shown = evidence.vehicles.flatMap(({ vin, displayed }) =>
    displayed
      .filter((text) => speaksOfRetries.test(text))
      .map((text) => `the display of ${vin} showed "${text}", which mentions a retry`),
  );
  const onRevocation = log.commands
    .filter(({ message }) => message.display && message.features.every((one) => one.target === 'dormant'))
    .map(({ vin, message }) => `${vin}: ${message.id} deactivates a feature, but carries a display text`);
  return [...shown, ...onRevocation];
}
