import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import {
  deleteParked,
  findParked,
  type ParkedEvent,
  requestReplay,
  switchWebhookOn,
} from './webhook-store.ts';

interface Action {
  /** As the history names it: `operator:CLIENT`. */
  readonly actor: string;
  readonly at: number;
}

/**
 * Sends a parked webhook event again, or drops it, and writes that to the purchase's history. Resolves with the event as it was, or
 * null: none with this id is parked. Wake the webhook after the commit.
 */
export async function actOnParkedEvent(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  id: string,
  action: 'replay' | 'drop',
  { actor, at }: Action,
): Promise<ParkedEvent | null> {
  const parked = await findParked(transaction, id);
  if (parked === null) return null;
  if (action === 'replay') await requestReplay(transaction, id, at);
  else await deleteParked(transaction, id);
  const line = await transaction
    .selectFrom('record')
    .select(['purchase_id', 'activation_id'])
    .where('id', '=', id)
    .executeTakeFirst();
  await appendRecord(transaction, ids, [
    {
      purchaseId: line?.purchase_id ?? null,
      activationId: line?.activation_id ?? null,
      at,
      type: action === 'replay' ? 'webhook.replayed' : 'webhook.dropped',
      actor,
      data: { eventId: id, eventType: parked.type, ticketId: parked.ticket_id },
    },
  ]);
  return parked;
}

/** Switches the webhook on again after a 410. Resolves with whether it was off. Wake the webhook after the commit. */
export async function resumeWebhook(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  { actor, at }: Action,
): Promise<boolean> {
  if (!(await switchWebhookOn(transaction))) return false;
  await appendRecord(transaction, ids, [
    { purchaseId: null, activationId: null, at, type: 'webhook.resumed', actor, data: {} },
  ]);
  return true;
}
