import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { formatMoney } from '../../shared/protocol/money.ts';
import type { Activation } from '../activation/activation.ts';
import {
  isHeldByBank,
  type PaymentEvent,
  peoplesStatuses,
  type Settlement,
} from '../activation/settlement.ts';
import { disputeOf, openDisputes } from '../disputes/dispute-store.ts';
import { type DisputeDeps, resolveDispute } from '../disputes/disputes.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { loadActivation, type StoredActivation } from '../store/activations.ts';
import type { DisputeRow } from '../store/schema.ts';
import type { PlatformDeps } from './deps.ts';
import { shownTextSchema } from './name.ts';
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
import { nameSchema } from './ticket-view.ts';

const by = { by: nameSchema.meta({ description: 'The operator who decides it', example: 'controller-1' }) };
const otherMeans = {
  ...by,
  amountMinor: z.int().min(1).meta({ description: 'The whole amount due, in minor units' }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters, ISO 4217'),
  reference: shownTextSchema(200).meta({ description: "The bank's or the book-keeping's own" }),
};

export const resolutionBodySchema = z
  .discriminatedUnion('resolution', [
    z
      .strictObject({ ...otherMeans, resolution: z.literal('paid_back') })
      .meta({ description: 'The customer was paid back by other means' }),
    z
      .strictObject({ ...otherMeans, resolution: z.literal('collected') })
      .meta({ description: 'The customer has paid by other means' }),
    z
      .strictObject({
        ...by,
        resolution: z.literal('written_off'),
        reason: shownTextSchema(2_000).meta({ description: 'Why; the customer reads it' }),
      })
      .meta({ description: 'It is given up' }),
    z
      .strictObject({ ...by, resolution: z.literal('retry') })
      .meta({ description: 'The payment service is asked once more' }),
  ])
  .meta({ id: 'SettlementResolution' });
type ResolutionBody = z.infer<typeof resolutionBodySchema>;
type Decision = Extract<PaymentEvent, { type: 'payment_resolved' | 'payment_retried' }>;

function eventOf(body: ResolutionBody, at: number): Decision {
  const { by: operator } = body;
  switch (body.resolution) {
    case 'retry':
      return { type: 'payment_retried', at, by: operator };
    case 'written_off': {
      const { resolution: kind, reason } = body;
      return { type: 'payment_resolved', at, by: operator, resolution: { kind, reason } };
    }
    default: {
      const { resolution: kind, amountMinor, reference } = body;
      return { type: 'payment_resolved', at, by: operator, resolution: { kind, amountMinor, reference } };
    }
  }
}

const fitting = {
  unsettled: ['paid_back', 'written_off', 'retry'],
  uncollectible: ['collected', 'written_off', 'retry'],
} as const;

/** Why this decision cannot be taken, or null. */
function obstacle(settlement: Settlement, body: ResolutionBody): string | null {
  const { status, amountMinor, currency, paymentId } = settlement;
  if (status !== 'unsettled' && status !== 'uncollectible')
    return `its money is ${status}: nothing of it waits for an operator`;
  if (!fitting[status].some((one) => one === body.resolution))
    return `its money is ${status}: it takes ${fitting[status].join(', ')}`;
  if (body.resolution === 'retry' && paymentId === null)
    return 'the payment service named no payment that it could be asked about; look there for the activation id, then say paid_back or written_off';
  if (!('amountMinor' in body)) return null;
  const owed = formatMoney({ amountMinor, currency });
  const given = formatMoney(body);
  return given === owed ? null : `${owed} are due, not ${given}`;
}

async function settled(deps: Pick<PlatformDeps, 'database'>, id: string): Promise<StoredActivation> {
  const stored = await loadActivation(deps.database.reader, id);
  if (stored === null || stored.activation.settlement === null) throw notFound('settlement', id);
  return stored;
}

/**
 * Why an operator cannot end the dispute so, or null. The bank decides first: to collect an amount that it may still give to us would
 * charge twice, and of what was not delivered nothing is due.
 */
function disputeObstacle(dispute: DisputeRow, { phase }: Activation, body: ResolutionBody): string | null {
  if (dispute.status === 'open')
    return 'the bank has not decided on the dispute: answer or accept it at the payment service; once it is lost it takes collected, written_off';
  if (body.resolution !== 'collected' && body.resolution !== 'written_off')
    return 'its payment is disputed: it takes collected, written_off';
  if (!('amountMinor' in body)) return null;
  if (phase !== 'active') return 'its service is not active, so that nothing is due: it takes written_off';
  const owed = formatMoney({ amountMinor: dispute.amount_minor, currency: dispute.currency });
  const given = formatMoney(body);
  return given === owed ? null : `${owed} are disputed, not ${given}`;
}

/**
 * Why a refund that a dispute keeps back cannot be ended so, or null: the bank has the amount, and gives it to one side or the other,
 * unless the dispute is rejected or the customer has paid by other means since.
 */
function heldObstacle(
  settlement: Settlement | null,
  dispute: DisputeRow | null,
  body: ResolutionBody,
): string | null {
  if (dispute === null || dispute.status === 'won' || dispute.status === 'collected') return null;
  if (settlement === null || !isHeldByBank(settlement) || body.resolution !== 'paid_back') return null;
  return 'the customer disputed its payment, so that the bank holds the amount and to pay it back would return it twice: wait for the end of the dispute';
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
      const event = eventOf(body, clock.now());
      if (event.type !== 'payment_resolved') throw refused(id, 'it cannot be retried', activation);
      if ((await resolveDispute(disputes, stored, event.by, event.resolution, event.at)) === null)
        throw refused(id, 'it was decided otherwise meanwhile', activation);
      desk.onRecorded();
      const ended = await disputeOf(database.reader, id);
      return context.json(settlementResource(activation, purchaseId, clock.now(), ended), 200);
    }
    const held = heldObstacle(activation.settlement, dispute, body);
    const reason = held ?? (activation.settlement && obstacle(activation.settlement, body));
    if (reason) throw refused(id, reason, activation);
    const after = await engine.settle(id, eventOf(body, clock.now()));
    // Another operator was faster.
    if (after.settlement !== null && peoplesStatuses.has(after.settlement.status))
      throw refused(id, 'it was decided otherwise meanwhile', after);
    return context.json(settlementResource(after, purchaseId, clock.now()), 200);
  });
}
