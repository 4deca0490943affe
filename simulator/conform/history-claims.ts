import { broken, type Claim, judged, notTestable } from './claim.ts';
import { activated, deactivated } from './course.ts';

const without = notTestable('the adapter declares no history');
const lost = 'What became of a command whose answer was lost cannot be found: it is sent again, or given up.';

/** Claims about the history (specification, "GET /vehicle/{vin}/history"). */
export const historyClaims: readonly Claim[] = [
  {
    name: 'history_complete',
    title: 'Every accepted command is in the history',
    guarantee: lost,
    async test(subject) {
      if (!subject.has('history')) return without;
      const ids = [(await activated(subject)).accepted.id, (await deactivated(subject)).accepted.id];
      const listed = (await subject.history(subject.settings.vin)).map(({ id }) => id);
      const missing = ids.filter((id) => !listed.includes(id));
      return judged(missing.length === 0, `${missing.join(', ')} of ${ids.join(', ')} is not there`);
    },
  },
  {
    name: 'history_newest_first',
    title: 'The history has the order that the adapter says',
    guarantee: 'An old command is taken for the newest one.',
    async test(subject) {
      if (!subject.has('history')) return without;
      const first = (await activated(subject)).accepted.id;
      const second = (await deactivated(subject)).accepted.id;
      const listed = (await subject.history(subject.settings.vin)).map(({ id }) => id);
      return judged(
        listed.indexOf(second) < listed.indexOf(first),
        'an older command stands before a newer one',
      );
    },
  },
  {
    name: 'history_has_end',
    title: 'The history says how a command ended',
    guarantee: lost,
    async test(subject) {
      if (!subject.has('history')) return without;
      const { command } = await deactivated(subject);
      const listed = (await subject.history(subject.settings.vin)).find(({ id }) => id === command.id);
      return judged(
        listed?.state === command.state,
        `it says ${listed?.state ?? 'nothing'}, and the command ${command.state}`,
      );
    },
  },
  {
    name: 'item_is_command',
    title: 'One command can be read by its id, for the vehicle and feature that were asked for',
    guarantee: 'Polling reads the end of another command.',
    async test(subject) {
      if (!subject.has('history_item')) return notTestable('the adapter declares no history_item');
      const { accepted } = await activated(subject);
      const { vin, feature } = subject.settings;
      const read = await subject.command(vin, accepted.id);
      if (read === null) return broken('it cannot be read');
      const isSame = read.id === accepted.id && read.vin === vin;
      const isOfFeature = read.features.length === 0 || read.features.some((one) => one.feature === feature);
      return judged(isSame && isOfFeature, `it is ${read.id} of ${read.vin}`);
    },
  },
  {
    name: 'unknown_item_refused',
    title: 'An unknown command id is not answered with a command',
    guarantee: 'Polling reads the end of another command.',
    async test(subject) {
      if (!subject.has('history_item')) return notTestable('the adapter declares no history_item');
      const read = await subject.command(subject.settings.vin, 'conform-no-such-command');
      return judged(read === null, `it was answered with ${read?.id}`);
    },
  },
  {
    name: 'history_survives_restart',
    title: 'A restart loses no command',
    guarantee: lost,
    async test(subject) {
      if (!subject.has('history')) return without;
      const { restart, vin } = subject.settings;
      if (restart === null) return notTestable('give the command that restarts it with --restart');
      const { accepted } = await deactivated(subject);
      await restart();
      const listed = (await subject.history(vin)).map(({ id }) => id);
      return judged(listed.includes(accepted.id), `${accepted.id} is gone`);
    },
  },
];
