import type { Mailer } from '../../shared/ports/mailer.ts';
import { ChannelFailure } from '../../shared/ports/mailer.ts';
import type { GatewayConfig } from '../config.ts';

/** Returns a sentence for each service without which nothing can be sold and whose address is not set. */
export function missingServices({ paymentsUrl, smtpUrl }: GatewayConfig): string[] {
  return [
    ...(paymentsUrl === null ? [missing('payment service', 'PAYMENTS_URL (--payments-url)')] : []),
    ...(smtpUrl === null ? [missing('mail server', 'SMTP_URL (--smtp-url)')] : []),
  ];
}

function missing(service: string, option: string): string {
  return `This gateway has no ${service}: set ${option}, or start a stand-in with "fleetwake stand-ins".`;
}

/** Returns a mailer that refuses each e-mail for now: the notifications wait until a gateway with a mail server sends them. */
export function missingMailer(): Mailer {
  return {
    async send() {
      throw new ChannelFailure('No mail server is configured: set SMTP_URL (--smtp-url).', false);
    },
    async close() {},
  };
}
