import { contradictionCode } from '../support/ticket.ts';
import { customerVisible, type Data, type EventText, label, reasonOf, step, text } from './event-text.ts';
import type { RecordType } from './record-type.ts';

/** The end of a support case, in the specification's three ways. */
function resolutionOf({ resolution }: Data): string {
  const { kind } = (resolution ?? {}) as { kind?: string };
  if (kind === 'service_appointment') return 'a workshop visit was arranged';
  if (kind === 'bug_report') return 'another way was found meanwhile';
  return 'the service is active';
}

export const ticketTexts = {
  'ticket.opened': {
    what: label('a support ticket was opened'),
    cause: ({ problem }) =>
      problem === contradictionCode
        ? 'the vehicle does not keep the state that it confirmed'
        : 'the activation has failed',
    shown: ['ticketId'],
  },
  'ticket.assigned': step('the ticket was given to a technician'),
  'ticket.started': customerVisible('support works on it', 'a technician took it up', ['ticketId']),
  'ticket.commented': step('a technician noted something', ({ text: note }) => text(note)),
  'ticket.noted': step('a note was added', ({ text: note }) => text(note)),
  'ticket.retry_started': customerVisible('support tries once more', 'a technician asked for it', [
    'ticketId',
  ]),
  'ticket.retry_failed': step('the manual attempt did not succeed', reasonOf),
  'ticket.payload_changed': step('the configuration was changed for the next attempt'),
  'ticket.inspection_scheduled': {
    what: label('a workshop visit was arranged'),
    cause: (data, view) => (view === 'customer' ? 'the vehicle has to be looked at' : reasonOf(data)),
    shown: ['ticketId', 'appointment'],
  },
  'ticket.escalated': step('the ticket was handed to another team', reasonOf),
  'ticket.customer_contacted': {
    what: label('support wrote to the customer'),
    cause: ({ message }) => (typeof message === 'string' ? message : null),
    shown: ['ticketId', 'message'],
  },
  'ticket.resolved': {
    what: label('the support case is resolved'),
    cause: resolutionOf,
    shown: ['ticketId'],
  },
  'ticket.closed': customerVisible('the support ticket was closed', 'the work on it is done', ['ticketId']),
  'ticket.reopened': {
    what: label('support works on it again'),
    cause: (data, view) => (view === 'customer' ? null : reasonOf(data)),
    shown: ['ticketId'],
  },
  'ticket.handed_over': step('the ticket went to another technician', () => 'the shift changed'),
  'ticket.sla_warning': step('a clock of the support desk runs out soon', ({ clock }) => text(clock)),
  'ticket.sla_breached': step('a clock of the support desk ran out', ({ clock }) => text(clock)),
} satisfies Partial<Record<RecordType, EventText>>;
