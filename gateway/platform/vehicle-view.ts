import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Entitlement } from '../entitlement/entitlement.ts';
import { entitlementOf } from '../store/entitlements.ts';
import type { PlatformDeps } from './deps.ts';
import { entitlementSchema, entitlementView } from './entitlement-view.ts';
import { isFor, type Owner } from './ownership.ts';
import { serviceStatus, serviceStatusSchema } from './service-status.ts';
import { findVehicle } from './vehicle.ts';

/** A vehicle's newest purchases that are looked at for what it has; a catalogue has far fewer services. */
const purchaseMax = 200;

const ownedServiceSchema = z
  .object({
    serviceId: z.string(),
    feature: z.string(),
    status: serviceStatusSchema,
    /** The newest purchase of the service; null for what was given without one, and to a customer for another's. */
    purchaseId: z.string().nullable(),
    entitlement: entitlementSchema.nullable(),
  })
  .meta({ id: 'OwnedService' });
type OwnedService = z.infer<typeof ownedServiceSchema>;

export const vehicleSchema = z
  .object({
    vin: vinSchema,
    model: z.string(),
    modelName: z.string(),
    customerId: z.string().nullable(),
    registeredAt: z.int(),
    services: z.array(ownedServiceSchema),
  })
  .meta({ id: 'Vehicle' });
export type Vehicle = z.infer<typeof vehicleSchema>;

type Deps = Pick<PlatformDeps, 'database' | 'clock'>;

async function newestPurchases({ database }: Deps, vin: string) {
  const rows = await database.reader
    .selectFrom('purchases as p')
    .leftJoin('tickets as t', 't.activation_id', 'p.activation_id')
    .select(['p.id', 'p.customer_id', 'p.service_id', 'p.feature', 'p.status', 't.status as ticket_status'])
    .where('p.vin', '=', vin)
    .orderBy('p.created_at', 'desc')
    .orderBy('p.id', 'desc')
    .limit(purchaseMax)
    .execute();
  const sold = rows.filter((row) => row.status !== 'declined');
  return sold.filter(
    (row, index) => sold.findIndex((other) => other.service_id === row.service_id) === index,
  );
}

/** Those in force, in the order in which they begin: a renewal after what it renews. */
async function entitlementsNow({ database, clock }: Deps, vin: string): Promise<Entitlement[]> {
  const now = clock.now();
  const rows = await database.reader
    .selectFrom('entitlements')
    .selectAll()
    .where('vin', '=', vin)
    .where('ended_at', 'is', null)
    .where((where) => where.or([where('valid_until', 'is', null), where('valid_until', '>', now)]))
    .orderBy('feature')
    .limit(purchaseMax)
    .execute();
  return rows.map(entitlementOf).sort((left, right) => left.validFrom - right.validFrom);
}

async function ownedServices(deps: Deps, vin: string, owner: Owner): Promise<OwnedService[]> {
  // In this order: what becomes active between the two reads has its entitlement by the second.
  const purchases = await newestPurchases(deps, vin);
  const entitlements = await entitlementsNow(deps, vin);
  const owned = new Map<string, OwnedService>();
  for (const { id, customer_id, service_id, feature, status, ticket_status } of purchases) {
    const isOwned = entitlements.some((one) => one.serviceId === service_id);
    const known = serviceStatus(status, ticket_status, isOwned);
    if (known === null) continue;
    const entry = { serviceId: service_id, feature, status: known };
    owned.set(service_id, { ...entry, purchaseId: isFor(owner, customer_id) ? id : null, entitlement: null });
  }
  for (const entitlement of entitlements) {
    const { serviceId, feature } = entitlement;
    const known = owned.get(serviceId) ?? { serviceId, feature, status: 'active', purchaseId: null };
    owned.set(serviceId, { ...known, entitlement: entitlementView(entitlement) });
  }
  return [...owned.values()].sort((left, right) => (left.serviceId < right.serviceId ? -1 : 1));
}

/**
 * Returns a vehicle with one entry per service bought or granted for it; null for an unregistered VIN, or one that is not
 * the owner's. Services that other customers bought for the vehicle are listed without their purchase.
 */
export async function readVehicle(deps: Deps, vin: string, owner: Owner): Promise<Vehicle | null> {
  const row = await findVehicle(deps.database.reader, vin);
  if (row === null || !isFor(owner, row.customer_id)) return null;
  return {
    vin,
    model: row.model,
    modelName: row.model_name,
    customerId: row.customer_id,
    registeredAt: row.registered_at,
    services: await ownedServices(deps, vin, owner),
  };
}
