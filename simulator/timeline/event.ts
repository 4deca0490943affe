/** Who acts, in the order in which a timeline shows them. */
export const lanes = [
  'customer',
  'platform',
  'engine',
  'nats',
  'api_iot',
  'broker',
  'vehicle',
  'payments',
  'notifications',
  'support',
] as const;
export type Lane = (typeof lanes)[number];

export const laneNames: Readonly<Record<Lane, string>> = {
  customer: 'Customer',
  platform: 'Platform',
  engine: 'Engine',
  nats: 'NATS',
  api_iot: 'API IoT',
  broker: 'Broker',
  vehicle: 'Vehicle',
  payments: 'Payments',
  notifications: 'Notifications',
  support: 'Support',
};

/** Result of what an event reports; `unknown`: sent, and no answer came; `neutral`: it reports no result. */
export type Certainty = 'succeeded' | 'failed' | 'unknown' | 'neutral';

/** 1: routine, 2: normal, 3: decides how an activation ends. */
export type Importance = 1 | 2 | 3;

/** Something that happened at one instant. Milliseconds count from the timeline's first moment and may be negative. */
export interface TimelineEvent {
  /** Unique within its timeline, and the same whenever the same data are read. */
  readonly id: string;
  readonly atMs: number;
  readonly lane: Lane;
  /** Receiver, where the event is a message. */
  readonly toLane?: Lane;
  /** Name of the activation that it belongs to. */
  readonly activation?: string;
  /** From 1. */
  readonly attempt?: number;
  readonly certainty: Certainty;
  readonly importance: Importance;
  readonly title: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** Time in which a fault could take effect; `toMs` null: until the end. */
export interface FaultSpan {
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number | null;
}

export interface Timeline {
  readonly title: string;
  /** In any order; those of one instant stay in the order given. */
  readonly events: readonly TimelineEvent[];
  readonly faults: readonly FaultSpan[];
}

/** From the first to the last event of one attempt. */
export interface AttemptSpan {
  readonly activation: string;
  readonly attempt: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of its last event that reports a result; `unknown` where none does. */
  readonly certainty: Certainty;
}

/** Returns the events in the order of time. */
export function inOrder(events: readonly TimelineEvent[]): TimelineEvent[] {
  return events.toSorted((a, b) => a.atMs - b.atMs);
}

/** Returns the attempts of events that are in the order of time, by activation and number. */
export function attemptsOf(events: readonly TimelineEvent[]): AttemptSpan[] {
  const byActivation = new Map<
    string,
    Map<number, { -readonly [Name in keyof AttemptSpan]: AttemptSpan[Name] }>
  >();
  for (const { activation = '', attempt, atMs, certainty } of events) {
    if (attempt === undefined) continue;
    let known = byActivation.get(activation);
    if (known === undefined) {
      known = new Map();
      byActivation.set(activation, known);
    }
    const span = known.get(attempt);
    if (span === undefined) {
      const said = certainty === 'neutral' ? 'unknown' : certainty;
      known.set(attempt, { activation, attempt, fromMs: atMs, toMs: atMs, certainty: said });
      continue;
    }
    span.toMs = atMs;
    if (certainty !== 'neutral') span.certainty = certainty;
  }
  return [...byActivation.values()].flatMap((known) => oneAfterAnother([...known.values()]));
}

/** An attempt ends when the next one begins, even if its result arrives later. */
function oneAfterAnother(spans: readonly AttemptSpan[]): AttemptSpan[] {
  const ordered = spans.toSorted((a, b) => a.attempt - b.attempt);
  return ordered.map((span, index) => {
    const next = ordered[index + 1];
    const toMs = next === undefined ? span.toMs : Math.max(span.fromMs, Math.min(span.toMs, next.fromMs));
    return { ...span, toMs };
  });
}

const severity: Readonly<Record<Certainty, number>> = { failed: 3, unknown: 2, succeeded: 1, neutral: 0 };

/** Returns which of two results a reader must not miss. */
export function worse(left: Certainty, right: Certainty): Certainty {
  return severity[right] > severity[left] ? right : left;
}
