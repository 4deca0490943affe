import { describe, expect, it } from 'vitest';
import { ChannelFailure, type Mail, type Mailer } from '../../shared/ports/mailer.ts';

/** What happens to a mail: it is taken, refused for now, or not answered before or after it is taken. */
export type MailTrouble = 'refused' | 'hangs';

export interface MailSystem {
  readonly mailer: Mailer;
  /** What meets every mail from now on; null: it is taken. */
  meet(trouble: MailTrouble | null): void;
  /** What the server has taken, oldest first. */
  taken(): Promise<{ messageId: string; to: string; subject: string; text: string }[]>;
  /** Waits for a call, and lets time pass where it is virtual. */
  run<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const mail: Mail = {
  messageId: 'ntc_1.email@fleetwake.example',
  to: 'ana@example.com',
  subject: 'Sitzheizung für Łukasz',
  text: 'You have NOT been charged.\nHeated seats: 49.90 €',
  html: '<p>You have NOT been charged.</p>',
};

/** What every `Mailer` owes its callers. */
export function describeMailer(name: string, open: () => Promise<MailSystem>): void {
  describe(`mailer: ${name}`, () => {
    async function withSystem(work: (system: MailSystem) => Promise<void>): Promise<void> {
      const system = await open();
      try {
        await work(system);
      } finally {
        await system.run(system.mailer.close());
        await system.close();
      }
    }

    async function failureOf({ run, mailer }: MailSystem, change: Partial<Mail> = {}) {
      const error: unknown = await run(
        mailer.send({ ...mail, ...change }).then(
          () => null,
          (reason: unknown) => reason,
        ),
      );
      if (!(error instanceof ChannelFailure)) throw new Error(`no ChannelFailure but ${String(error)}`);
      return error.permanent;
    }

    it('resolves when the server took the mail, as it was written', () =>
      withSystem(async (system) => {
        await system.run(system.mailer.send(mail));
        const { messageId, to, subject, text } = mail;
        expect(await system.taken()).toEqual([{ messageId, to, subject, text }]);
      }));

    it('sends the same Message-ID again when it is asked to', () =>
      withSystem(async (system) => {
        for (const _ of [1, 2]) await system.run(system.mailer.send(mail));
        const { messageId } = mail;
        expect((await system.taken()).map((one) => one.messageId)).toEqual([messageId, messageId]);
      }));

    it('sends one line as the subject, even of a text with line breaks', () =>
      withSystem(async (system) => {
        await system.run(
          system.mailer.send({ ...mail, subject: ' Receipt\r\nBcc: eve@example.com\u2028! ' }),
        );
        expect((await system.taken()).map(({ subject }) => subject)).toEqual([
          'Receipt Bcc: eve@example.com !',
        ]);
      }));

    it.each([
      '',
      'ana',
      'ana@',
      'ana@example.com, eve@example.com',
      'ana@example.com\r\nBcc: eve@example.com',
    ])('refuses %j as an address for good, and sends nothing', (to) =>
      withSystem(async (system) => {
        expect(await failureOf(system, { to })).toBe(true);
        expect(await system.taken()).toEqual([]);
      }),
    );

    it.each(['', 'ntc_1', 'ntc 1@fleetwake.example', '<ntc_1@fleetwake.example>'])(
      'refuses %j as a Message-ID for good, and sends nothing',
      (messageId) =>
        withSystem(async (system) => {
          expect(await failureOf(system, { messageId })).toBe(true);
          expect(await system.taken()).toEqual([]);
        }),
    );

    it('says that a retry may help when the server refuses for now, and takes the next try', () =>
      withSystem(async (system) => {
        system.meet('refused');
        expect(await failureOf(system)).toBe(false);
        system.meet(null);
        await system.run(system.mailer.send(mail));
        expect(await system.taken()).toHaveLength(1);
      }));

    it('says that a retry may help when the server never answers', () =>
      withSystem(async (system) => {
        system.meet('hangs');
        expect(await failureOf(system)).toBe(false);
      }));
  });
}
