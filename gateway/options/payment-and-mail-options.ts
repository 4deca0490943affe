import { givenText } from '../../shared/protocol/address.ts';
import { isTimeZone } from '../../shared/protocol/time-zone.ts';
import { standardAddressLimit } from '../notifications/address-limit.ts';
import {
  milliseconds,
  type Option,
  optionalAddress,
  optionalText,
  optionalUrl,
  text,
  wholeNumber,
} from '../option.ts';

/** The payment service, and how customers are notified. */
export const paymentAndMailOptions = {
  paymentsUrl: optionalUrl(
    {
      flag: 'payments-url',
      environment: 'PAYMENTS_URL',
      placeholder: 'url',
      help: 'URL of a Stripe-compatible payment service; without it nothing can be sold',
    },
    ['http://', 'https://'],
  ),
  paymentsKey: optionalText({
    flag: 'payments-key',
    environment: 'PAYMENTS_KEY',
    placeholder: 'key',
    help: 'secret API key of the payment service',
  }),
  paymentsWebhookSecret: optionalText({
    flag: 'payments-webhook-secret',
    environment: 'PAYMENTS_WEBHOOK_SECRET',
    placeholder: 'secret',
    help: "signing secret of the payment service's webhook (whsec_…); default: generated at the first start",
  }),
  smtpUrl: optionalAddress(
    {
      flag: 'smtp-url',
      environment: 'SMTP_URL',
      placeholder: 'url',
      help: 'URL of the mail server, with user and password; without it nothing can be sold',
    },
    { protocols: ['smtp://', 'smtps://'], hasCredentials: true },
  ),
  mailFrom: {
    flag: 'mail-from',
    environment: 'MAIL_FROM',
    placeholder: 'address',
    help: 'sender of e-mails; its domain is also that of their Message-IDs',
    fallback: 'CaaS <no-reply@caas.example>',
    read: (value) =>
      senderDomain(value) === null
        ? { fault: `must be an address such as "CaaS <no-reply@example.org>", not ${givenText(value)}` }
        : { value },
  } satisfies Option<string>,
  mailCa: optionalText({
    flag: 'mail-ca',
    environment: 'MAIL_CA',
    placeholder: 'file',
    help: 'file with the certificate authority (PEM) of the mail server, if Node does not trust it',
  }),
  supportContact: text({
    flag: 'support-contact',
    environment: 'SUPPORT_CONTACT',
    placeholder: 'text',
    help: 'support contact that is printed in notifications',
    fallback: 'support@caas.example',
  }),
  pushContact: optionalUrl(
    {
      flag: 'push-contact',
      environment: 'PUSH_CONTACT',
      placeholder: 'url',
      help: 'contact for push services (VAPID, RFC 8292), such as mailto:ops@example.org',
    },
    ['mailto:', 'https://'],
  ),
  mailTimeoutMs: milliseconds(
    {
      flag: 'mail-timeout-ms',
      environment: 'MAIL_TIMEOUT_MS',
      placeholder: 'duration',
      help: 'timeout for sending one e-mail; if it is too short for the mail server, an e-mail may arrive twice',
      fallback: 30_000,
    },
    1_000,
    300_000,
  ),
  timeZone: {
    flag: 'time-zone',
    environment: 'FLEETWAKE_TIME_ZONE',
    placeholder: 'name',
    help: 'time zone in which notifications show instants to customers without one of their own (IANA)',
    fallback: 'UTC',
    read: (value) =>
      isTimeZone(value)
        ? { value }
        : { fault: `must be a time zone such as Europe/Madrid, not ${givenText(value)}` },
  } satisfies Option<string>,
  mailLimit: wholeNumber(
    {
      flag: 'mail-limit',
      environment: 'MAIL_LIMIT',
      placeholder: 'count',
      help: 'e-mails that one address receives within a day; further ones wait; 0: no limit',
      fallback: standardAddressLimit.max,
    },
    0,
    1_000_000,
  ),
};

/** Returns the domain of a sender (`CaaS <no-reply@example.org>`, or the address alone); null where it has none. */
export function senderDomain(sender: string): string | null {
  return /^(?:[^<>]*<)?[^\s<>@]+@([A-Za-z0-9.-]+)>?$/.exec(sender.trim())?.[1] ?? null;
}
