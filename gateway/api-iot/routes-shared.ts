import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { problemError } from '../http/problem.ts';

export const scopes = {
  'vehicle:configure': 'Send configuration commands',
  'vehicle:read': 'Read status, health and history',
  'vehicle:provision': 'Register vehicles and their credentials',
  'callbacks:operate': 'List, replay and drop callbacks that were given up',
} as const;

/** What tokens of an outside issuer that name a role may reach; our own clients here have none. */
export const roleScopes = {
  service: Object.keys(scopes),
  support: ['vehicle:read'],
  operator: ['vehicle:read', 'callbacks:operate'],
} as const;

export const vinParameters = z.object({ vin: vinSchema });

export const jsonBody = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

export function unknownVehicle(vin: string) {
  return problemError('unknown-vehicle', `No vehicle with the VIN ${vin} is registered here.`, { vin });
}
