import { broken, type Claim, judged, notTestable } from './claim.ts';
import { activated } from './course.ts';
import type { Sent, Subject } from './subject.ts';

const missing = notTestable('give a vehicle whose quota may be used up with --quota-vin');

/** Sends until one is refused, and two more than the quota at the most. */
const flooded = (subject: Subject, vin: string) =>
  subject.once('flood', async (): Promise<readonly Sent[]> => {
    const sent: Sent[] = [];
    for (let count = 0; count < subject.settings.quota + 2; count += 1) {
      const target = count % 2 === 0 ? 'active' : 'dormant';
      const one = await subject.configure({ key: subject.key(`flood-${count}`), vin, target });
      sent.push(one);
      if (one.command === null) break;
    }
    return sent;
  });

/** Claims about the quota (specification, "Rate limiting"). */
export const quotaClaims: readonly Claim[] = [
  {
    name: 'quota_holds',
    title: 'A vehicle takes no more commands within the window than its quota',
    guarantee: 'A loop anywhere floods a vehicle with commands.',
    async test(subject) {
      const { quotaVin, quota } = subject.settings;
      if (quotaVin === null) return missing;
      const taken = (await flooded(subject, quotaVin)).filter(({ command }) => command !== null).length;
      return judged(taken === quota, `${taken} commands were accepted, and the quota is ${quota}`);
    },
  },
  {
    name: 'quota_is_rate_limit',
    title: 'The refusal is a rate limit to the engine',
    guarantee: 'A full quota counts as a failed attempt, or ends the activation.',
    async test(subject) {
      const { quotaVin } = subject.settings;
      if (quotaVin === null) return missing;
      const refused = (await flooded(subject, quotaVin)).find(({ command }) => command === null);
      if (refused === undefined) return broken('nothing was refused');
      const meaning = subject.meaning(refused);
      return judged(meaning === 'rate_limit', `${refused.status} is read as ${meaning}`);
    },
  },
  {
    name: 'quota_says_when',
    title: 'The refusal says how long to wait',
    guarantee: 'The engine asks every minute, or waits longer than it has to.',
    async test(subject) {
      const { quotaVin, adapter } = subject.settings;
      if (quotaVin === null) return missing;
      const refused = (await flooded(subject, quotaVin)).find(({ command }) => command === null);
      if (refused === undefined) return broken('nothing was refused');
      const isSaid =
        refused.headers.has('retry-after') || adapter.errors.retryAfterSeconds(refused.body) !== undefined;
      return judged(isSaid, 'it has neither Retry-After nor a field for it');
    },
  },
  {
    name: 'quota_per_vehicle',
    title: "One vehicle's full quota leaves other vehicles theirs",
    guarantee: 'One customer blocks all others.',
    async test(subject) {
      const { quotaVin } = subject.settings;
      if (quotaVin === null) return missing;
      await activated(subject);
      await flooded(subject, quotaVin);
      const other = await subject.configure({ key: subject.key('other-vehicle') });
      return judged(other.command !== null, `another vehicle's command was answered ${other.status}`);
    },
  },
];
