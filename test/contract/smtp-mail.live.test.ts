import { wallClock } from '../../shared/live/clock.ts';
import { smtpMailer } from '../../shared/live/mailer.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { mailSink } from '../../simulator/stand-ins/mail-sink/mail-sink.ts';
import { describeMailer, type MailTrouble } from './mail.ts';

const effects = { refused: { type: 'refused' }, hangs: { type: 'unanswered', isTaken: false } } as const;

describeMailer('SMTP', async () => {
  let met: MailTrouble | null = null;
  const sink = await mailSink({
    clock: wallClock,
    log: silentLog,
    secrets: systemSecrets,
    hostname: '127.0.0.1',
    port: 0,
    faultOf: () => (met === null ? null : effects[met]),
  });
  return {
    mailer: smtpMailer({
      url: `smtp://127.0.0.1:${sink.port}`,
      from: 'no-reply@fleetwake.example',
      maxConnections: 1,
      timeoutMs: 2_000,
    }),
    meet(trouble) {
      met = trouble;
    },
    taken: async () => {
      const mails = sink.mailbox.list({ limit: 100 }).toReversed();
      return Promise.all(
        mails.map(async ({ messageId, to: [to = ''], read }) => {
          const { subject, text } = await read();
          return { messageId, to, subject, text: text.trimEnd() };
        }),
      );
    },
    run: (work) => work,
    close: () => sink.close(),
  };
});
