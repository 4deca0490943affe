import { createRoute } from '@hono/zod-openapi';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { type CancellingDeps, cancelPurchase } from './cancelling.ts';
import { ownerOf } from './ownership.ts';
import { purchaseSchema, readPurchase } from './purchase-view.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const route = (requireScope: Authenticator['requireScope']) =>
  createRoute({
    method: 'post',
    path: '/purchases/{id}/cancel',
    tags: ['Purchases'],
    summary: 'Cancel a purchase for its customer',
    description:
      'Before the service is active the money goes back; a command that is under way may still win, and then the service is active. After that the service ends as its policy says, and no money moves. A repeat changes nothing: it is 409.',
    ...scoped(requireScope, 'purchases:write'),
    request: { params: idParameters },
    responses: {
      200: jsonAnswer('The purchase as it stands now', purchaseSchema),
      404: problemDoc('not-found'),
      409: problemDoc('not-cancellable'),
      ...readProblems,
    },
  });

/** `POST /purchases/{id}/cancel` */
export function mountCancelling(app: App, deps: CancellingDeps, { requireScope }: Authenticator): void {
  app.openapi(route(requireScope), async (context) => {
    const { id } = context.req.valid('param');
    const owner = ownerOf(context);
    if (owner !== null && (await readPurchase(deps, id, owner)) === null) throw notFound('purchase', id);
    const answer = await cancelPurchase(deps, id);
    if (answer.kind === 'not_found') throw notFound('purchase', id);
    if (answer.kind === 'refused') throw problemError('not-cancellable', answer.reason, { purchaseId: id });
    const purchase = await readPurchase(deps, id, owner);
    if (purchase === null) throw notFound('purchase', id);
    return context.json(purchase, 200);
  });
}
