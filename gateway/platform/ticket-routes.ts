import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema } from '../http/paging.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { listTickets } from '../support/ticket-list.ts';
import { ticketById } from '../support/ticket-look-ups.ts';
import { ticketStates } from '../support/ticket-work.ts';
import type { PlatformDeps } from './deps.ts';
import { idParameters, idSchema, jsonAnswer, notFound, readProblems, scoped } from './route.ts';
import {
  nameSchema,
  prioritySchema,
  statusSchema,
  ticketDetail,
  ticketDetailSchema,
  ticketSchema,
  ticketSummary,
} from './ticket-view.ts';

const listQuery = z.object({
  status: statusSchema.default('open'),
  state: z.enum(ticketStates).optional(),
  priority: prioritySchema.optional(),
  assignee: nameSchema.optional(),
  vin: vinSchema.optional(),
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
    return context.json(ticketDetail(ticket), 200);
  });
  app.openapi(list, async (context) => {
    const { incident: incidentId, overdue, ...query } = context.req.valid('query');
    const wanted = { ...query, incidentId, overdue: overdue === 'true' };
    const page = await listTickets(database.reader, wanted);
    if (page === 'bad_cursor') throw badCursor();
    return context.json({ tickets: page.tickets.map(ticketSummary), next: page.next }, 200);
  });
}
