import { broken, type Claim, held, judged, notTestable } from './claim.ts';
import { activated, deactivated } from './course.ts';

const unknownVin = '1M8GDM9A1KP042700';

/** Claims about a command from acceptance to its end (specification, "API IoT integration"). */
export const commandClaims: readonly Claim[] = [
  {
    name: 'command_accepted',
    title: 'A valid command is accepted, and the answer is as the adapter says',
    guarantee: 'No purchase can be activated.',
    async test(subject) {
      const { sent } = await activated(subject);
      return judged(sent.command !== null, `the command was answered ${sent.status}`);
    },
  },
  {
    name: 'accepted_at_once',
    title: 'The answer comes within 10 s: a command is accepted, not waited for',
    guarantee: 'The engine takes the answer for lost, and retries.',
    async test(subject) {
      const { sent } = await activated(subject);
      return judged(sent.tookMs <= 10_000, `the answer took ${sent.tookMs} ms`);
    },
  },
  {
    name: 'command_ends',
    title: 'A command to a vehicle that is online ends',
    guarantee: 'The customer waits until the time-out, and the attempt counts as failed.',
    async test(subject) {
      const { command } = await activated(subject);
      return judged(command.state !== 'accepted', `the command is still ${command.state}`);
    },
  },
  {
    name: 'applied_is_reported',
    title: 'After "applied" the status of the vehicle has the feature active',
    guarantee: 'The customer pays for what is not there: "applied" is the proof of delivery.',
    async test(subject) {
      return stateAfter(subject, activated, 'active');
    },
  },
  {
    name: 'deactivation_is_reported',
    title: 'A feature can be switched off again, and the status shows it',
    guarantee: 'What is not paid for stays on: revocations and expiries do nothing.',
    async test(subject) {
      return stateAfter(subject, deactivated, 'dormant');
    },
  },
  {
    name: 'times_are_plausible',
    title: 'The times of a command are within a minute of our clock',
    guarantee: 'A time-out by the answer comes too early or never.',
    async test(subject) {
      if (subject.settings.adapter.file.command.acceptedAt === undefined)
        return notTestable('the adapter names no acceptedAt');
      const { accepted } = await activated(subject);
      const offMs = accepted.acceptedAt - subject.now();
      return judged(
        Math.abs(offMs) < 60_000 + subject.settings.endMaxMs,
        `acceptedAt is ${offMs} ms from our clock`,
      );
    },
  },
  {
    name: 'unknown_vehicle_refused',
    title: 'A command to an unknown vehicle is refused for good',
    guarantee: 'A typing error in a VIN is retried for hours, and the customer waits.',
    async test(subject) {
      const sent = await subject.configure({ key: subject.key('unknown-vin'), vin: unknownVin });
      if (sent.command !== null) return broken(`the command was accepted with ${sent.status}`);
      const meaning = subject.meaning(sent);
      const isFinal = meaning === 'unknown_vehicle' || meaning === 'vehicle_incompatible';
      return judged(isFinal, `it was answered ${sent.status}, which the engine reads as ${meaning}`);
    },
  },
  {
    name: 'malformed_refused',
    title: 'A body that is no JSON is refused',
    guarantee: 'A broken command reaches vehicles.',
    async test(subject) {
      const { status } = await subject.configure({ key: subject.key('malformed'), rawBody: '{"features":' });
      return judged(status >= 400 && status < 500, `it was answered ${status}`);
    },
  },
  {
    name: 'unknown_feature_refused',
    title: 'A feature that the vehicle does not have is never applied',
    guarantee: 'The customer pays for a feature that the vehicle does not have.',
    async test(subject) {
      const { vin } = subject.settings;
      const sent = await subject.configure({
        key: subject.key('no-feature'),
        feature: 'conform_no_such_feature',
      });
      if (sent.command === null)
        return judged(sent.status >= 400 && sent.status < 500, `it was answered ${sent.status}`);
      const { state } = await subject.ended(vin, sent.command);
      return judged(state === 'rejected' || state === 'failed', `the command ended ${state}`);
    },
  },
  {
    name: 'version_rises',
    title: 'A later command has a higher version',
    guarantee: 'A late command can undo a newer one.',
    async test(subject) {
      if (!subject.has('version')) return notTestable('the adapter declares no version');
      const first = (await activated(subject)).accepted.features[0]?.version ?? null;
      const second = (await deactivated(subject)).accepted.features[0]?.version ?? null;
      return judged(
        first !== null && second !== null && second > first,
        `${first} was followed by ${second}`,
      );
    },
  },
  {
    name: 'health_says_online',
    title: 'The health of a vehicle that answers says online',
    guarantee: 'Revocations and expiries wait for a vehicle that is there.',
    async test(subject) {
      const read = await subject.vehicle('health', subject.settings.vin);
      if (read === null || subject.settings.adapter.file.health?.online === undefined)
        return notTestable('the adapter has no health with online');
      return judged(
        read.value?.online === true,
        `online is ${read.value?.online ?? `unread (${read.sent.status})`}`,
      );
    },
  },
  {
    name: 'health_says_offline',
    title: 'The health of a vehicle that is away says offline',
    guarantee: 'A ticket says that the vehicle is there when it is not.',
    async test(subject) {
      const { offlineVin, adapter } = subject.settings;
      if (adapter.file.health?.online === undefined)
        return notTestable('the adapter has no health with online');
      if (offlineVin === null) return notTestable('give a vehicle that is away with --offline-vin');
      const read = await subject.vehicle('health', offlineVin);
      return judged(read?.value?.online === false, `online is ${read?.value?.online}`);
    },
  },
  {
    name: 'command_times_out',
    title: 'A command to a vehicle that is away times out',
    guarantee: 'An attempt never ends, and no retry follows.',
    async test(subject) {
      const { offlineVin } = subject.settings;
      if (offlineVin === null) return notTestable('give a vehicle that is away with --offline-vin');
      const sent = await subject.configure({ key: subject.key('away'), vin: offlineVin });
      if (sent.command === null) return judged(sent.status >= 400, `it was answered ${sent.status}`);
      const { state } = await subject.ended(offlineVin, sent.command);
      return judged(
        state === 'timed_out' || state === 'expired' || state === 'failed',
        `the command is ${state}`,
      );
    },
  },
  {
    name: 'late_result_kept',
    title: "A vehicle's answer after the time-out replaces the time-out",
    guarantee: 'A feature is on that no record has: it is neither paid for nor switched off.',
    async test(subject) {
      const { lateVin } = subject.settings;
      if (lateVin === null)
        return notTestable('give a vehicle that answers after the time-out with --late-vin');
      const sent = await subject.configure({ key: subject.key('late'), vin: lateVin });
      if (sent.command === null) return broken(`the command was answered ${sent.status}`);
      const late = await subject.until(lateVin, sent.command, ({ state }) => state === 'applied');
      return late.state === 'applied' ? held : broken(`the command is still ${late.state}`);
    },
  },
];

async function stateAfter(
  subject: Parameters<Claim['test']>[0],
  course: typeof activated,
  target: 'active' | 'dormant',
) {
  const { command } = await course(subject);
  if (command.state !== 'applied') return broken(`the command ended ${command.state}`);
  const read = await subject.vehicle('status', subject.settings.vin);
  const reported = read?.value && 'reported' in read.value ? read.value.reported : null;
  if (reported === null) return notTestable('the status says nothing of features');
  const state = reported.find(({ feature }) => feature === subject.settings.feature)?.state;
  return judged(state === target, `the status says ${state ?? 'nothing of it'}`);
}
