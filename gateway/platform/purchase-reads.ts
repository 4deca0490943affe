import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, timeCursorSchema } from '../http/paging.ts';
import { problemDoc } from '../http/problem.ts';
import { ownerOf } from './ownership.ts';
import { listPurchases, purchaseSchema, type ReadDeps, readPurchase } from './purchase-view.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const listQuery = z.object({
  customerId: customerIdSchema.optional(),
  limit: limitSchema,
  cursor: timeCursorSchema,
});

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
  };
};

export function mountPurchaseReads(app: App, deps: ReadDeps, { requireScope }: Authenticator): void {
  const { one, list } = routes(requireScope);
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
}
