/** NATS subjects and streams (subject is NATS, topic is MQTT). */
export const streams = {
  /** Wake-ups of activations; a message is removed once acknowledged. */
  wakeUps: { name: 'FLEETWAKE_WAKEUPS', subjects: ['fleetwake.wake.>'], retention: 'workqueue' },
  /** CloudEvents for other systems; kept for 7 days. */
  events: { name: 'FLEETWAKE_EVENTS', subjects: ['fleetwake.events.>'], retention: 'limits' },
} as const;

export const subjects = {
  wakeUp: (activationId: string) => `fleetwake.wake.${activationId}`,
  allWakeUps: 'fleetwake.wake.>',
  /** `type` is a record type such as `activation.sending_command`. */
  event: (type: string) => `fleetwake.events.${type}`,
  allEvents: 'fleetwake.events.>',
} as const;

export type StreamDefinition = (typeof streams)[keyof typeof streams];

/** Messages with one id are stored once within this time. */
export const duplicateWindowMs = 2 * 60_000;

/** How long an event is kept. */
export const eventMaxAgeMs = 7 * 24 * 3_600_000;

/** The most messages that a stream holds: beyond it a wake-up is refused, and the oldest event goes. */
export const streamMaxMessages = 5_000_000;

/** The stream that keeps a subject. A subject of none is a mistake of the caller, and throws. */
export function streamOf(subject: string): StreamDefinition {
  for (const stream of Object.values(streams)) {
    if (stream.subjects.some((filter) => subjectMatches(filter, subject))) return stream;
  }
  throw new Error(`no stream keeps the subject ${subject}`);
}

/** Whether a filter with wildcards (`*` is one token, `>` one or more) matches a subject. */
export function subjectMatches(filter: string, subject: string): boolean {
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  for (const [index, part] of wanted.entries()) {
    if (part === '>') return tokens.length > index;
    if (tokens[index] === undefined || (part !== '*' && part !== tokens[index])) return false;
  }
  return tokens.length === wanted.length;
}
