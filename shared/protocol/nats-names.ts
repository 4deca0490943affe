/** The prefix of an installation that says none; `subjects.ts` writes names with it. */
export const standardPrefix = 'fleetwake';

/** The names that one installation's streams and subjects have at a NATS that others use too. */
export interface NatsNames {
  /** `FLEETWAKE_WAKEUPS` as `SHOP-ES_WAKEUPS`. */
  stream(name: string): string;
  /** `fleetwake.wake.act_1` as `shop-es.wake.act_1`. */
  subject(subject: string): string;
  /** `shop-es.wake.act_1` as `fleetwake.wake.act_1`. */
  plainSubject(subject: string): string;
}

/** Returns the names under a prefix; under the standard one they are as they are written. */
export function natsNames(prefix: string): NatsNames {
  const ofStreams = prefix.toUpperCase();
  return {
    stream: (name) => name.replace(/^FLEETWAKE_/, `${ofStreams}_`),
    subject: (subject) => subject.replace(/^fleetwake\./, `${prefix}.`),
    plainSubject: (subject) =>
      subject.startsWith(`${prefix}.`) ? `${standardPrefix}${subject.slice(prefix.length)}` : subject,
  };
}
