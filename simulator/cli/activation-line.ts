import type { ActivationDetail } from '../../gateway/platform/activation-view.ts';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { money } from '../reports/verdict.ts';

/** One step of an activation, and what carried it. */
export interface LineEntry {
  readonly at: number;
  readonly via: 'HTTP' | 'NATS' | 'engine' | 'MQTT' | 'vehicle' | 'payment' | 'notice' | 'support';
  readonly what: string;
}

interface Placed extends LineEntry {
  /** Among entries of one millisecond: what causes the others is lower. */
  readonly rank: number;
}

/**
 * Timeline of one activation: the history of its purchase, and its commands from the API IoT. A revocation has a timeline of its own.
 */
export function activationLine(
  activation: Pick<ActivationDetail, 'id' | 'vin'>,
  record: readonly RecordEntry[],
  commands: readonly CommandResource[],
): LineEntry[] {
  const own = record.filter(({ activationId }) => activationId === null || activationId === activation.id);
  const placed = [
    ...own.map((entry): Placed => ({ at: entry.at, rank: 1, ...stepOf(entry, activation.vin) })),
    ...commands.flatMap((command) => commandSteps(command, activation)),
  ];
  return placed.toSorted((a, b) => a.at - b.at || a.rank - b.rank).map(({ rank: _, ...entry }) => entry);
}

type Step = Pick<LineEntry, 'via' | 'what'>;

function stepOf({ at, type, data }: RecordEntry, vin: string): Step {
  const [subject = '', name = ''] = type.split('.');
  const words = name.replaceAll('_', ' ');
  switch (type) {
    case 'purchase.created':
      return {
        via: 'HTTP',
        what: `POST /purchases: ${text(data.customerId)} buys ${text(data.serviceId)} for ${vin}`,
      };
    case 'activation.queued_for_activation':
      return { via: 'NATS', what: 'a wake-up for the engine' };
    case 'activation.waiting_backoff':
      return { via: 'NATS', what: `a wake-up for the engine in ${Number(data.until) - at} ms` };
    case 'vehicle.checked':
      return { via: 'HTTP', what: `GET /vehicle/${vin}/health and status: ${text(data.message)}` };
    case 'activation.sending_command':
      return { via: 'HTTP', what: `POST /vehicle/${vin}/configure, attempt ${text(data.attempt)}` };
    case 'command.accepted':
      return { via: 'HTTP', what: `202 for attempt ${text(data.attempt)}: ${text(data.commandId)}` };
    case 'notice.sent':
    case 'notice.dead':
      return {
        via: 'notice',
        what: `${text(data.kind).replaceAll('_', ' ')} by ${text(data.channel)}, ${words}`,
      };
    default:
  }
  if (subject === 'payment') return { via: 'payment', what: `${words}${amountOf(data)}` };
  if (subject === 'ticket') return { via: 'support', what: `ticket ${text(data.ticketId)} ${words}` };
  return { via: 'engine', what: `${words}${detailsOf(data)}` };
}

function commandSteps(
  command: CommandResource,
  { id: activationId, vin }: { id: string; vin: string },
): Placed[] {
  const { id, key, features, acceptedAt, endedAt, results, late, clock, state } = command;
  if (!key?.startsWith(`${activationId}:`)) return [];
  const version = features[0]?.version ?? 0;
  const published: Placed = {
    ...{ at: acceptedAt, rank: 2, via: 'MQTT' },
    what: `${id} on ${topics.configure(vin)}, version ${version}`,
  };
  if (endedAt === null) return [published];
  if (results === null) {
    const what = `${id} ${state.replaceAll('_', ' ')}: the API IoT calls back`;
    return [published, { at: endedAt, rank: 0, via: 'HTTP', what }];
  }
  const outcomes = results.map(({ outcome, reason }) => (reason ? `${outcome} (${reason})` : outcome));
  const spoken = clock === null ? '' : `, at ${isoText(clock)} by its clock`;
  return [
    published,
    { at: endedAt, rank: -1, via: 'vehicle', what: `${outcomes.join(', ').replaceAll('_', ' ')}${spoken}` },
    { at: endedAt, rank: 0, via: 'MQTT', what: `${id} on ${topics.result(vin)}${late ? ', late' : ''}` },
  ];
}

function amountOf({ amountMinor, currency }: RecordEntry['data']): string {
  return typeof amountMinor === 'number' && typeof currency === 'string'
    ? ` ${money(amountMinor, currency)}`
    : '';
}

function detailsOf({ attempt, delayMs, failure, reason }: RecordEntry['data']): string {
  const { code } = (failure ?? {}) as { code?: string };
  const details = [
    ...(attempt === undefined ? [] : [`attempt ${text(attempt)}`]),
    ...(delayMs === undefined ? [] : [`${text(delayMs)} ms`]),
    ...(code === undefined ? [] : [code]),
    ...(reason === undefined ? [] : [text(reason)]),
  ];
  return details.length > 0 ? ` (${details.join(', ')})` : '';
}

function text(value: unknown): string {
  return String(value ?? '');
}
