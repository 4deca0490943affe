import type { ActivationDetail } from '../../gateway/platform/activation-view.ts';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { Certainty, FaultSpan, Lane, Timeline, TimelineEvent } from './event.ts';

/**
 * Returns one activation as a timeline, by what the platform and the API IoT answer; its first moment is the request. The faults
 * have instants in epoch milliseconds.
 */
export function activationTimeline(
  activation: Pick<ActivationDetail, 'id' | 'feature' | 'vin' | 'requestedAt'>,
  record: readonly RecordEntry[],
  commands: readonly CommandResource[],
  faults: readonly FaultSpan[] = [],
): Timeline {
  const { id, feature, vin, requestedAt } = activation;
  const own = record.filter(({ activationId }) => activationId === null || activationId === id);
  return {
    title: `${feature.replaceAll('_', ' ')} on ${vin}`,
    events: [
      ...own.map((entry) => recordEvent(entry, requestedAt)),
      ...commands.flatMap((command) => commandEvents(command, id, requestedAt)),
    ],
    faults: faults.map(({ title, fromMs, toMs }) => ({
      title,
      fromMs: fromMs - requestedAt,
      toMs: toMs === null ? null : toMs - requestedAt,
    })),
  };
}

type Place = Pick<TimelineEvent, 'lane' | 'toLane' | 'importance'>;

/** Who acts and who receives, by the type of a line of the record; else by what comes before its point. */
const places: Readonly<Record<string, Place>> = {
  'purchase.created': { lane: 'customer', toLane: 'platform', importance: 3 },
  'activation.queued_for_activation': { lane: 'nats', toLane: 'engine', importance: 1 },
  'activation.waiting_backoff': { lane: 'nats', toLane: 'engine', importance: 1 },
  'activation.sending_command': { lane: 'engine', toLane: 'api_iot', importance: 2 },
  'activation.failure': { lane: 'engine', importance: 2 },
  'activation.active': { lane: 'engine', importance: 3 },
  'activation.failed': { lane: 'engine', importance: 3 },
  'activation.cancelled': { lane: 'engine', importance: 3 },
  'activation.declined': { lane: 'engine', importance: 3 },
  'command.accepted': { lane: 'api_iot', toLane: 'engine', importance: 2 },
  'vehicle.checked': { lane: 'engine', toLane: 'api_iot', importance: 1 },
  'payment.authorised': { lane: 'payments', importance: 2 },
  'ticket.opened': { lane: 'support', importance: 3 },
  activation: { lane: 'engine', importance: 1 },
  notice: { lane: 'notifications', toLane: 'customer', importance: 2 },
  payment: { lane: 'payments', importance: 3 },
  ticket: { lane: 'support', importance: 2 },
};
const otherPlace: Place = { lane: 'platform', importance: 2 };

function recordEvent(entry: RecordEntry, requestedAt: number): TimelineEvent {
  const { sequence, at, type, what, cause, actor, data } = entry;
  const { attempt } = data;
  const details = Object.entries({ type, cause, actor, ...data }).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
  );
  return {
    ...{ id: `record-${sequence}`, atMs: at - requestedAt, title: what },
    ...(places[type] ?? places[type.split('.')[0] ?? ''] ?? otherPlace),
    ...(typeof attempt === 'number' && attempt > 0 ? { attempt } : {}),
    certainty: recordCertainty(type, data),
    details: Object.fromEntries(details),
  };
}

function recordCertainty(type: string, { failure }: RecordEntry['data']): Certainty {
  if (type === 'activation.failure' && typeof failure === 'object' && failure !== null)
    return (failure as { readonly mayHaveSucceeded?: unknown }).mayHaveSucceeded === true
      ? 'unknown'
      : 'failed';
  if (/\.(failed|declined|dead|refused|disputed)$|_(declined|refused|failed)$/.test(type)) return 'failed';
  if (/unanswered|unknown/.test(type)) return 'unknown';
  return /^(payment\.(authorised|captured|voided|refunded)|activation\.active|notice\.sent)$/.test(type)
    ? 'succeeded'
    : 'neutral';
}

function commandEvents(command: CommandResource, activationId: string, requestedAt: number): TimelineEvent[] {
  const { id, key, acceptedAt, endedAt, results, late, state } = command;
  const attempt = Number(/:(\d+)$/.exec(key ?? '')?.[1]);
  if (!key?.startsWith(`${activationId}:`) || Number.isNaN(attempt)) return [];
  const own = { importance: 2, attempt, details: { command: id, state } } as const;
  const accepted: TimelineEvent = {
    ...{ ...own, id: `${id}.accepted`, atMs: acceptedAt - requestedAt, certainty: 'neutral' },
    ...{ lane: 'api_iot', toLane: 'broker', title: 'command published to the vehicle' },
  };
  if (endedAt === null) return [accepted];
  const outcomes = (results ?? []).map(({ outcome, reason }) =>
    reason ? `${outcome} (${reason})` : outcome,
  );
  const ways: { readonly lane: Lane; readonly toLane?: Lane } =
    results === null ? { lane: 'api_iot' } : { lane: 'vehicle', toLane: 'broker' };
  const said = (results === null ? state : outcomes.join(', ')).replaceAll('_', ' ');
  return [
    accepted,
    {
      ...{ ...own, ...ways, id: `${id}.ended`, atMs: endedAt - requestedAt },
      certainty: state === 'applied' ? 'succeeded' : state === 'timed_out' ? 'unknown' : 'failed',
      title: `command ${said}${late ? ', late' : ''}`,
    },
  ];
}
