import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Activation } from '../activation/activation.ts';
import type { PlatformSchema } from '../store/schema.ts';

/**
 * What may strike many vehicles at once, or null for a cause that is the vehicle's own: it is offline, lacks the feature,
 * or does not answer.
 */
export function causeOf({ failure, serviceId }: Pick<Activation, 'failure' | 'serviceId'>): string | null {
  switch (failure?.category) {
    case 'authorization_failure':
    case 'api_iot_error':
    case 'transient_network':
      return failure.category;
    case 'invalid_configuration':
      // A wrong template affects every customer of the service.
      return `${failure.category}:${serviceId}`;
    default:
      return null;
  }
}

/**
 * The incident of a ticket that opens now: that of the last ticket with this cause, unless it is too long ago. The second
 * ticket makes the incident.
 */
export async function incidentOf(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  cause: string | null,
  since: number,
): Promise<string | null> {
  if (cause === null) return null;
  const last = await transaction
    .selectFrom('tickets')
    .select(['id', 'incident_id'])
    .where('cause', '=', cause)
    .where('opened_at', '>=', since)
    .orderBy('opened_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return null;
  if (last.incident_id !== null) return last.incident_id;
  const id = ids.next('inc');
  await transaction.updateTable('tickets').set({ incident_id: id }).where('id', '=', last.id).execute();
  return id;
}
