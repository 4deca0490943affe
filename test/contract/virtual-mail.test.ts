import { virtualLoop } from '../../shared/virtual/loop.ts';
import { newSinks } from '../../simulator/virtual-system/sinks.ts';
import { describeMailer, type MailTrouble } from './mail.ts';

const effects = { refused: { type: 'refused' }, hangs: { type: 'unanswered', isTaken: false } } as const;

describeMailer('virtual', async () => {
  const loop = virtualLoop({ startAt: 1_800_000_000_000 });
  let met: MailTrouble | null = null;
  const sinks = newSinks({
    clock: loop.clock('network'),
    latencyMs: () => 20,
    faultOf: () => (met === null ? null : effects[met]),
    onSeen: () => {},
  });
  return {
    mailer: sinks.mailer(loop.process('platform')),
    meet(trouble) {
      met = trouble;
    },
    taken: async () =>
      sinks.mails().map(({ messageId, to, subject, text }) => ({ messageId, to, subject, text })),
    async run(work) {
      let isDone: boolean = false;
      const done = () => {
        isDone = true;
      };
      work.then(done, done);
      await loop.run(() => isDone);
      return work;
    },
    close: async () => loop.killAll(),
  };
});
