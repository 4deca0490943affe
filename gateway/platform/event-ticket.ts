import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { App, AppEnv, Caller } from '../http/app-env.ts';
import { type Authenticator, customerRole, verifyToken } from '../http/authenticate.ts';
import { problemError } from '../http/problem.ts';
import type { PlatformDeps } from './deps.ts';
import { jsonAnswer, readProblems, scoped } from './route.ts';

/** The audience of tickets: no route but the stream takes one. */
const ticketAudience = 'platform/events';
/** A stream must begin within this time; a ticket stands in a URL, which proxies log. */
const ticketSeconds = 60;

type TicketDeps = Pick<PlatformDeps, 'tokens' | 'clock' | 'ids' | 'config'>;

const ticketSchema = z
  .object({
    ticket: z.string().meta({ description: 'For GET /events?ticket=…' }),
    expiresAt: z
      .int()
      .meta({ description: 'The stream must begin before; it ends when the access token expires' }),
  })
  .meta({ id: 'EventTicket' });

/**
 * `POST /events/tickets`: a ticket with which a browser's EventSource, which can send no token, opens the stream as the
 * caller. It is a signed text, so any platform on the same keys takes it.
 */
export function mountEventTickets(app: App, deps: TicketDeps, { requireScope }: Authenticator): void {
  const { tokens, clock, ids, config } = deps;
  const route = createRoute({
    method: 'post',
    path: '/events/tickets',
    tags: ['Events'],
    summary: 'Get a ticket for the stream of events, for clients that can send no token (EventSource)',
    ...scoped(requireScope, 'events:read'),
    responses: { 201: jsonAnswer('The ticket', ticketSchema), ...readProblems },
  });
  app.openapi(route, async (context) => {
    const { clientId, customerId, expiresAt } = context.var.caller;
    const iat = Math.floor(clock.now() / 1_000);
    const until = Math.floor(expiresAt / 1_000);
    const exp = Math.min(iat + ticketSeconds, until);
    const ticket = await tokens.sign({
      iss: config.origin,
      aud: ticketAudience,
      sub: customerId ?? clientId,
      client_id: clientId,
      ...(customerId === null ? {} : { roles: [customerRole] }),
      scope: 'events:read',
      stream_until: until,
      iat,
      exp,
      jti: ids.next('tkt'),
    });
    return context.json({ ticket, expiresAt: exp * 1_000 }, 201, { 'cache-control': 'no-store' });
  });
}

/** Lets a request in by its `ticket` parameter, else by its token. */
export function ticketOr(
  { tokens }: Pick<TicketDeps, 'tokens'>,
  byToken: MiddlewareHandler<AppEnv>,
): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const ticket = context.req.query('ticket');
    if (ticket === undefined) return byToken(context, next);
    context.set('caller', await callerOf(tokens, ticket));
    await next();
  };
}

async function callerOf(tokens: TicketDeps['tokens'], ticket: string): Promise<Caller> {
  const verdict = await verifyToken(tokens, ticket, ticketAudience);
  if (!verdict.ok) {
    const detail = `The ticket is not valid (${verdict.reason}). Get a new one with POST /events/tickets.`;
    throw problemError('unauthorized', detail);
  }
  const { sub, client_id: clientId, roles, exp, stream_until: until = exp } = verdict.claims;
  const customerId = roles?.includes(customerRole) ? sub : null;
  return { clientId, customerId, scopes: new Set(['events:read']), expiresAt: until * 1_000 };
}
