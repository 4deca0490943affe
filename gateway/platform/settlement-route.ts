import { createRoute } from '@hono/zod-openapi';
import type { Activation } from '../activation/activation.ts';
import { peoplesStatuses } from '../activation/settlement.ts';
import { disputeOf, openDisputes } from '../disputes/dispute-store.ts';
import { type DisputeDeps, resolveDispute } from '../disputes/disputes.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { loadActivation, type StoredActivation } from '../store/activations.ts';
import type { PlatformDeps } from './deps.ts';
import {
  idParameters,
  jsonAnswer,
  jsonBody,
  notFound,
  readProblems,
  scoped,
  writeProblems,
} from './route.ts';
import { openSettlementSchema, settlementResource } from './settlement-list.ts';
import { disputeObstacle, heldObstacle, settlementObstacle } from './settlement-obstacle.ts';
import { decisionOf, resolutionBodySchema } from './settlement-resolution.ts';

async function settled(deps: Pick<PlatformDeps, 'database'>, id: string): Promise<StoredActivation> {
  const stored = await loadActivation(deps.database.reader, id);
  if (stored === null || stored.activation.settlement === null) throw notFound('settlement', id);
  return stored;
}

const refused = (id: string, reason: string, { settlement }: Activation) =>
  problemError('not-settleable', `The settlement of ${id} cannot be ended so: ${reason}.`, {
    activationId: id,
    settlement: settlement?.status,
  });

/** `GET /settlements/{id}` and `POST /settlements/{id}/resolve`; the id is the activation's. */
export function mountSettlements(
  app: App,
  deps: Pick<PlatformDeps, 'database' | 'clock' | 'engine' | 'desk'> & { readonly disputes: DisputeDeps },
  { requireScope }: Authenticator,
): void {
  const { clock, engine, database, disputes, desk } = deps;
  const one = createRoute({
    method: 'get',
    path: '/settlements/{id}',
    tags: ['Operations'],
    summary: 'The money of one activation',
    ...scoped(requireScope, 'operations:read'),
    request: { params: idParameters },
    responses: {
      200: jsonAnswer('The settlement', openSettlementSchema),
      404: problemDoc('not-found'),
      ...readProblems,
    },
  });
  const resolve = createRoute({
    method: 'post',
    path: '/settlements/{id}/resolve',
    tags: ['Operations'],
    summary: 'End a settlement that the payment service refused for good, or a dispute',
    description:
      'Paid back or collected by other means with a reference, written off with a reason, or tried once more. The customer is notified. A settlement that does not wait for an operator is 409.',
    ...scoped(requireScope, 'operations:write'),
    request: { params: idParameters, body: jsonBody(resolutionBodySchema) },
    responses: {
      200: jsonAnswer('Decided; the settlement as it stands now', openSettlementSchema),
      404: problemDoc('not-found'),
      409: problemDoc('not-settleable'),
      ...writeProblems,
    },
  });
  app.openapi(one, async (context) => {
    const { id } = context.req.valid('param');
    const { activation, purchaseId } = await settled(deps, id);
    const dispute = await disputeOf(database.reader, id);
    return context.json(settlementResource(activation, purchaseId, clock.now(), dispute), 200);
  });
  app.openapi(resolve, async (context) => {
    const { id } = context.req.valid('param');
    const body = context.req.valid('json');
    const stored = await settled(deps, id);
    const { activation, purchaseId } = stored;
    const dispute = await disputeOf(database.reader, id);
    if (dispute !== null && openDisputes.includes(dispute.status)) {
      const against = disputeObstacle(dispute, activation, body);
      if (against) throw refused(id, against, activation);
      const event = decisionOf(body, clock.now());
      if (event.type !== 'payment_resolved') throw refused(id, 'it cannot be retried', activation);
      if ((await resolveDispute(disputes, stored, event.by, event.resolution, event.at)) === null)
        throw refused(id, 'it was decided otherwise meanwhile', activation);
      desk.onRecorded();
      const ended = await disputeOf(database.reader, id);
      return context.json(settlementResource(activation, purchaseId, clock.now(), ended), 200);
    }
    const held = heldObstacle(activation.settlement, dispute, body);
    const reason = held ?? (activation.settlement && settlementObstacle(activation.settlement, body));
    if (reason) throw refused(id, reason, activation);
    const after = await engine.settle(id, decisionOf(body, clock.now()));
    // Another operator was faster.
    if (after.settlement !== null && peoplesStatuses.has(after.settlement.status))
      throw refused(id, 'it was decided otherwise meanwhile', after);
    return context.json(settlementResource(after, purchaseId, clock.now()), 200);
  });
}
