import { createServer, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { smtpMailer } from '../../../shared/live/mailer.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { ChannelFailure, type Mail, type Mailer } from '../../../shared/ports/mailer.ts';
import type { ChannelEffect } from '../../../simulator/faults/channel-gates.ts';
import { type MailSink, mailSink } from '../../../simulator/stand-ins/mail-sink/mail-sink.ts';
import { newMailbox } from '../../../simulator/stand-ins/mail-sink/mailbox.ts';
import { mailboxApp } from '../../../simulator/stand-ins/mail-sink/mailbox-app.ts';
import { freePort } from '../../helpers/free-port.ts';
import { selfSigned } from './self-signed-certificate.ts';

const credential = { username: 'fleetwake', password: 'p:a@s/s' };
const from = 'Fleetwake <no-reply@fleetwake.example>';

function mail(fields: Partial<Mail> = {}): Mail {
  return {
    messageId: 'ntc_1.email@fleetwake.example',
    to: 'ana@customers.example',
    subject: 'Your Heated seats is now active',
    text: 'Hello Ana,\n\nYour Heated seats cost 49.90 €.\n.\nThank you.',
    html: '<p>Hello <b>Ana</b>, 49.90 €</p>',
    ...fields,
  };
}

/** For every sender, without a credential. */
const open = { clock: wallClock, log: silentLog, secrets: systemSecrets, hostname: '127.0.0.1', port: 0 };
const openSink = (port = 0) => mailSink({ ...open, port, credential });

function mailerTo(port: number, password = credential.password, timeoutMs = 5_000): Mailer {
  const login = `${credential.username}:${encodeURIComponent(password)}@`;
  return smtpMailer({ url: `smtp://${login}127.0.0.1:${port}`, from, maxConnections: 2, timeoutMs });
}

/** A mail server that follows a script: `answers` maps a command to its reply. Counts its connections. */
async function scriptedServer(answers: Record<string, string>) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const lines: string[] = [];
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write('220 scripted\r\n');
    let inData = false;
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        lines.push(line);
        if (inData && line !== '.') continue;
        const command = inData ? '.' : (line.split(' ')[0] ?? '').toUpperCase();
        inData = command === 'DATA' && !('DATA' in answers);
        const usual = { EHLO: '250 scripted', DATA: '354 go on' }[command] ?? '250 OK';
        socket.write(`${answers[command] ?? usual}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    lines,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function failureOf(work: Promise<void>): Promise<{ permanent: boolean; message: string }> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ChannelFailure)) throw new Error(`no ChannelFailure but ${String(error)}`);
  return { permanent: error.permanent, message: error.message };
}

describe('mail by SMTP to the sink', () => {
  let sink: MailSink;
  let mailer: Mailer;
  beforeEach(async () => {
    sink = await openSink();
    mailer = mailerTo(sink.port);
  });
  afterEach(async () => {
    await mailer.close();
    await sink.close();
  });

  const show = async (path: string) => mailboxApp(sink.mailbox).request(path);
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared with literals.
  const showJson = async (path: string): Promise<any> => (await show(path)).json();

  test('arrives word for word, with its own Message-ID', async () => {
    await mailer.send(mail());
    const [stored] = sink.mailbox.list({ limit: 10 });
    expect(stored).toMatchObject({
      sequence: 1,
      from: 'no-reply@fleetwake.example',
      to: ['ana@customers.example'],
      messageId: 'ntc_1.email@fleetwake.example',
    });
    expect(await stored?.read()).toEqual({
      subject: 'Your Heated seats is now active',
      text: 'Hello Ana,\n\nYour Heated seats cost 49.90 €.\n.\nThank you.',
      html: '<p>Hello <b>Ana</b>, 49.90 €</p>',
    });
  });

  test('a subject in any script arrives whole, and one with line breaks adds no header', async () => {
    await mailer.send(mail({ subject: 'Sitzheizung für Łukasz 座席\r\nBcc: eve@evil.example\r\n\r\n<b>' }));
    const [stored] = sink.mailbox.list({ limit: 1 });
    expect(stored?.to).toEqual(['ana@customers.example']);
    expect((await stored?.read())?.subject).toBe('Sitzheizung für Łukasz 座席 Bcc: eve@evil.example <b>');
  });

  test.each([
    'ana@customers.example, eve@evil.example',
    'ana@customers.example\r\nBcc: eve@evil.example',
    'Ana <ana@customers.example>',
    'ana',
    'ana@',
    'group: ana@customers.example;',
    '',
  ])('%j is no address: refused for good and never sent', async (to) => {
    expect(await failureOf(mailer.send(mail({ to })))).toEqual({
      permanent: true,
      message: `This is not an e-mail address: ${JSON.stringify(to)}`,
    });
    expect(sink.mailbox.counts().total).toBe(0);
  });

  test('a Message-ID that would break the header is refused for good', async () => {
    const failure = await failureOf(mailer.send(mail({ messageId: 'a@b>\r\nBcc: eve@evil.example' })));
    expect(failure.permanent).toBe(true);
    expect(sink.mailbox.counts().total).toBe(0);
  });

  test('a duplicate is kept and counted by its Message-ID', async () => {
    await mailer.send(mail());
    await mailer.send(mail({ messageId: 'ntc_2.email@fleetwake.example' }));
    await mailer.send(mail());
    expect(sink.mailbox.counts()).toEqual({ total: 3, kept: 3, duplicates: 1 });
  });

  test('many mails share few connections', async () => {
    const server = await scriptedServer({});
    const pooled = smtpMailer({
      url: `smtp://127.0.0.1:${server.port}`,
      from,
      maxConnections: 2,
      timeoutMs: 5_000,
    });
    await Promise.all(
      Array.from({ length: 150 }, (_, index) => pooled.send(mail({ messageId: `${index}@x.example` }))),
    );
    expect(server.connections()).toBe(2);
    await pooled.close();
    await server.close();
  });

  test('what was sent is shown: newest first, by recipient, page by page', async () => {
    for (const name of ['ana', 'ben', 'ana']) {
      await mailer.send(mail({ to: `${name}@customers.example`, subject: `For ${name}` }));
    }
    const page = await showJson('/messages?to=ana@customers.example&limit=1');
    expect(page).toEqual({
      total: 3,
      kept: 3,
      duplicates: 2,
      messages: [
        {
          id: 3,
          at: expect.any(Number),
          from: 'no-reply@fleetwake.example',
          to: ['ana@customers.example'],
          messageId: 'ntc_1.email@fleetwake.example',
          subject: 'For ana',
        },
      ],
      next: 3,
    });
    const rest = await showJson('/messages?to=ana@customers.example&limit=5&before=3');
    expect(rest.messages.map((message: { id: number }) => message.id)).toEqual([1]);
    expect(rest.next).toBeNull();
    expect((await showJson('/messages/2')).text).toContain('49.90 €');
    expect((await show('/messages/9')).status).toBe(404);
    expect((await show('/messages?limit=0')).status).toBe(400);
  });

  test('the preview of a mail’s HTML can do nothing, and the list escapes what it shows', async () => {
    await mailer.send(
      mail({ subject: '<script>alert(1)</script>', html: '<script>alert(2)</script><p>Hi</p>' }),
    );
    const preview = await show('/messages/1/html');
    expect(preview.headers.get('content-security-policy')).toBe(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
    );
    expect(await preview.text()).toBe('<script>alert(2)</script><p>Hi</p>');
    const list = await (await show('/')).text();
    expect(list).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(list).not.toContain('<script>');
  });
});

describe('mail that is not taken', () => {
  test('a wrong password is an operator’s matter and worth a retry', async () => {
    const sink = await openSink();
    const mailer = mailerTo(sink.port, 'wrong');
    const failure = await failureOf(mailer.send(mail()));
    expect(failure.permanent).toBe(false);
    expect(failure.message).toContain('535');
    await mailer.close();
    await sink.close();
  });

  test('no server listens: worth a retry', async () => {
    const mailer = mailerTo(await freePort());
    const failure = await failureOf(mailer.send(mail()));
    expect(failure.permanent).toBe(false);
    expect(failure.message).toContain('ECONNREFUSED');
    await mailer.close();
  });

  test.each([
    ['RCPT', '550 5.1.1 no such mailbox', true],
    ['RCPT', '452 4.2.2 mailbox full', false],
    ['MAIL', '530 5.7.0 authentication required', false],
    ['DATA', '554 5.7.1 no', true],
    ['.', '554 5.6.0 content refused', true],
    ['.', '451 4.3.0 try later', false],
    ['MAIL', '421 4.3.2 shutting down', false],
  ])('%s answered %s: permanent is %s', async (command, answer, permanent) => {
    const server = await scriptedServer({ [command]: answer });
    const mailer = smtpMailer({
      url: `smtp://127.0.0.1:${server.port}`,
      from,
      maxConnections: 1,
      timeoutMs: 5_000,
    });
    const failure = await failureOf(mailer.send(mail()));
    expect(failure.permanent).toBe(permanent);
    expect(failure.message).toContain(answer);
    await mailer.close();
    await server.close();
  });

  test('a server that never answers costs one time-out and is worth a retry', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const mailer = mailerTo(typeof address === 'object' && address !== null ? address.port : 0, 'x', 200);
    expect((await failureOf(mailer.send(mail()))).permanent).toBe(false);
    await mailer.close();
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });
});

describe('the mail sink', () => {
  test('accepts mail from every sender without a credential', async () => {
    const sink = await mailSink(open);
    const mailer = smtpMailer({
      url: `smtp://127.0.0.1:${sink.port}`,
      from,
      maxConnections: 1,
      timeoutMs: 5_000,
    });
    await mailer.send(mail());
    expect(sink.mailbox.counts().total).toBe(1);
    await mailer.close();
    await sink.close();
  });

  test('refuses a mail beyond 256 KiB for good', async () => {
    const sink = await openSink();
    const mailer = mailerTo(sink.port);
    expect((await failureOf(mailer.send(mail({ text: 'x'.repeat(300_000) })))).permanent).toBe(true);
    expect(sink.mailbox.counts().total).toBe(0);
    await mailer.close();
    await sink.close();
  });

  test('says when its port is taken', async () => {
    const sink = await openSink();
    await expect(openSink(sink.port)).rejects.toThrow('EADDRINUSE');
    await sink.close();
  });

  test('keeps the newest within its limits and counts all', () => {
    const mailbox = newMailbox({ countMax: 3, bytesMax: 100 });
    const read = async () => ({ subject: '', text: '', html: '' });
    const deliver = (messageId: string, bytes: number) =>
      mailbox.deliver({ at: 0, from: 'a@x', to: ['b@x'], messageId, bytes, read });
    for (const id of ['1', '2', '3', '4', '1']) deliver(id, 10);
    expect(mailbox.list({ limit: 9 }).map((stored) => stored.messageId)).toEqual(['1', '4', '3']);
    expect(mailbox.counts()).toEqual({ total: 5, kept: 3, duplicates: 0 });
    deliver('5', 95);
    expect(mailbox.list({ limit: 9 }).map((stored) => stored.sequence)).toEqual([6]);
    deliver('', 1);
    deliver('', 1);
    expect(mailbox.counts()).toEqual({ total: 8, kept: 3, duplicates: 0 });
  });
});

describe('a mail server that is down', () => {
  test.each([
    [
      { type: 'refused' },
      'The mail was not taken: Server closed the connection: 421 The mail server is down',
    ],
    [{ type: 'unanswered', isTaken: false }, 'The mail was not taken: '],
  ] as const)('$0.type: worth a retry, nothing is kept, and the next one is taken', async (met, message) => {
    const asked: string[] = [];
    let effect: ChannelEffect | null = met;
    const sink = await mailSink({
      ...open,
      credential,
      faultOf: (recipient) => {
        asked.push(recipient);
        return effect;
      },
    });
    const mailer = mailerTo(sink.port, credential.password, 300);
    try {
      const failure = await failureOf(mailer.send(mail()));
      expect(failure).toEqual({ permanent: false, message: expect.stringContaining(message) });
      expect(sink.mailbox.counts()).toEqual({ total: 0, kept: 0, duplicates: 0 });
      effect = null;
      await mailer.send(mail());
      expect(sink.mailbox.counts()).toEqual({ total: 1, kept: 1, duplicates: 0 });
      expect(asked).toEqual(['ana@customers.example', 'ana@customers.example']);
    } finally {
      await mailer.close();
      await sink.close();
    }
  });

  test('takes a mail and never answers: the sender gives up, and sends it again', async () => {
    let effect: ChannelEffect | null = { type: 'unanswered', isTaken: true };
    const sink = await mailSink({ ...open, credential, faultOf: () => effect });
    const mailer = mailerTo(sink.port, credential.password, 300);
    try {
      expect(await failureOf(mailer.send(mail()))).toMatchObject({ permanent: false });
      expect(sink.mailbox.counts()).toEqual({ total: 1, kept: 1, duplicates: 0 });
      effect = null;
      await mailer.send(mail());
      expect(sink.mailbox.counts()).toMatchObject({ duplicates: 1 });
    } finally {
      await mailer.close();
      await sink.close();
    }
  });

  test('takes a mail later', async () => {
    const sink = await mailSink({ ...open, credential, faultOf: () => ({ type: 'slow', latencyMs: 50 }) });
    const mailer = mailerTo(sink.port, credential.password, 5_000);
    try {
      await mailer.send(mail());
      expect(sink.mailbox.counts()).toEqual({ total: 1, kept: 1, duplicates: 0 });
    } finally {
      await mailer.close();
      await sink.close();
    }
  });
});

describe('the mailer', () => {
  test('marks its mails as sent by a program (RFC 3834)', async () => {
    const server = await scriptedServer({});
    const mailer = smtpMailer({
      url: `smtp://127.0.0.1:${server.port}`,
      from,
      maxConnections: 1,
      timeoutMs: 5_000,
    });
    await mailer.send(mail());
    expect(server.lines).toContain('Auto-Submitted: auto-generated');
    await mailer.close();
    await server.close();
  });

  test('names the option that trusts a self-signed certificate', async () => {
    // It offers STARTTLS with a certificate of its own.
    const server = new SMTPServer({
      ...selfSigned,
      authOptional: true,
      logger: false,
      onData: (stream, _, done) => stream.resume().on('end', () => done()),
    });
    server.on('error', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const mailer = smtpMailer({ url: `smtp://127.0.0.1:${port}`, from, maxConnections: 1, timeoutMs: 5_000 });
    await expect(mailer.send(mail())).rejects.toThrow(
      "name the certificate authority of the mail server's certificate with --mail-ca (MAIL_CA)",
    );
    await mailer.close();
    const url = `smtp://127.0.0.1:${port}`;
    const trusting = smtpMailer({ url, from, maxConnections: 1, timeoutMs: 5_000, ca: selfSigned.cert });
    await trusting.send(mail());
    await trusting.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});
