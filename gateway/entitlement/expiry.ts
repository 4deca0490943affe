import type { Database } from '../../shared/ports/database.ts';
import { loadEntitlement } from '../store/entitlements.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { EntitlementDeps } from './deps.ts';
import { endEntitlement } from './end.ts';
import { moveEntitlement } from './entitlement.ts';

const entitlementId = /^ent_/;

/** Whether a wake-up is for an entitlement; every other is for an activation. */
export function isEntitlementId(id: string): boolean {
  return entitlementId.test(id);
}

/**
 * Ends an entitlement whose time is over; a repeat, or a wake-up that comes too early, does nothing. Resolves with the ids of
 * the activations that were created and need a wake-up, or null when there is no such entitlement.
 */
export async function expire(
  deps: EntitlementDeps & { readonly database: Database<PlatformSchema> },
  id: string,
  at: number,
): Promise<string[] | null> {
  const event = { type: 'time_passed', at } as const;
  const known = await loadEntitlement(deps.database.reader, id);
  if (known === null) return null;
  if (moveEntitlement(known, event).verdict === 'ignored') return [];
  return deps.database.write(async (transaction) => {
    const entitlement = (await loadEntitlement(transaction, id)) ?? known;
    const ended = await endEntitlement(transaction, deps, entitlement, event, 'engine');
    return 'ignored' in ended || ended.deactivationId === null ? [] : [ended.deactivationId];
  });
}
