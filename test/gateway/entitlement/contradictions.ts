import type { Catalogue } from '../../../gateway/catalogue/catalogue.ts';
import { diagnosticsOf } from '../../../gateway/engine/diagnostics.ts';
import {
  type ContradictionDeps,
  standardContradictions,
} from '../../../gateway/entitlement/contradiction.ts';
import { openTicket } from '../../../gateway/support/ticket-desk.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import type { Outside } from '../../helpers/engine-under-test.ts';
import { support } from '../platform/engine.ts';

/** What reconciliation does with a vehicle that contradicts itself, as the platform puts it together. */
export function contradictionsOf(
  { vehicle }: Pick<Outside, 'vehicle'>,
  { ids, catalogue }: { readonly ids: Ids; readonly catalogue: Pick<Catalogue, 'configuration'> },
): ContradictionDeps {
  const vehicleDeps = {
    vehicles: vehicle.api,
    catalogue: catalogue as Catalogue,
    modelOf: async () => 'aurora-2026',
    callbackUrl: null,
  };
  return {
    limit: standardContradictions,
    diagnose: (activation) => diagnosticsOf(vehicleDeps, activation),
    openTicket: async (transaction, ...ticket) =>
      (await openTicket(transaction, { ids, settings: support }, ...ticket)).id,
  };
}
