import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Activation } from '../activation/activation.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { keyHeaders, keyUseOf, replayedHeader } from '../http/idempotency.ts';
import { newIdempotencyStore } from '../http/idempotency-store.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { loadActivation } from '../store/activations.ts';
import type { PlatformDeps } from './deps.ts';
import type { Metrics } from './metrics.ts';
import { ownerOf } from './ownership.ts';
import type { PurchaseAdmission } from './purchase-admission.ts';
import { choose, purchaseBodySchema } from './purchase-order.ts';
import { type Purchase, purchaseResource, purchaseSchema, readPurchase } from './purchase-view.ts';
import { type Bought, buy, type PurchasingDeps } from './purchasing.ts';
import { jsonAnswer, jsonBody, locationHeader, scoped, writeProblems } from './route.ts';
import { refuseWhileStopped } from './sales-stops.ts';

interface RouteDeps extends PlatformDeps {
  readonly metrics: Metrics;
  readonly admission: PurchaseAdmission;
}

const route = (requireScope: Authenticator['requireScope'], shed: MiddlewareHandler<AppEnv>) =>
  createRoute({
    method: 'post',
    path: '/purchases',
    tags: ['Purchases'],
    summary: 'Buy a service for a vehicle',
    description:
      'The payment is authorised at once; the activation continues in the background. With an Idempotency-Key a repeat buys nothing: it gets the same purchase in its current state. Buying an active service renews it: the new period begins where the old one ends.',
    ...scoped(requireScope, 'purchases:write'),
    // First of all, because under overload a token and a body cost more than the refusal.
    middleware: [shed, requireScope('purchases:write')],
    request: { headers: keyHeaders, body: jsonBody(purchaseBodySchema) },
    responses: {
      201: {
        ...jsonAnswer('Bought; Location leads to the purchase', purchaseSchema),
        headers: { Location: locationHeader, ...replayedHeader },
      },
      402: {
        ...problemDoc('payment-declined; the purchase is kept as declined'),
        headers: { Location: locationHeader },
      },
      404: problemDoc('unknown-vehicle, unknown-customer, unknown-service'),
      409: problemDoc(
        'activation-open, already-active, vehicle-incompatible, customer-erased, key-in-flight',
      ),
      ...writeProblems,
      422: problemDoc('invalid-request, key-mismatch'),
      503: problemDoc(
        'unavailable: too many purchases are under way (Retry-After), or this platform cannot sell now (`reasons`); nothing was bought',
      ),
    },
  });

function paymentDeclined(purchase: Purchase, reason: string | null) {
  const { id: purchaseId, activation } = purchase;
  const said = reason === null ? '' : ` (${reason.replace(/\.$/, '')})`;
  // No answer: the payment may be authorised or captured, and the API must not report the opposite.
  const isUnknown = activation.settlement !== 'declined';
  return problemError(
    'payment-declined',
    isUnknown
      ? 'The payment service did not answer, and the order ended. An operator makes sure that nothing is kept.'
      : `The payment was declined${said}. Nothing was charged; buy again with another payment method.`,
    { purchaseId, activationId: activation.id },
    { location: `/purchases/${purchaseId}` },
  );
}

/** Returns the activation after the payment request. An internal error here loses nothing: the engine finds the activation again. */
async function begin(deps: RouteDeps, { id }: Activation): Promise<Activation> {
  try {
    return await deps.engine.begin(id);
  } catch (error) {
    deps.log.error('platform.begin_failed', { activationId: id, message: String(error) });
    const stored = await loadActivation(deps.database.reader, id);
    if (stored === null) throw error;
    return stored.activation;
  }
}

async function finish(
  deps: RouteDeps,
  { purchase: row, activation: created }: Extract<Bought, { kind: 'bought' }>,
): Promise<Purchase> {
  const activation = await begin(deps, created);
  const { phase, settlement } = activation;
  const declined = phase === 'declined';
  const purchase = purchaseResource(
    { ...row, status: declined ? 'declined' : row.status },
    {
      phase,
      settlement: settlement?.status ?? null,
      cancelRequestedAt: activation.cancelRequestedAt ?? null,
      ticketId: null,
      ticketStatus: null,
      entitlement: null,
    },
    deps.clock.now(),
  );
  if (!declined) return purchase;
  throw paymentDeclined(purchase, settlement?.problem ?? null);
}

/** The purchase that the key has made, as it stands now. */
async function repeat(deps: RouteDeps, purchaseId: string): Promise<Purchase> {
  const purchase = await readPurchase(deps, purchaseId, null);
  if (purchase === null) throw new Error(`the purchase ${purchaseId} of a key is gone`);
  const { phase, id } = purchase.activation;
  if (phase !== 'awaiting_payment' && phase !== 'declined') return purchase;
  const settlement = (await loadActivation(deps.database.reader, id))?.activation.settlement;
  if (phase === 'declined') throw paymentDeclined(purchase, settlement?.problem ?? null);
  if (settlement?.unanswered !== 0) return purchase;
  const detail = 'The payment is being asked for. Wait a second and send it again.';
  throw problemError('key-in-flight', detail, { purchaseId }, { 'retry-after': '1' });
}

/** `POST /purchases`: one write, then the engine asks for the payment. */
export function mountPurchasing(app: App, deps: RouteDeps, { requireScope }: Authenticator): void {
  const { database, catalogue, clock, ids, secrets, log, metrics, admission } = deps;
  const refuseIncompatible = deps.config.refuseIncompatible ?? false;
  const purchasing: PurchasingDeps = {
    database,
    catalogue,
    clock,
    ids,
    keys: newIdempotencyStore(),
    refuseIncompatible,
  };
  const shed: MiddlewareHandler<AppEnv> = (_, next) => {
    admission.refuseWhenFull();
    return next();
  };
  app.openapi(route(requireScope, shed), async (context) => {
    const answer = await metrics.countPurchase(async () => {
      refuseWhileStopped(deps.config.salesStops ?? (() => []));
      const body = context.req.valid('json');
      const order = {
        body,
        choice: choose(catalogue, body),
        use: await keyUseOf(context, secrets),
        owner: ownerOf(context),
      };
      return admission.run(context.req.raw.signal, async (onSaved) => {
        const bought = await buy(purchasing, order);
        onSaved();
        if (bought.kind === 'replay')
          return { purchase: await repeat(deps, bought.purchaseId), replayed: true };
        const { id: purchaseId, activation_id: activationId } = bought.purchase;
        context.set('activationId', activationId);
        log.info('platform.purchase_created', { purchaseId, activationId, vin: body.vin });
        return { purchase: await finish(deps, bought), replayed: false };
      });
    });
    const { purchase, replayed } = answer;
    const headers = {
      location: `/purchases/${purchase.id}`,
      ...(replayed ? { 'idempotency-replayed': 'true' } : {}),
    };
    return context.json(purchase, 201, headers);
  });
}
