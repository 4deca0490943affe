import type { Kysely } from 'kysely';
import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import type { ApiIotSchema, VehicleRow } from './store/schema.ts';
import { findVehicle } from './store/vehicles.ts';

export const scopes = {
  'vehicle:configure': 'Send configuration commands',
  'vehicle:read': 'Read status, health and history',
  'vehicle:provision': 'Register vehicles and their credentials',
  'callbacks:operate': 'List, replay and drop callbacks that were given up',
  'metrics:read': 'Read the metrics',
} as const;

/** What tokens of an outside issuer that name a role may reach; our own clients here have none. */
export const roleScopes = {
  service: Object.keys(scopes),
  support: ['vehicle:read'],
  operator: ['vehicle:read', 'callbacks:operate', 'metrics:read'],
} as const;

export const vinParameters = z.object({ vin: vinSchema });

export const jsonBody = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A route that reads, with the scope `vehicle:read`. */
export function readRoute<
  P extends string,
  R extends { readonly params?: z.ZodObject; readonly query?: z.ZodObject },
  S extends z.ZodType,
>(
  requireScope: Authenticator['requireScope'],
  options: { readonly path: P; readonly summary: string; readonly request: R; readonly schema: S },
) {
  return {
    method: 'get' as const,
    path: options.path,
    tags: ['Vehicle'],
    summary: options.summary,
    middleware: requireScope('vehicle:read'),
    security: securityFor('vehicle:read'),
    request: options.request,
    responses: {
      200: jsonBody(options.summary, options.schema),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      404: problemDoc('unknown-vehicle, not-found'),
      422: problemDoc('invalid-request'),
    },
  };
}

/** Returns a vehicle that is registered here. Throws 404 otherwise. */
export async function requireVehicle(reader: Kysely<ApiIotSchema>, vin: string): Promise<VehicleRow> {
  const vehicle = await findVehicle(reader, vin);
  if (vehicle === null) throw unknownVehicle(vin);
  return vehicle;
}

export function unknownVehicle(vin: string) {
  return problemError('unknown-vehicle', `No vehicle with the VIN ${vin} is registered here.`, { vin });
}
