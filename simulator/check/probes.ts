import type { Activation } from '../../gateway/activation/activation.ts';
import { finalPhases } from '../../gateway/activation/phase.ts';
import { contradictionCode } from '../../gateway/support/ticket.ts';
import { groupBy } from '../../shared/memory/group.ts';
import { vinOf } from './purchases-of-test-case.ts';
import type { TestCaseRun } from './test-case-run.ts';

type Probe = (run: TestCaseRun) => number;

const record =
  (type: string, test: (data: Record<string, unknown>) => boolean = () => true): Probe =>
  ({ evidence }) =>
    evidence.database.record.filter(
      (row) => row.type === type && test(JSON.parse(row.data) as Record<string, unknown>),
    ).length;

const death =
  (process: string, label: RegExp): Probe =>
  ({ deaths }) =>
    deaths.filter((one) => one.process === process && label.test(one.label)).length;

const injected =
  (name: RegExp): Probe =>
  (run) =>
    Object.entries(run.injected).reduce((sum, [key, count]) => sum + (name.test(key) ? count : 0), 0);

const outcome =
  (name: string): Probe =>
  ({ reading }) =>
    reading.log.results.filter(({ message }) => message.results.some((result) => result.outcome === name))
      .length;

const moved =
  (test: (before: Activation, after: Activation) => boolean): Probe =>
  ({ moves }) =>
    moves.filter(({ before, after }) => before !== null && test(before, after)).length;

const ledger =
  (kind: string): Probe =>
  ({ evidence }) =>
    evidence.ledger.filter((entry) => entry.kind === kind).length;

/**
 * Rare situations that a check has to meet before its silence means anything. Each counts how often a run met it; over
 * enough runs none may stay at zero.
 */
export const probes: Readonly<Record<string, Probe>> = {
  'attempts exhausted': record('activation.max_retries_exceeded'),
  'result of the last attempt lost': lastAnswerLost,
  'late success after the failure': record('activation.late_success'),
  'permanent rejection after the attempt ended': moved(
    (before, after) =>
      before.phase === 'waiting_backoff' &&
      after.phase === 'querying_vehicle_state' &&
      after.failure?.temporary === false &&
      after.failure.category === 'vehicle_incompatible',
  ),
  'quota exhausted': record('activation.rate_limited'),
  'reversal unanswered': record('payment.unanswered', ({ step }) => step === 'void' || step === 'refund'),
  'authorisation unanswered': record('payment.unanswered', ({ step }) => step === 'authorise'),
  'capture unanswered': record('payment.unanswered', ({ step }) => step === 'capture'),
  'capture permanently declined': record('payment.uncollectible'),
  'payment declined': record('payment.declined'),
  'immediate charge refunded': ledger('refunded'),
  'delivery confirmed by the vehicle status query': moved(
    (before, after) => before.phase === 'querying_vehicle_state' && after.phase === 'active',
  ),
  'permanent rejection of the first attempt': moved(
    (before, after) =>
      after.phase === 'querying_vehicle_state' &&
      before.phase !== 'querying_vehicle_state' &&
      after.attempts.length === 1 &&
      after.failure?.category === 'vehicle_incompatible',
  ),
  'incompatible vehicle, no attempt': moved(
    (before, after) => before.phase === 'queued_for_activation' && after.phase === 'querying_vehicle_state',
  ),
  'revocation ended dormant': moved((_, after) => after.kind === 'revocation' && after.phase === 'dormant'),
  'revocation superseded': moved((_, after) => after.phase === 'superseded'),
  'vehicle busy with another command': record(
    'activation.postponed',
    ({ reason }) => reason === 'vehicle_busy',
  ),
  'revocation postponed, vehicle offline': record(
    'activation.postponed',
    ({ reason }) => reason === 'vehicle_away',
  ),
  'crash before an authorisation': death('platform', /^before http POST .*\/v1\/payment_intents$/),
  'crash between authorisation and save': death('platform', /^after http POST .*\/v1\/payment_intents$/),
  'crash between save and send': death('platform', /^before http POST .*\/configure$/),
  'crash between send and save': death('platform', /^after http POST .*\/configure$/),
  'crash between capture and save': death('platform', /^after http POST .*\/capture$/),
  'crash between reversal and save': death('platform', /^after http POST .*\/(refunds|cancel)$/),
  'crash between commit and answer': death('platform', /^after write$/),
  'crash between sending and saving a notification': death('platform', /^after (email|push)$/),
  'crash of the API IoT after acceptance': death('api_iot', /^after write$/),
  'crash of the API IoT during a publish': death('api_iot', /mqtt/),
  'two crashes in one run': ({ deaths }) => (deaths.length > 1 ? 1 : 0),
  'wake-up redelivered to a restarted process': injected(/^redelivery$/),
  'NATS wiped while activations are pending': natsWiped,
  'process stopped as on a signal': ({ trace }) => trace.filter((line) => line.event === 'stopped').length,
  'vehicle registered again with another model': ({ trace }) =>
    trace.filter((line) => line.event === 'registered again' && line.process === 'customer').length,
  'charge disputed after delivery': record('payment.disputed'),
  'dispute lost': record('payment.dispute_lost'),
  'dispute rejected': record('payment.dispute_won'),
  'refund ended by a lost dispute': record('payment.charged_back'),
  'refund permanently refused': record('payment.unsettled'),
  'paid back by an operator': record('payment.paid_back'),
  'collected by an operator': record('payment.collected'),
  'written off by an operator': record('payment.written_off'),
  'refused step retried by an operator': record('payment.retried', ({ by }) => typeof by === 'string'),
  "operator's decision refused": ({ userActions }) =>
    userActions.operatorActs.filter(({ status }) => status === 409).length,
  'vehicle transferred with a service in force': ({ evidence }) =>
    evidence.database.entitlements.filter(
      ({ purchase_id, customer_id }) =>
        evidence.database.purchases.find(({ id }) => id === purchase_id)?.customer_id !== customer_id,
    ).length,
  'SLA warning written': record('ticket.sla_warning'),
  'SLA breach written': record('ticket.sla_breached'),
  'ticket event received by the ticket system': ({ evidence }) => evidence.ticketEvents?.length ?? 0,
  'command sent over a line that loses packets': ({ schedule, evidence }) =>
    schedule.world.flatMap((fault) =>
      fault.type === 'lossy'
        ? evidence.apiIot.filter(
            ({ vin, acceptedAt }) => vin === vinOf(fault.vehicle) && isDuring(fault, acceptedAt, evidence),
          )
        : [],
    ).length,
  'incident of the API IoT opened': record('incident.opened'),
  'purchase waited for an incident and became active': ({ evidence }) =>
    evidence.database.activations.filter(
      ({ id, phase, kind }) =>
        phase === 'active' &&
        kind === 'activation' &&
        evidence.database.record.some(
          ({ type, activation_id, data }) => activation_id === id && waitedForIncident(type, data),
        ),
    ).length,
  'clock set while a purchase is pending': ({ trace, moves }) =>
    trace.filter(
      ({ event, at, fields }) => event === 'clock set' && fields.aheadMs !== 0 && isAnyPending(moves, at),
    ).length,
  'callback refused by a clock that is wrong': ({ trace }) =>
    trace.filter(({ event }) => event === 'platform.callback_refused').length,
  'write refused by a database': injected(/^database write$/),
  'broker restarted': ({ trace }) => trace.filter((line) => line.event === 'broker restarted').length,
  'result delivered twice': injected(/^ack duplicate$/),
  'command delivered twice': injected(/^command duplicate$/),
  'stale version rejected by the vehicle': outcome('superseded'),
  'command expired at the vehicle': outcome('expired'),
  'callback lost': injected(/^callback /),
  'configure response lost': injected(/^configure response_lost$/),
  'purchase response lost': injected(/^purchase response_lost$/),
  'duplicate purchase while pending or owned': ({ evidence }) =>
    evidence.answers.filter((answer) => answer.status === 409).length,
  'service expired': record('entitlement.expired'),
  'service renewed before expiry': record('activation.renewed'),
  'activation cancelled before active': record('activation.cancelled'),
  'delivered despite a cancellation request': moved(
    (before, after) => before.cancelRequestedAt !== undefined && after.phase === 'active',
  ),
  'active service cancelled': record('entitlement.cancelled'),
  'cancellation refused': ({ userActions }) =>
    userActions.cancels.filter(({ status }) => status === 409).length,
  'deactivation attempts exhausted': moved(
    (before, after) => after.kind === 'deactivation' && before.phase !== 'failed' && after.phase === 'failed',
  ),
  'feature lost in a workshop, reactivated': moved(
    (before, after) =>
      after.origin === 'reconciliation' && before.phase !== 'active' && after.phase === 'active',
  ),
  'feature lost in a workshop, reactivation failed': moved(
    (before, after) =>
      after.origin === 'reconciliation' && before.phase !== 'failed' && after.phase === 'failed',
  ),
  'feature lost again and again, ticket opened': record(
    'ticket.opened',
    ({ problem }) => problem === contradictionCode,
  ),
  'active without an entitlement, revoked': record('reconciliation.revocation'),
  'manual retry succeeded': record('ticket.resolved', ({ activationId }) => typeof activationId === 'string'),
  'manual retry failed': record('ticket.retry_failed'),
  'late success accepted': record('ticket.resolved', ({ kept }) => kept === true),
  'technician action refused': ({ userActions }) =>
    userActions.deskActs.filter(({ status }) => status === 409).length,
  'technician action response lost': injected(/^ticket response_lost$/),
  'cancellation response lost': injected(/^cancel response_lost$/),
  'notification sent twice after a crash or a lost response': ({ evidence }) =>
    [...groupBy(evidence.mails, (mail) => mail.messageId).values()].filter((same) => same.length > 1).length,
};

/** Answers to the last attempt that the policy allows that never left the vehicle. */
function lastAnswerLost({ trace, evidence, schedule }: TestCaseRun): number {
  const lost = new Set(
    trace.filter(({ event }) => event === 'vehicle.result_lost').map(({ fields }) => fields.commandId),
  );
  const last = `:${schedule.policy.maxRetries + 1}`;
  return evidence.apiIot.filter(({ id, key }) => lost.has(id) && key?.endsWith(last)).length;
}

function isDuring(
  { fromMs, forMs }: { readonly fromMs: number; readonly forMs: number },
  at: number,
  { startedAt }: TestCaseRun['evidence'],
): boolean {
  return at >= startedAt + fromMs && at < startedAt + fromMs + forMs;
}

function natsWiped({ trace, moves }: TestCaseRun): number {
  const wipes = trace.filter((line) => line.event === 'NATS wiped').map((line) => line.at);
  return wipes.filter((at) => isAnyPending(moves, at)).length;
}

/** Whether an activation had not ended at this moment of the run. */
function isAnyPending(moves: TestCaseRun['moves'], at: number): boolean {
  const last = new Map<string, Activation>();
  for (const move of moves) if (move.atMs <= at) last.set(move.id, move.after);
  return [...last.values()].some((activation) => !finalPhases.has(activation.phase));
}

function waitedForIncident(type: string, data: string): boolean {
  const { reason, cause } = JSON.parse(data) as { reason?: string; cause?: string };
  if (type === 'activation.postponed') return reason === 'api_iot_unavailable';
  return type === 'activation.rate_limited' && cause !== undefined;
}

export type ProbeHits = Record<string, number>;

export function newProbeHits(): ProbeHits {
  return Object.fromEntries(Object.keys(probes).map((name) => [name, 0]));
}

export function probeRun(run: TestCaseRun): ProbeHits {
  return Object.fromEntries(Object.entries(probes).map(([name, probe]) => [name, probe(run)]));
}

export function addHits(total: ProbeHits, more: ProbeHits): void {
  for (const [name, hits] of Object.entries(more)) total[name] = (total[name] ?? 0) + hits;
}
