import nodemailer from 'nodemailer';
import { ChannelFailure, type Mailer } from '../ports/mailer.ts';
import { checkedMail } from '../protocol/channel-message.ts';

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
      const { messageId, to, subject, text, html } = checkedMail(mail);
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
