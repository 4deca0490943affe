import type { Activation } from '../activation/activation.ts';
import { isCancelRequested } from '../activation/cancelling.ts';
import { finalPhases } from '../activation/phase.ts';
import { isReversed } from '../activation/settlement.ts';
import { transition } from '../activation/transition.ts';
import { endEntitlement } from '../entitlement/end.ts';
import { type Entitlement, isInForce } from '../entitlement/entitlement.ts';
import { isRenewed } from '../entitlement/ownership.ts';
import { isTransferred } from '../entitlement/transfer.ts';
import { insertLifeNotice } from '../notifications/life-notice.ts';
import { loadActivation } from '../store/activations.ts';
import type { PurchaseRow } from '../store/schema.ts';
import { StaleRow } from '../store/stale-row.ts';
import type { PlatformDeps } from './deps.ts';
import { entitlementsOf } from './entitlement-view.ts';

export type CancellingDeps = Pick<
  PlatformDeps,
  'database' | 'catalogue' | 'clock' | 'ids' | 'engine' | 'desk'
>;

/** Why a purchase cannot be cancelled. */
export type CancelRefusal =
  | 'cancelled_before'
  | 'declined'
  | 'failed'
  /** Failed, and its money is not back yet. */
  | 'failed_unsettled'
  /** It fails just now: the money goes back anyway. */
  | 'failing'
  | 'transferred'
  | 'ended'
  | 'renewed'
  /** The service's policy. */
  | 'not_once_active';

export type Cancelled =
  /** Asked for: it ends, or the command that is under way wins. Or ended, where the service was active. */
  | { readonly kind: 'done' }
  | { readonly kind: 'not_found' }
  /** Nothing was changed. `reason` is a sentence that names what can be done instead. */
  | { readonly kind: 'refused'; readonly code: CancelRefusal; readonly reason: string };

const refused = (code: CancelRefusal, reason: string): Cancelled & { kind: 'refused' } => ({
  kind: 'refused',
  code,
  reason,
});

/** What a cancellation would do now. */
export type Cancellation =
  /** The activation stops, and the money goes back. */
  | { readonly kind: 'activation' }
  /** The active service ends, and no money moves. */
  | { readonly kind: 'service'; readonly entitlement: Entitlement }
  /** Its customer asked for it before, and a command is under way. */
  | { readonly kind: 'requested' }
  | Exclude<Cancelled, { readonly kind: 'done' }>;

/** Another process was faster; decide again. */
const triesMax = 5;

/** Cancels a purchase for its customer: before the service is active by the activation, after it by what the customer owns. */
export async function cancelPurchase(deps: CancellingDeps, purchaseId: string): Promise<Cancelled> {
  const answer = await cancelAsAgreed(deps, purchaseId, null);
  if (answer.kind === 'changed') throw new Error(`nothing was agreed about ${purchaseId}`);
  return answer;
}

/** What a customer was shown and agreed to: the money goes back, or the active service ends. */
export type Agreed = 'activation' | 'service';

/**
 * Cancels a purchase as `cancelPurchase` does, but only with the effect that the customer agreed to (null: with either).
 * `changed`: it would have the other one now, and nothing was changed.
 */
export async function cancelAsAgreed(
  deps: CancellingDeps,
  purchaseId: string,
  agreed: Agreed | null,
): Promise<Cancelled | { readonly kind: 'changed' }> {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await cancelOnce(deps, purchaseId, agreed);
      // Delivered just now: what was asked for is then the end of an active service.
      if (answer !== 'delivered') return answer;
      if (tries >= triesMax) throw new Error(`${purchaseId} is delivered again and again`);
    } catch (error) {
      if (!(error instanceof StaleRow) || tries >= triesMax) throw error;
    }
  }
}

async function cancelOnce(
  deps: CancellingDeps,
  purchaseId: string,
  agreed: Agreed | null,
): Promise<Cancelled | { readonly kind: 'changed' } | 'delivered'> {
  const purchase = await purchaseOf(deps, purchaseId);
  if (!purchase) return { kind: 'not_found' };
  const found = await cancellationOf(deps, purchase);
  if (agreed !== null && found.kind === (agreed === 'service' ? 'activation' : 'service'))
    return { kind: 'changed' };
  if (found.kind === 'service') return endService(deps, purchase, found.entitlement);
  // A request is repeated: the answer is that of the first one. What fails just now is the engine's to say.
  const isOver = found.kind === 'refused' && found.code !== 'failing';
  if (found.kind === 'not_found' || isOver) return found;
  const after = await deps.engine.cancel(purchase.activation_id);
  if (after.phase === 'active') return 'delivered';
  if (after.cancelRequestedAt !== undefined) return { kind: 'done' };
  return failing;
}

const failing = refused(
  'failing',
  'It has failed already: the money goes back, and nothing is left to cancel.',
);

function purchaseOf({ database }: Pick<CancellingDeps, 'database'>, id: string) {
  return database.reader.selectFrom('purchases').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Reads what a cancellation of a purchase would do now, and changes nothing. */
export async function readCancellation(
  deps: Pick<CancellingDeps, 'database' | 'catalogue' | 'clock'>,
  purchaseId: string,
): Promise<Cancellation> {
  const purchase = await purchaseOf(deps, purchaseId);
  return purchase ? cancellationOf(deps, purchase) : { kind: 'not_found' };
}

async function cancellationOf(
  deps: Pick<CancellingDeps, 'database' | 'catalogue' | 'clock'>,
  purchase: PurchaseRow,
): Promise<Cancellation> {
  const { reader } = deps.database;
  const stored = await loadActivation(reader, purchase.activation_id);
  if (!stored) throw new Error(`the activation of ${purchase.id} is gone`);
  const entitlement = (await entitlementsOf(reader, [purchase.id])).get(purchase.id) ?? null;
  if (entitlement !== null) return serviceCancellation(deps, purchase, entitlement);
  const { activation } = stored;
  if (finalPhases.has(activation.phase)) return whyOver(activation);
  if (isCancelRequested(activation)) return { kind: 'requested' };
  const { verdict } = transition(activation, { type: 'cancel_requested', at: deps.clock.now() });
  return verdict === 'accepted' ? { kind: 'activation' } : failing;
}

function whyOver({ phase, settlement }: Activation): Cancelled & { kind: 'refused' } {
  if (phase === 'cancelled') return refused('cancelled_before', 'It was cancelled before.');
  if (phase === 'failed' && settlement !== null && !isReversed(settlement))
    return refused(
      'failed_unsettled',
      `It has failed, and nothing is left to cancel; its money is ${settlement.status}.`,
    );
  if (phase === 'declined')
    return refused(
      'declined',
      'Its payment was declined: nothing was bought, and nothing is left to cancel.',
    );
  return refused('failed', 'It has failed: nothing was charged, and nothing is left to cancel.');
}

async function serviceCancellation(
  { database, catalogue, clock }: Pick<CancellingDeps, 'database' | 'catalogue' | 'clock'>,
  purchase: PurchaseRow,
  entitlement: Entitlement,
): Promise<Cancellation> {
  if (isTransferred(purchase))
    return refused(
      'transferred',
      'The vehicle has another owner now: the service stays with it until its end.',
    );
  if (!isInForce(entitlement, clock.now())) return refused('ended', 'The service has ended before.');
  if (await isRenewed(database.reader, entitlement))
    return refused('renewed', 'The service was renewed: cancel the newest purchase of it first.');
  if (catalogue.service(purchase.service_id)?.cancellation === 'refused')
    return refused(
      'not_once_active',
      'This service lasts as long as it was bought for; it cannot be cancelled once it is active.',
    );
  return { kind: 'service', entitlement };
}

async function endService(
  { database, catalogue, clock, desk, engine, ids }: CancellingDeps,
  purchase: PurchaseRow,
  entitlement: Entitlement,
): Promise<Cancelled> {
  const at = clock.now();
  const ended = await database.write(async (transaction) => {
    const now = await transaction
      .selectFrom('purchases')
      .select('transferred_at')
      .where('id', '=', purchase.id)
      .executeTakeFirst();
    if (now?.transferred_at !== purchase.transferred_at)
      throw new StaleRow(`the vehicle of ${purchase.id} was transferred`);
    const done = await endEntitlement(
      transaction,
      { ids, catalogue },
      entitlement,
      { type: 'cancelled', at },
      'customer',
    );
    await insertLifeNotice(transaction, { ids, settings: desk.notices }, purchase.activation_id, {
      kind: 'service_cancelled',
      at,
      occasion: entitlement.id,
    });
    return done;
  });
  desk.onRecorded();
  if ('deactivationId' in ended && ended.deactivationId !== null) await engine.begin(ended.deactivationId);
  return { kind: 'done' };
}
