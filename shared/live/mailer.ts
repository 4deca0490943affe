import nodemailer from 'nodemailer';
import { ChannelFailure, type Mail, type Mailer } from '../ports/mailer.ts';
import { visibleLine } from '../protocol/plain-text.ts';

export interface SmtpMailerOptions {
  /** `smtp://user:password@host:port`, or `smtps://` for TLS from the first byte. User and password may be absent. */
  readonly url: string;
  /** The sender: `Fleetwake <no-reply@example.org>`, or an address alone. */
  readonly from: string;
  /** Connections that are kept open; each sends one mail after another. */
  readonly maxConnections: number;
  /** For one mail from `send` to the server's answer, waiting for a free connection included. */
  readonly timeoutMs: number;
}

/** One address and nothing that could be read as a second one, a name, or a new header line. */
const addressShape = /^[^\s<>,;:"()[\]\\\p{Cc}]+@[^\s<>,;:"()[\]\\@\p{Cc}]+$/u;
const messageIdShape = /^[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+$/;
/** RFC 5321 section 4.5.3.1.3. */
const addressMax = 254;

function checked(mail: Mail): Mail {
  if (mail.to.length > addressMax || !addressShape.test(mail.to)) {
    throw new ChannelFailure(`This is not an e-mail address: ${JSON.stringify(mail.to.slice(0, 80))}`, true);
  }
  if (!messageIdShape.test(mail.messageId)) {
    throw new ChannelFailure(`This is not a Message-ID: ${JSON.stringify(mail.messageId)}`, true);
  }
  // A subject is one line, whatever a catalogue or a customer's name holds.
  return { ...mail, subject: visibleLine(mail.subject) };
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** Replies that speak of who we are (RFC 4954), not of the mail: an operator cures them, and then the mail can go. */
const credentialReplies = new Set([530, 534, 535, 538]);

function failureOf(error: SmtpError): ChannelFailure {
  const reply = error.responseCode ?? 0;
  const aboutTheMail = error.code === 'EENVELOPE' || error.code === 'EMESSAGE';
  const permanent = aboutTheMail && reply >= 500 && !credentialReplies.has(reply);
  return new ChannelFailure(`The mail was not taken: ${error.message}`, permanent, { cause: error });
}

/**
 * SMTP over a pool of connections that stay open. A 5xx reply to the mail is permanent; a 4xx reply, a refused login, a
 * lost connection and silence are worth a retry (the mail may have been taken all the same: its Message-ID tells).
 */
export function smtpMailer(options: SmtpMailerOptions): Mailer {
  const { url, from, maxConnections, timeoutMs } = options;
  const transport = nodemailer.createTransport(
    {
      url,
      pool: true,
      maxConnections,
      maxMessages: Number.POSITIVE_INFINITY,
      maxRequeues: 1,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // What is sent is text of ours: it never reads a file or fetches an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  return {
    async send(mail) {
      const { messageId, to, subject, text, html } = checked(mail);
      // AbortSignal.timeout would go off for every mail, long after it was sent, and make an error each time.
      const giveUp = new AbortController();
      const timer = setTimeout(() => giveUp.abort(), timeoutMs);
      try {
        await transport.sendMail({
          messageId: `<${messageId}>`,
          to: { name: '', address: to },
          subject,
          text,
          html,
          signal: giveUp.signal,
        });
      } catch (error) {
        throw failureOf(error as SmtpError);
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      transport.close();
    },
  };
}
