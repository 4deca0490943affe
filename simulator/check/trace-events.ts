import { finalPhases } from '../../gateway/activation/phase.ts';
import { fieldsOf } from '../../shared/protocol/json.ts';
import { subjects } from '../../shared/protocol/subjects.ts';
import type { TraceLine } from '../../shared/virtual/trace.ts';
import type { Certainty, Lane, TimelineEvent } from '../timeline/event.ts';
import type { Move } from './activation-changes.ts';

export type Fields = Readonly<Record<string, unknown>>;
type Event = Omit<TimelineEvent, 'id' | 'atMs'>;
interface Owner {
  readonly activationId: string;
  readonly attempt: number;
}

/** What a line of a trace does not say itself. */
export interface Attribution {
  /** Short names in place of identifiers and VINs. */
  readonly name: (text: string) => string;
  readonly commandOwner: (commandId: string) => Owner | null;
  readonly paymentOwner: (paymentId: string) => string | null;
  /** The activation that last began to send a command to this vehicle. */
  readonly sender: (vin: string) => Owner | null;
  /** The saved change of the line that is read now. */
  readonly nextMove: () => Move | null;
}

/** Returns the event of a line of a trace, or null where the line repeats what another one says. */
export function lineEvent(line: TraceLine, context: Attribution): Event | null {
  const event = eventOf(line, context);
  if (event === null) return null;
  const { activation } = event;
  const details = Object.entries({ ...event.details, ...detailsOf(line.fields) });
  return {
    ...event,
    title: context.name(event.title),
    ...(activation === undefined ? {} : { activation: context.name(activation) }),
    details: Object.fromEntries(details),
  };
}

function eventOf(line: TraceLine, context: Attribution): Event | null {
  const { process, event, fields, level } = line;
  if (event === 'state') return stateEvent(fields, context.nextMove());
  if (event === 'http') return httpEvent(process, fields, context);
  if (event === 'mqtt') return mqttEvent(fields, context);
  if (event === 'publish') return wakeUpEvent(fields);
  if (process === 'payment') return paymentEvent(event, fields);
  if (process === 'notice') return noticeEvent(event, fields);
  if (process === 'customer' || process === 'support') return userEvent(process, event, fields);
  if (event === 'api_iot.command_accepted' || event === 'api_iot.command_ended')
    return commandEvent(event, fields, context);
  if (process === 'fault') return faultEvent(event, fields);
  if (event === 'vehicle.result_lost') return lostResult(fields, context);
  // Of what a process logs by itself only what went wrong tells something new.
  if (level === 'info') return null;
  return {
    ...{ lane: laneOf(process), certainty: 'failed', importance: level === 'error' ? 3 : 2 },
    title: words(event),
    ...ownerOf(text(fields.activationId) || null),
  };
}

const processLanes: Readonly<Record<string, Lane>> = {
  api_iot: 'api_iot',
  bank: 'payments',
  customer: 'customer',
  engine: 'engine',
  nats: 'nats',
  notice: 'notifications',
  payment: 'payments',
  support: 'support',
  ticket_system: 'support',
  vehicle: 'vehicle',
};
const laneOf = (process: string): Lane => processLanes[process] ?? 'platform';

function stateEvent({ id, from, to }: Fields, move: Move | null): Event {
  const attempt = move?.after.attempts.at(-1);
  const isFinal = move !== null && finalPhases.has(move.after.phase);
  const failure = attempt?.failure ?? null;
  const isOver = to === 'waiting_backoff' || to === 'querying_vehicle_state' || to === 'reversing_payment';
  const certainty: Certainty =
    to === 'active' || to === 'dormant'
      ? 'succeeded'
      : to === 'failed' || to === 'declined'
        ? 'failed'
        : from !== to && isOver && failure !== null
          ? failureCertainty(failure)
          : 'neutral';
  const isOfAttempt =
    attempt !== undefined && from !== to && to !== 'cancelled' && from !== 'reversing_payment';
  return {
    ...{ lane: 'engine', certainty, importance: isFinal ? 3 : from === to ? 1 : 2 },
    title: `${from === to ? 'still ' : ''}${words(text(to))}`,
    ...ownerOf(text(id), isOfAttempt ? attempt.number : undefined),
    ...(failure === null ? {} : { details: { failure: `${failure.code}: ${failure.message}` } }),
  };
}

const failureCertainty = ({ mayHaveSucceeded }: { readonly mayHaveSucceeded: boolean }): Certainty =>
  mayHaveSucceeded ? 'unknown' : 'failed';

/** Who answers at a path, where the caller does not decide it. */
const receivers: readonly { readonly path: RegExp; readonly lane: Lane }[] = [
  { path: /^\/v1\//, lane: 'payments' },
  { path: /^\/vehicle\//, lane: 'api_iot' },
  { path: /^\/(purchases|customers|tickets|callbacks)\b/, lane: 'platform' },
];

function httpEvent(process: string, { call, outcome }: Fields, context: Attribution): Event {
  const [method = '', path = ''] = text(call).split(' ');
  const lane = laneOf(process);
  const other: Lane = process === 'platform' ? 'api_iot' : 'platform';
  const toLane = receivers.find((known) => known.path.test(path))?.lane ?? other;
  const certainty = answerCertainty(text(outcome));
  return {
    ...{ lane, toLane, certainty, importance: certainty === 'succeeded' ? 1 : 2 },
    title: `${method} ${path} → ${words(text(outcome))}`,
    ...callOwner(path, context),
  };
}

function callOwner(path: string, { commandOwner, paymentOwner, sender }: Attribution) {
  const command = commandOwner(/cmd_\w+/.exec(path)?.[0] ?? '');
  if (command !== null) return ownerOf(command.activationId, command.attempt);
  const payment = paymentOwner(/pi_\w+/.exec(path)?.[0] ?? '');
  if (payment !== null) return ownerOf(payment);
  const sent = path.endsWith('/configure') ? sender(path.split('/')[2] ?? '') : null;
  return sent === null ? {} : ownerOf(sent.activationId, sent.attempt);
}

/** Without a status there was no answer; only a refused connection says that nothing was done. */
function answerCertainty(outcome: string): Certainty {
  if (/^[123]\d\d$/.test(outcome)) return 'succeeded';
  return /^\d+$/.test(outcome) || outcome === 'refused' ? 'failed' : 'unknown';
}

function mqttEvent({ topic, payload }: Fields, { commandOwner }: Attribution): Event {
  const kind = text(topic).split('/').at(-1) ?? '';
  const message = fieldsOf(text(payload)) ?? {};
  const owner = commandOwner(text(message.commandId ?? message.id));
  const features = (message.results ?? message.features ?? []) as readonly Fields[];
  const parts = features.map(
    ({ feature, target, outcome, state, reason }) =>
      `${words(text(feature))} ${words(text(target ?? outcome ?? state))}${reason ? ` (${text(reason)})` : ''}`,
  );
  const isCommand = kind === 'configure';
  const isResult = kind === 'result';
  return {
    lane: isCommand ? 'broker' : 'vehicle',
    toLane: isCommand ? 'vehicle' : 'broker',
    certainty: isResult ? resultCertainty(features) : 'neutral',
    importance: isCommand || isResult ? 2 : 1,
    title:
      kind === 'status'
        ? `reports ${message.online === false ? 'offline' : ['online', ...parts].join(', ')}`
        : `${isCommand ? 'command' : kind}: ${parts.join(', ')}`,
    ...(owner === null ? {} : ownerOf(owner.activationId, owner.attempt)),
  };
}

const resultCertainty = (results: readonly Fields[]): Certainty =>
  results.every(({ outcome }) => outcome === 'applied' || outcome === 'already_active')
    ? 'succeeded'
    : 'failed';

function wakeUpEvent({ subject }: Fields): Event | null {
  const prefix = subjects.wakeUp('');
  if (!text(subject).startsWith(prefix)) return null;
  const id = text(subject).slice(prefix.length);
  return {
    ...{ lane: 'nats', toLane: 'engine', certainty: 'neutral', importance: 1 },
    title: 'wake-up',
    ...ownerOf(id),
  };
}

function paymentEvent(kind: string, { activationId }: Fields): Event {
  return {
    ...{ lane: 'payments', certainty: kind === 'disputed' ? 'failed' : 'succeeded' },
    importance: kind === 'authorised' ? 2 : 3,
    title: words(kind),
    ...ownerOf(text(activationId)),
  };
}

function noticeEvent(channel: string, { headline }: Fields): Event {
  return {
    ...{ lane: 'notifications', toLane: 'customer', certainty: 'succeeded', importance: 2 },
    title: `${channel === 'email' ? 'e-mail' : channel}: ${text(headline)}`,
  };
}

function userEvent(process: 'customer' | 'support', event: string, fields: Fields): Event | null {
  const { status } = fields;
  const isAnswer = status !== undefined;
  const certainty = !isAnswer ? 'neutral' : answerCertainty(String(status ?? 'none'));
  const title = userTitles[event]?.(fields) ?? words(event);
  if (isAnswer && process === 'customer')
    return { lane: 'platform', toLane: 'customer', certainty, importance: 2, title };
  if (event.includes('.')) return null;
  return { lane: process, toLane: 'platform', certainty, importance: 3, title };
}

const userTitles: Readonly<Record<string, (fields: Fields) => string>> = {
  buys: ({ id, serviceId, vin }) => `buys ${text(serviceId)} for ${text(vin)} (${text(id)})`,
  answer: ({ plannedId, status, problem }) =>
    `${text(plannedId)} is answered ${text(status ?? 'nothing')}${problem ? ` ${text(problem)}` : ''}`,
  cancels: ({ purchaseId }) => `cancels ${text(purchaseId)}`,
  'cancel answered': ({ purchaseId, status, problem }) =>
    `cancelling ${text(purchaseId)} is answered ${text(status ?? 'nothing')}${problem ? ` ${text(problem)}` : ''}`,
  disputes: ({ purchaseId, outcome }) => `disputes the charge of ${text(purchaseId)} (${text(outcome)})`,
  transferred: ({ vin, customerId, status }) =>
    `${text(vin)} registered for ${text(customerId)}, answered ${text(status)}`,
  settles: ({ activationId, resolution, status, problem }) =>
    `${words(text(resolution))} for ${text(activationId)} → ${text(status)}${problem ? ` ${text(problem)}` : ''}`,
  act: ({ ticketId, act, status, problem }) =>
    `${words(text(act))} ${text(ticketId)} → ${text(status)}${problem ? ` ${text(problem)}` : ''}`,
};

function commandEvent(event: string, { commandId, state, late }: Fields, context: Attribution): Event {
  const owner = context.commandOwner(text(commandId));
  const own = owner === null ? {} : ownerOf(owner.activationId, owner.attempt);
  if (event === 'api_iot.command_accepted')
    return {
      ...{ lane: 'api_iot', toLane: 'broker', certainty: 'neutral', importance: 2 },
      title: `accepts ${text(commandId)}`,
      ...own,
    };
  return {
    ...{ lane: 'api_iot', importance: 2 },
    certainty: state === 'applied' ? 'succeeded' : state === 'timed_out' ? 'unknown' : 'failed',
    title: `${text(commandId)} ended ${words(text(state))}${late === true ? ', late' : ''}`,
    ...own,
  };
}

const faultLanes: Readonly<Record<string, Lane>> = {
  api_iot: 'api_iot',
  mail: 'notifications',
  nats: 'nats',
  payments: 'payments',
  platform: 'platform',
  push: 'notifications',
};

function faultEvent(event: string, { process, service, label }: Fields): Event {
  const about = text(process ?? service);
  const isOver = event === 'up' || event === 'comes back' || event === 'heals';
  const named = event.startsWith('NATS') ? 'nats' : event.startsWith('broker') ? 'broker' : null;
  return {
    lane: named ?? faultLanes[about] ?? 'platform',
    certainty: isOver ? 'neutral' : 'failed',
    importance: 3,
    title:
      event === 'heals'
        ? 'all faults end'
        : `${words(`${about} ${event}`)}${label === undefined ? '' : ` ${text(label)}`}`.trim(),
  };
}

function lostResult({ commandId }: Fields, { commandOwner }: Attribution): Event {
  const owner = commandOwner(text(commandId));
  return {
    ...{ lane: 'vehicle', certainty: 'failed', importance: 3 },
    title: 'the result is lost on its way',
    ...(owner === null ? {} : ownerOf(owner.activationId, owner.attempt)),
  };
}

function ownerOf(activation: string | null, attempt?: number): Pick<Event, 'activation' | 'attempt'> {
  if (activation === null) return {};
  return { activation, ...(attempt === undefined ? {} : { attempt }) };
}

/** Fields of a line as texts; a payload as it was sent. */
function detailsOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      value === null || value === undefined
        ? []
        : [[key, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}

const words = (name: string) => name.replaceAll('_', ' ');

function text(value: unknown): string {
  return String(value ?? '');
}
