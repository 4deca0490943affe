import { createRoute } from '@hono/zod-openapi';
import { nextDueAt } from '../activation/activation.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { loadActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import { activationDetailSchema, readActivation } from './activation-view.ts';
import type { PlatformDeps } from './deps.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

type RequeueDeps = Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'secrets' | 'desk' | 'engine'>;

/** `POST /activations/{id}/requeue`: an operator looks after an activation that does not move. */
export function mountRequeue(app: App, deps: RequeueDeps, { requireScope }: Authenticator): void {
  const { database, clock, ids, secrets, desk, engine } = deps;
  const requeue = createRoute({
    method: 'post',
    path: '/activations/{id}/requeue',
    tags: ['Operations'],
    summary: 'Let the engine look at an open activation at once',
    description:
      'Ends the wait of work that failed, of a lost wake-up and of a postponement. A back-off and the limits of the API IoT keep their moments, so that a repeat does no harm.',
    ...scoped(requireScope, 'operations:write'),
    request: { params: idParameters },
    responses: {
      200: jsonAnswer('The activation as it stands now', activationDetailSchema),
      404: problemDoc('not-found'),
      409: problemDoc('not-open'),
      ...readProblems,
    },
  });
  app.openapi(requeue, async (context) => {
    const { id } = context.req.valid('param');
    const stored = await loadActivation(database.reader, id);
    if (stored === null) throw notFound('activation', id);
    const { phase } = stored.activation;
    if (nextDueAt(stored.activation) === null)
      throw problemError('not-open', `the activation is ${phase}, and nothing of it is due`);
    const actor = `operator:${context.var.caller.clientId}`;
    const line = {
      purchaseId: stored.purchaseId,
      activationId: id,
      at: clock.now(),
      type: 'activation.requeued',
      actor,
    } as const;
    await database.write((transaction) => appendRecord(transaction, ids, [{ ...line, data: { phase } }]));
    desk.onRecorded();
    await engine.requeue(id);
    const activation = await readActivation(database.reader, id, secrets, null);
    if (activation === null) throw notFound('activation', id);
    return context.json(activation, 200);
  });
}
