/** NATS subjects and streams (subject is NATS, topic is MQTT). */
export const streams = {
  /** Wake-ups of activations; a message is removed once acknowledged. */
  wakeUps: { name: 'FLEETWAKE_WAKEUPS', subjects: ['fleetwake.wake.>'], retention: 'workqueue' },
  /** CloudEvents for whoever wants to listen; kept for 7 days. */
  events: { name: 'FLEETWAKE_EVENTS', subjects: ['fleetwake.events.>'], retention: 'limits' },
} as const;

export const subjects = {
  wakeUp: (activationId: string) => `fleetwake.wake.${activationId}`,
  allWakeUps: 'fleetwake.wake.>',
  /** `type` is a record type such as `activation.sending_command`. */
  event: (type: string) => `fleetwake.events.${type}`,
  allEvents: 'fleetwake.events.>',
} as const;
