import nodemailer from 'nodemailer';
import { ChannelFailure, type Mailer } from '../ports/mailer.ts';
import { Address } from '../protocol/address.ts';
import { checkedMail } from '../protocol/channel-message.ts';
import { maskSecrets } from '../protocol/known-secrets.ts';

export interface SmtpMailerOptions {
  /** `smtp://user:password@host:port`, or `smtps://` for TLS from the first byte. User and password may be absent. */
  readonly url: string;
  /** The sender: `Fleetwake <no-reply@example.org>`, or an address alone. */
  readonly from: string;
  /** Connections that are kept open; each sends one mail after another. */
  readonly maxConnections: number;
  /** For one mail from `send` to the server's answer, waiting for a free connection included. */
  readonly timeoutMs: number;
  /** PEM of the certificate authority that signed the server's certificate, for one that Node does not know. */
  readonly ca?: string;
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** Replies about our credentials (RFC 4954), not about the mail: after an operator has fixed them, the mail can be sent. */
const credentialReplies = new Set([530, 534, 535, 538]);

function failureOf(error: SmtpError, secrets: readonly string[]): ChannelFailure {
  const reply = error.responseCode ?? 0;
  const aboutTheMail = error.code === 'EENVELOPE' || error.code === 'EMESSAGE';
  const permanent = aboutTheMail && reply >= 500 && !credentialReplies.has(reply);
  const hint = isUntrusted(error) ? untrustedHint : '';
  const said = maskSecrets(error.message, secrets);
  return new ChannelFailure(`The mail was not taken: ${said}${hint}`, permanent, { cause: error });
}

const untrustedHint =
  "; name the certificate authority of the mail server's certificate with --mail-ca (MAIL_CA)";

/** The mail server's certificate is signed by itself, or by an authority that Node does not know. */
function isUntrusted({ message }: SmtpError): boolean {
  return /self[- ]signed certificate|unable to (get|verify)|SELF_SIGNED|UNABLE_TO/i.test(message);
}

/**
 * SMTP over a pool of connections that stay open. A 5xx reply to the mail is permanent; a 4xx reply, a refused login, a
 * lost connection and silence are worth a retry (the mail may have been taken all the same: its Message-ID tells).
 */
export function smtpMailer(options: SmtpMailerOptions): Mailer {
  const { url, from, maxConnections, timeoutMs, ca } = options;
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
      ...(ca === undefined ? {} : { tls: { ca } }),
      // The mail is text of the platform: nodemailer must not read files or URLs for it.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  const password = new Address(url).credentials()?.password;
  // A server may repeat what it was sent.
  const secrets = password === undefined ? [] : [password];
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
          // RFC 3834 section 5: out-of-office programs do not answer it.
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: giveUp.signal,
        });
      } catch (error) {
        throw failureOf(error as SmtpError, secrets);
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      transport.close();
    },
  };
}
