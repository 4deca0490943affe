import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { idCursorSchema, limitSchema, nextSchema, timeCursorSchema } from '../http/paging.ts';
import type { PlatformDeps } from './deps.ts';
import { listDeadNotices, noticeSchema } from './notice-view.ts';
import { jsonAnswer, readProblems, scoped } from './route.ts';
import { listDisputed, listSettlements, openSettlementSchema } from './settlement-list.ts';

/** The operator's lists: what the product cannot end by itself. */
export function mountOperations(
  app: App,
  { database, clock }: Pick<PlatformDeps, 'database' | 'clock'>,
  { requireScope }: Authenticator,
): void {
  const common = {
    method: 'get' as const,
    tags: ['Operations'],
    ...scoped(requireScope, 'operations:read'),
  };
  const notices = createRoute({
    ...common,
    path: '/notices',
    summary: 'Notifications that no channel accepted, oldest first',
    request: {
      query: z.object({ status: z.literal('dead'), limit: limitSchema, cursor: timeCursorSchema }),
    },
    responses: {
      200: jsonAnswer('A page', z.object({ notices: z.array(noticeSchema), next: nextSchema })),
      ...readProblems,
    },
  });
  const settlements = createRoute({
    ...common,
    path: '/settlements',
    summary:
      'Money to be settled by hand: captures (uncollectible), voids and refunds (unsettled) refused for good, and disputed payments',
    request: {
      query: z.object({
        status: z.enum(['uncollectible', 'unsettled', 'disputed']),
        limit: limitSchema,
        cursor: idCursorSchema,
      }),
    },
    responses: {
      200: jsonAnswer('A page', z.object({ settlements: z.array(openSettlementSchema), next: nextSchema })),
      ...readProblems,
    },
  });
  app.openapi(notices, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    return context.json(await listDeadNotices(database.reader, limit, cursor), 200);
  });
  app.openapi(settlements, async (context) => {
    const { status, limit, cursor } = context.req.valid('query');
    const query = { limit, cursor, now: clock.now() };
    const page =
      status === 'disputed'
        ? await listDisputed(database.reader, query)
        : await listSettlements(database.reader, { status, ...query });
    return context.json({ settlements: [...page.settlements], next: page.next }, 200);
  });
}
