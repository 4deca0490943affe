import type { Activation } from '../activation/activation.ts';
import { finalPhases } from '../activation/phase.ts';
import { isReversed } from '../activation/settlement.ts';
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

export type Cancelled =
  /** Asked for: it ends, or the command that is under way wins. Or ended, where the service was active. */
  | { readonly kind: 'done' }
  | { readonly kind: 'not_found' }
  /** Nothing was changed. `reason` is a sentence that names what can be done instead. */
  | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): Cancelled => ({ kind: 'refused', reason });

/** Another process was faster; decide again. */
const triesMax = 5;

/** Cancels a purchase for its customer: before the service is active by the activation, after it by what the customer owns. */
export async function cancelPurchase(deps: CancellingDeps, purchaseId: string): Promise<Cancelled> {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await cancelOnce(deps, purchaseId);
      // Delivered just now: what was asked for is then the end of an active service.
      if (answer !== 'delivered') return answer;
      if (tries >= triesMax) throw new Error(`${purchaseId} is delivered again and again`);
    } catch (error) {
      if (!(error instanceof StaleRow) || tries >= triesMax) throw error;
    }
  }
}

async function cancelOnce(deps: CancellingDeps, purchaseId: string): Promise<Cancelled | 'delivered'> {
  const { reader } = deps.database;
  const purchase = await reader
    .selectFrom('purchases')
    .selectAll()
    .where('id', '=', purchaseId)
    .executeTakeFirst();
  if (!purchase) return { kind: 'not_found' };
  const stored = await loadActivation(reader, purchase.activation_id);
  if (!stored) throw new Error(`the activation of ${purchaseId} is gone`);
  const entitlement = (await entitlementsOf(reader, [purchaseId])).get(purchaseId) ?? null;
  if (entitlement !== null) return cancelService(deps, purchase, entitlement);
  if (finalPhases.has(stored.activation.phase)) return refused(whyOver(stored.activation));
  const after = await deps.engine.cancel(purchase.activation_id);
  if (after.phase === 'active') return 'delivered';
  if (after.cancelRequestedAt !== undefined) return { kind: 'done' };
  return refused('It has failed already: the money goes back, and nothing is left to cancel.');
}

function whyOver({ phase, settlement }: Activation): string {
  if (phase === 'cancelled') return 'It was cancelled before.';
  if (phase === 'failed' && settlement !== null && !isReversed(settlement))
    return `It has failed, and nothing is left to cancel; its money is ${settlement.status}.`;
  if (phase === 'declined')
    return 'Its payment was declined: nothing was bought, and nothing is left to cancel.';
  return 'It has failed: nothing was charged, and nothing is left to cancel.';
}

async function cancelService(
  deps: CancellingDeps,
  purchase: PurchaseRow,
  entitlement: Entitlement,
): Promise<Cancelled> {
  const { database, catalogue, clock, desk, engine, ids } = deps;
  const at = clock.now();
  if (isTransferred(purchase))
    return refused('The vehicle has another owner now: the service stays with it until its end.');
  if (!isInForce(entitlement, at)) return refused('The service has ended before.');
  if (await isRenewed(database.reader, entitlement))
    return refused('The service was renewed: cancel the newest purchase of it first.');
  if (catalogue.service(purchase.service_id)?.cancellation === 'refused')
    return refused(
      'This service lasts as long as it was bought for; it cannot be cancelled once it is active.',
    );
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
