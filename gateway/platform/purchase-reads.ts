import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc } from '../http/problem.ts';
import { ownerOf } from './ownership.ts';
import { limitSchema, nextSchema, sequenceCursorSchema, timeCursorSchema } from './paging.ts';
import { listPurchases, purchaseSchema, type ReadDeps, readPurchase } from './purchase-view.ts';
import { listRecord, recordEntrySchema } from './record-view.ts';
import { idParameters, idSchema, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const listQuery = z.object({
  customerId: idSchema.optional(),
  limit: limitSchema,
  cursor: timeCursorSchema,
});
const recordQuery = z.object({ limit: limitSchema, cursor: sequenceCursorSchema });

const routes = (requireScope: Authenticator['requireScope']) => {
  const common = { method: 'get' as const, tags: ['Purchases'], ...scoped(requireScope, 'purchases:read') };
  return {
    one: createRoute({
      ...common,
      path: '/purchases/{id}',
      summary: 'A purchase, with where its activation and its money stand',
      request: { params: idParameters },
      responses: {
        200: jsonAnswer('The purchase', purchaseSchema),
        404: problemDoc('not-found'),
        ...readProblems,
      },
    }),
    list: createRoute({
      ...common,
      path: '/purchases',
      summary: "Purchases, newest first; a customer's with customerId",
      request: { query: listQuery },
      responses: {
        200: jsonAnswer('A page', z.object({ purchases: z.array(purchaseSchema), next: nextSchema })),
        ...readProblems,
      },
    }),
    record: createRoute({
      ...common,
      path: '/purchases/{id}/record',
      summary: "The purchase's record: everything that happened, oldest first",
      request: { params: idParameters, query: recordQuery },
      responses: {
        200: jsonAnswer('A page', z.object({ events: z.array(recordEntrySchema), next: nextSchema })),
        404: problemDoc('not-found'),
        ...readProblems,
      },
    }),
  };
};

export function mountPurchaseReads(app: App, deps: ReadDeps, { requireScope }: Authenticator): void {
  const { one, list, record } = routes(requireScope);
  app.openapi(one, async (context) => {
    const { id } = context.req.valid('param');
    const purchase = await readPurchase(deps, id, ownerOf(context));
    if (purchase === null) throw notFound('purchase', id);
    return context.json(purchase, 200);
  });
  app.openapi(list, async (context) => {
    const { customerId, limit, cursor } = context.req.valid('query');
    return context.json(
      await listPurchases(deps, { owner: ownerOf(context), customerId, limit, cursor }),
      200,
    );
  });
  app.openapi(record, async (context) => {
    const { id } = context.req.valid('param');
    const { limit, cursor = 0 } = context.req.valid('query');
    const page = await listRecord(deps.database.reader, id, limit, cursor);
    const owner = ownerOf(context);
    // Every purchase has a first line, so only an empty page can belong to none.
    const isKnown = owner === null && page.events.length > 0;
    if (!isKnown && (await readPurchase(deps, id, owner)) === null) {
      throw notFound('purchase', id);
    }
    return context.json(page, 200);
  });
}
