import { broken, type Claim, judged, notTestable } from './claim.ts';
import { activated } from './course.ts';

const without = notTestable('the adapter declares no idempotency_key');
const twice = 'A command whose answer was lost is sent twice to the vehicle, and costs quota twice.';

/** Claims about repeats (specification, "Idempotency"). */
export const keyClaims: readonly Claim[] = [
  {
    name: 'idempotent_replay',
    title: 'The same key with the same body is the same command',
    guarantee: twice,
    async test(subject) {
      if (!subject.has('idempotency_key')) return without;
      const { accepted } = await activated(subject);
      const again = await subject.configure({ key: subject.key('on') });
      if (again.command === null) return broken(`the repeat was answered ${again.status}`);
      return judged(
        again.command.id === accepted.id,
        `the repeat made ${again.command.id} beside ${accepted.id}`,
      );
    },
  },
  {
    name: 'idempotent_at_once',
    title: 'Two requests with one key at the same time make one command',
    guarantee: twice,
    async test(subject) {
      if (!subject.has('idempotency_key')) return without;
      await activated(subject);
      const key = subject.key('both');
      const sent = await Promise.all([subject.configure({ key }), subject.configure({ key })]);
      const ids = new Set(sent.flatMap(({ command }) => (command === null ? [] : [command.id])));
      return judged(
        ids.size === 1,
        `they made ${ids.size} commands (${sent.map(({ status }) => status).join(', ')})`,
      );
    },
  },
  {
    name: 'key_mismatch_refused',
    title: 'The same key with another body makes no second command',
    guarantee: 'A retry with another configuration is taken for a new command, or silently for the old one.',
    async test(subject) {
      if (!subject.has('idempotency_key')) return without;
      const { accepted } = await activated(subject);
      const other = await subject.configure({ key: subject.key('on'), target: 'dormant' });
      const isNew = other.command !== null && other.command.id !== accepted.id;
      return judged(!isNew, `it was accepted as ${other.command?.id}`);
    },
  },
  {
    name: 'replay_in_history_once',
    title: 'A repeated command is in the history once',
    guarantee: twice,
    async test(subject) {
      if (!subject.has('idempotency_key')) return without;
      const { key, reference } = subject.settings.adapter.file.command;
      if (!subject.has('history') || (key === undefined && reference === undefined))
        return notTestable('the history does not name key or reference');
      await activated(subject);
      await subject.configure({ key: subject.key('on') });
      const listed = await subject.history(subject.settings.vin);
      const same = listed.filter((one) =>
        key === undefined ? one.reference === subject.reference('on') : one.key === subject.key('on'),
      );
      return judged(same.length === 1, `it is there ${same.length} times`);
    },
  },
];
