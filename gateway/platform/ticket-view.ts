import { z } from 'zod';
import type { Ticket } from '../support/stored-ticket.ts';
import { legalMoves, technicianActions } from '../support/ticket-machine.ts';
import { ticketStates } from '../support/ticket-work.ts';

export const prioritySchema = z.enum(['HIGH', 'MEDIUM']);
export const statusSchema = z.enum(['open', 'closed']);
/** A technician's name. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._@-]{1,64}$/, '1 to 64 letters, digits, dots, hyphens, underscores and @');

export const ticketSchema = z
  .object({
    id: z.string(),
    activationId: z.string(),
    purchaseId: z.string().nullable(),
    vin: z.string(),
    serviceId: z.string(),
    priority: prioritySchema,
    status: statusSchema,
    state: z
      .enum(ticketStates)
      .meta({ description: 'Where the work stands; `status` says whether it is over' }),
    assignedTo: z.string().nullable(),
    openedAt: z.int(),
    responseDueAt: z.int(),
    closedAt: z.int().nullable(),
    overdue: z
      .boolean()
      .meta({ description: 'A clock of the SLA has run out, and what it measures has not happened' }),
    incidentId: z.string().nullable().meta({ description: 'Tickets of one cause share it' }),
  })
  .meta({ id: 'Ticket' });

export const ticketDetailSchema = ticketSchema
  .extend({
    work: z.record(z.string(), z.unknown()).meta({
      description:
        'The clocks of the SLA, the resolution, the retry under way, what was changed and arranged',
    }),
    moves: z.array(z.enum(technicianActions)).meta({ description: 'What may be done now' }),
    fields: z.record(z.string(), z.unknown()).meta({
      description:
        "Every field of the specification's ticket table; what could not be read is {unavailable: reason}",
    }),
  })
  .meta({ id: 'TicketDetail' });

export type TicketDetail = z.infer<typeof ticketDetailSchema>;

export const ticketSummary = ({
  fields,
  work,
  version: _,
  isOverdue,
  ...ticket
}: Ticket): z.infer<typeof ticketSchema> => ({
  ...ticket,
  state: work.state,
  assignedTo: work.assignee,
  overdue: isOverdue,
  vin: fields.vin,
  serviceId: fields.serviceId,
  priority: fields.priority,
});

export const ticketDetail = (ticket: Ticket): TicketDetail => ({
  ...ticketSummary(ticket),
  work: { ...ticket.work },
  moves: legalMoves(ticket.work.state),
  fields: { ...ticket.fields },
});
