import type { TraceLine } from '../../shared/virtual/trace.ts';

/** Who acts, in the order in which a timeline shows them. */
export const lanes = [
  'customer',
  'support',
  'platform',
  'engine',
  'nats',
  'api_iot',
  'vehicle',
  'payment',
  'notice',
  'fault',
] as const;
export type Lane = (typeof lanes)[number];

export interface TimelineEntry {
  /** Virtual milliseconds after the first moment of the workload. */
  readonly at: number;
  readonly lane: Lane;
  readonly text: string;
}

/** What a reader wants of a trace: who did what, with short names in place of identifiers and VINs. */
export function timelineOf(trace: readonly TraceLine[]): TimelineEntry[] {
  const name = newNames();
  return trace.flatMap((line) => {
    const lane = lanes.find((known) => known === line.process);
    const text = lane && textOf(line);
    return text ? [{ at: line.at, lane, text: name(text) }] : [];
  });
}

type Fields = Readonly<Record<string, unknown>>;

const texts: Readonly<Record<string, (fields: Fields) => string | null>> = {
  state: ({ id, from, to, attempts, money }) =>
    `${id} ${from === null ? 'begins in' : from === to ? 'stays in' : `${from} →`} ${to}, attempt ${attempts}${money === null ? '' : `, money ${money}`}`,
  http: ({ call, outcome }) => `${call} → ${outcome}`,
  mqtt: ({ topic, payload }) => messageText(String(topic), JSON.parse(String(payload)) as Fields),
  publish: ({ subject }) => (String(subject).startsWith('fleetwake.wake.') ? `wake-up ${subject}` : null),
  buys: ({ id, serviceId, vin }) => `buys ${serviceId} for ${vin} (${id})`,
  answer: ({ plannedId, status, problem }) =>
    `${plannedId} is answered ${status}${problem ? ` ${problem}` : ''}`,
  cancels: ({ purchaseId }) => `cancels ${purchaseId}`,
  'cancel answered': ({ purchaseId, status, problem }) =>
    `cancelling ${purchaseId} is answered ${status}${problem ? ` ${problem}` : ''}`,
  disputes: ({ purchaseId, outcome }) => `dispute of ${purchaseId}: ${outcome}`,
  transferred: ({ vin, customerId, status }) => `${vin} registered for ${customerId}, answered ${status}`,
  act: ({ ticketId, act, status, problem }) =>
    `${act} ${ticketId} is answered ${status}${problem ? ` ${problem}` : ''}`,
  settles: ({ activationId, resolution, status, problem }) =>
    `${resolution} for ${activationId} is answered ${status}${problem ? ` ${problem}` : ''}`,
  'vehicle.fault_begins': ({ vin, fault }) => `fault of ${vin} begins: ${fault}`,
  'vehicle.fault_ends': ({ vin, fault }) => `fault of ${vin} ends: ${fault}`,
  email: ({ headline }) => `mail "${headline}"`,
  push: ({ headline }) => `push "${headline}"`,
};

function textOf({ event, fields, level, process }: TraceLine): string | null {
  const known = texts[event];
  if (known) return known(fields);
  if (process === 'payment') return `${event} ${fields.activationId}`;
  if (process === 'fault') return `${event} ${Object.values(fields).join(' ')}`.trim();
  // Of what a process logs by itself only what went wrong tells something new.
  return level === 'info' ? null : `${event} ${JSON.stringify(fields)}`.slice(0, 160);
}

function messageText(topic: string, message: Fields): string {
  const features = (message.features ?? message.results ?? []) as readonly Fields[];
  const parts = features.map(
    ({ feature, target, state, outcome, version }) => `${feature} ${target ?? outcome ?? state} v${version}`,
  );
  const kind = topic.split('/').at(-1);
  if (kind === 'status') return `status ${message.online ? 'online' : 'offline'}`;
  return `${kind} ${message.commandId ?? message.id}: ${parts.join(', ')}`;
}

const kinds: readonly { readonly pattern: RegExp; readonly letter: string }[] = [
  { pattern: /act_[0-9a-z]{26}/g, letter: 'A' },
  { pattern: /cmd_[0-9a-z]{26}/g, letter: 'C' },
  { pattern: /pur_[0-9a-z]{26}/g, letter: 'P' },
  { pattern: /tkt_[0-9a-z]{26}/g, letter: 'T' },
  { pattern: /pi_[0-9a-z]{20,32}/g, letter: 'M' },
  { pattern: /WFW[0-9A-Z]{14}/g, letter: 'V' },
];

/** `A1`, `C2`, `V1` … in the order of their first appearance. */
export function newNames(): (text: string) => string {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  return (text) =>
    kinds.reduce(
      (named, { pattern, letter }) =>
        named.replaceAll(pattern, (id) => {
          const known = names.get(id);
          if (known) return known;
          const count = (counts.get(letter) ?? 0) + 1;
          counts.set(letter, count);
          names.set(id, `${letter}${count}`);
          return `${letter}${count}`;
        }),
      text,
    );
}

function moment(at: number): string {
  return `${at < 0 ? '-' : '+'}${(Math.abs(at) / 1_000).toFixed(3)} s`;
}

/** Text table: one line per entry, one column per actor. */
export function timelineText(entries: readonly TimelineEntry[]): string {
  const heads = lanes.map((lane) => lane.slice(0, 2)).join(' ');
  const lines = entries.map(({ at, lane, text }) => {
    const columns = lanes.map((one) => (one === lane ? '●' : '·')).join('  ');
    return `${moment(at).padStart(14)}  ${columns}   ${lane}: ${text}`;
  });
  return `${`${'virtual time'.padStart(14)}  ${heads}`}\n${lines.join('\n')}\n`;
}
