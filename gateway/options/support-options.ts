import { givenText } from '../../shared/protocol/address.ts';
import { type Option, oneOf, optionalAddress, optionalText } from '../option.ts';
import { readSla } from '../support/sla-text.ts';

/** The support desk: technicians, times, templates, and who receives its events. */
export const supportOptions = {
  supportRoster: optionalText({
    flag: 'support-roster',
    environment: 'SUPPORT_ROSTER',
    placeholder: 'file',
    help: 'file of technicians with their shifts (JSON); default: three technicians who are always on duty',
  }),
  supportSla: {
    flag: 'support-sla',
    environment: 'SUPPORT_SLA',
    placeholder: 'times',
    help: 'times within which tickets are taken up and resolved, as PRIORITY=taken up/resolved, in min, h or d',
    fallback: 'HIGH=4h/24h,MEDIUM=8h/72h',
    read: (value) =>
      readSla(value) === null
        ? {
            fault: `must be such as HIGH=4h/24h,MEDIUM=8h/72h (taken up within/resolved within), not ${givenText(value)}`,
          }
        : { value },
  } satisfies Option<string>,
  templates: optionalText({
    flag: 'templates',
    environment: 'FLEETWAKE_TEMPLATES',
    placeholder: 'folder',
    help: 'folder with own notification templates, a folder for each language; default: the shipped templates',
  }),
  ticketWebhookUrl: optionalAddress(
    {
      flag: 'ticket-webhook-url',
      environment: 'TICKET_WEBHOOK_URL',
      placeholder: 'url',
      help: 'URL that receives every ticket event',
    },
    { protocols: ['http://', 'https://'], hasCredentials: false },
  ),
  ticketWebhookSecret: optionalText({
    flag: 'ticket-webhook-secret',
    environment: 'TICKET_WEBHOOK_SECRET',
    placeholder: 'secret',
    help: 'secret that signs ticket events (Standard Webhooks, whsec_…), or the routing key of PagerDuty',
  }),
  ticketWebhookFormat: oneOf(
    {
      flag: 'ticket-webhook-format',
      environment: 'TICKET_WEBHOOK_FORMAT',
      placeholder: 'format',
      help: 'format of ticket events: standard (Standard Webhooks) or pagerduty (Events API v2)',
      fallback: 'standard',
    },
    ['standard', 'pagerduty'],
  ),
};
