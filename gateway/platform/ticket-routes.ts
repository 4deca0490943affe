import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { legalMoves, technicianMoves } from '../support/ticket-machine.ts';
import { listTickets, type Ticket, ticketById } from '../support/ticket-store.ts';
import { ticketStates } from '../support/ticket-work.ts';
import type { PlatformDeps } from './deps.ts';
import { limitSchema, nextSchema } from './paging.ts';
import { idParameters, idSchema, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const prioritySchema = z.enum(['HIGH', 'MEDIUM']);
const statusSchema = z.enum(['open', 'closed']);
const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._@-]{1,64}$/, '1 to 64 letters, digits, dots, hyphens, underscores and @');

const ticketSchema = z
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

const ticketDetailSchema = ticketSchema
  .extend({
    work: z.record(z.string(), z.unknown()).meta({
      description:
        'The clocks of the SLA, the resolution, the retry under way, what was changed and arranged',
    }),
    moves: z.array(z.enum(technicianMoves)).meta({ description: 'What may be done now' }),
    fields: z.record(z.string(), z.unknown()).meta({
      description:
        "Every field of the specification's ticket table; what could not be read is {unavailable: reason}",
    }),
  })
  .meta({ id: 'TicketDetail' });

const summaryOf = ({
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

const detailOf = (ticket: Ticket): z.infer<typeof ticketDetailSchema> => ({
  ...summaryOf(ticket),
  work: { ...ticket.work },
  moves: legalMoves(ticket.work.state),
  fields: { ...ticket.fields },
});

const listQuery = z.object({
  status: statusSchema.default('open'),
  state: z.enum(ticketStates).optional(),
  priority: prioritySchema.optional(),
  assignee: nameSchema.optional(),
  overdue: z.enum(['true']).optional().meta({ description: 'Only those that are late' }),
  incident: idSchema.optional(),
  limit: limitSchema,
  cursor: z.string().max(100).optional(),
});

function badCursor() {
  const message = 'a cursor comes from `next` of the page before';
  const errors = [{ in: 'query', pointer: '/cursor', message }];
  return problemError(
    'invalid-request',
    `The request does not follow the schema. query/cursor: ${message}.`,
    {
      errors,
    },
  );
}

/** The support desk's tickets, as they are worked on: HIGH before MEDIUM, then the oldest first. */
export function mountTickets(
  app: App,
  { database }: Pick<PlatformDeps, 'database'>,
  { requireScope }: Authenticator,
): void {
  const common = { method: 'get' as const, tags: ['Tickets'], ...scoped(requireScope, 'tickets:read') };
  const one = createRoute({
    ...common,
    path: '/tickets/{id}',
    summary: 'A ticket with all of its fields',
    request: { params: idParameters },
    responses: {
      200: jsonAnswer('The ticket', ticketDetailSchema),
      404: problemDoc('not-found'),
      ...readProblems,
    },
  });
  const list = createRoute({
    ...common,
    path: '/tickets',
    summary: 'Open (or closed) tickets: HIGH before MEDIUM, then the oldest first',
    request: { query: listQuery },
    responses: {
      200: jsonAnswer('A page', z.object({ tickets: z.array(ticketSchema), next: nextSchema })),
      ...readProblems,
    },
  });
  app.openapi(one, async (context) => {
    const { id } = context.req.valid('param');
    const ticket = await ticketById(database.reader, id);
    if (ticket === null) throw notFound('ticket', id);
    return context.json(detailOf(ticket), 200);
  });
  app.openapi(list, async (context) => {
    const { incident: incidentId, overdue, ...query } = context.req.valid('query');
    const wanted = { ...query, incidentId, overdue: overdue === 'true' };
    const page = await listTickets(database.reader, wanted);
    if (page === 'bad_cursor') throw badCursor();
    return context.json({ tickets: page.tickets.map(summaryOf), next: page.next }, 200);
  });
}
