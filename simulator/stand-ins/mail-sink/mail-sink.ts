import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { Log } from '../../../shared/ports/log.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import type { ChannelEffect } from '../../faults/channel-gates.ts';
import { type Mailbox, type MailContent, newMailbox } from './mailbox.ts';

export interface MailSinkOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Credentials of the sender; without it no login is needed. */
  readonly credential?: { readonly username: string; readonly password: string };
  readonly mailbox?: Mailbox;
  /** What meets a mail to this recipient now; null: it is taken. */
  readonly faultOf?: (recipient: string) => ChannelEffect | null;
  /** Called with a mail's Message-ID after it is saved and before the sender gets the answer; may delay the answer. */
  readonly onDelivered?: (messageId: string) => void | Promise<void>;
}

export interface MailSink {
  readonly port: number;
  readonly mailbox: Mailbox;
  /** Stops listening and ends the open connections. */
  close(): Promise<void>;
}

/** The largest mail, in bytes. */
const mailMax = 256 * 1024;
const clientMax = 500;

/** Reads only the header lines; the rest of the mail is parsed on request. */
function messageIdOf(raw: Buffer): string {
  const end = raw.indexOf('\r\n\r\n');
  const headers = raw.toString('latin1', 0, end < 0 ? Math.min(raw.length, 64 * 1024) : end);
  return /^message-id:\s*<([^<>]*)>/im.exec(headers)?.[1] ?? '';
}

async function contentOf(raw: Buffer): Promise<MailContent> {
  const parsed = await simpleParser(raw, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
  });
  return { subject: parsed.subject ?? '', text: parsed.text ?? '', html: parsed.html || '' };
}

/** An SMTP reply with this code. */
function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function authentication(options: MailSinkOptions): SMTPServerOptions {
  const { credential, secrets } = options;
  if (credential === undefined) return { authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'] };
  return {
    authMethods: ['PLAIN', 'LOGIN'],
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth({ username = '', password }, _session, callback) {
      const known = secrets.equal(username, credential.username);
      const right = secrets.equal(password ?? '', credential.password);
      if (known && right) callback(null, { user: username });
      else callback(reply(535, 'Wrong user name or password'));
    },
  };
}

function receiving(
  { clock, onDelivered, faultOf = () => null }: MailSinkOptions,
  mailbox: Mailbox,
): SMTPServerOptions {
  const unanswered = new WeakSet<SMTPServerSession>();
  return {
    onRcptTo({ address }, session, callback) {
      const met = faultOf(address);
      switch (met?.type) {
        case 'refused':
          return callback(reply(421, 'The mail server is down'));
        case 'unanswered':
          // Until the sender gives up, or the server's own limit for a silent connection cuts it.
          if (!met.isTaken) return;
          unanswered.add(session);
          return callback();
        case 'slow':
          clock.setTimer(met.latencyMs, () => callback());
          return;
        default:
          callback();
      }
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        if (stream.byteLength <= mailMax) chunks.push(chunk);
      });
      stream.on('end', () => {
        if (stream.sizeExceeded) return callback(reply(552, `A mail has at most ${mailMax} bytes`));
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        const messageId = messageIdOf(raw);
        const { sequence } = mailbox.deliver({
          at: clock.now(),
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map((recipient) => recipient.address),
          messageId,
          bytes: raw.length,
          read: () => contentOf(raw),
        });
        const accept = () => {
          if (!unanswered.delete(session)) callback(null, `OK: kept as ${sequence}`);
        };
        void Promise.resolve(onDelivered?.(messageId)).then(accept, accept);
      });
    },
  };
}

/**
 * Mail server that delivers no mail: it keeps mails to be read (mailbox-app.ts). Plain SMTP, for loopback; a mail is parsed
 * when it is read, not on arrival. Rejects when the port is taken.
 */
export async function mailSink(options: MailSinkOptions): Promise<MailSink> {
  const { log, hostname, port } = options;
  const mailbox = options.mailbox ?? newMailbox();
  const server = new SMTPServer({
    name: 'mail-sink',
    size: mailMax,
    maxClients: clientMax,
    disableReverseLookup: true,
    closeTimeout: 1_000,
    logger: false,
    ...authentication(options),
    ...receiving(options, mailbox),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A broken connection of a sender is not an error of the server.
  server.on('error', (error) => log.warn('mail_sink.connection', { message: error.message }));
  return {
    port: (server.server.address() as AddressInfo).port,
    mailbox,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
