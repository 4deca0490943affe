import type { Catalogue } from '../../../gateway/catalogue/catalogue.ts';
import { reconcileVehicle } from '../../../gateway/entitlement/reconciliation.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { vin } from '../../helpers/engine-under-test.ts';
import { catalogue as shipped } from '../../helpers/ticket-samples.ts';
import { contradictionsOf } from '../entitlement/contradictions.ts';
import type { Flow } from './flow.ts';

/** The orders of these tests name the service as its feature. */
const catalogue: Catalogue = {
  ...shipped,
  services: () =>
    shipped.services().flatMap((one) => (one.id === 'heated-seats' ? [{ ...one, id: 'heated_seats' }] : [])),
  configuration: (serviceId, model) => shipped.configuration(serviceId.replace('_', '-'), model),
};

/** One look at the vehicle, by reconciliation: how many activations free of charge it made. */
export async function look({ outside, engine }: Flow): Promise<number> {
  const { database, clock, vehicle } = outside;
  const ids = systemIds();
  const contradictions = contradictionsOf(outside, { ids, catalogue });
  const deps = { database, clock, ids, catalogue, vehicles: vehicle.api, contradictions };
  const { begun } = await reconcileVehicle(deps, vin);
  for (const id of begun) await engine.begin(id);
  await clock.advance(60_000);
  return begun.length;
}
