import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import type { PlatformScope } from './scopes.ts';

export const vinParameters = z.object({ vin: vinSchema });

/** Our own identifiers. */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, hyphens and underscores');
export const idParameters = z.object({ id: idSchema });
export const customerParameters = z.object({ id: customerIdSchema });

export const jsonAnswer = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

export const locationHeader = {
  description: 'Path of what was made',
  schema: { type: 'string' as const },
};

export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** What every route with a scope has in common: `...scoped(requireScope, 'purchases:read')`. */
export const scoped = (requireScope: Authenticator['requireScope'], scope: PlatformScope) => ({
  middleware: requireScope(scope),
  security: securityFor(scope),
});

export const readProblems = {
  401: problemDoc('unauthorized'),
  403: problemDoc('missing-scope'),
  422: problemDoc('invalid-request'),
};

export const writeProblems = {
  ...readProblems,
  400: problemDoc('malformed-request'),
  413: problemDoc('body-too-large'),
  415: problemDoc('unsupported-media-type'),
};

export function unknownVehicle(vin: string) {
  return problemError('unknown-vehicle', `No vehicle with the VIN ${vin} is registered here.`, { vin });
}

/** Problem of an unknown customer id: register the customer first. */
export function unregisteredCustomer(customerId: string) {
  return unknownCustomer(customerId, 'Register the customer first.');
}

/** They were to be shown, exported or erased: only another id helps. */
export function unknownCustomer(customerId: string, fix = 'Check the id: purchases name it as customerId.') {
  return problemError('unknown-customer', `No customer has the id ${customerId}. ${fix}`, { customerId });
}

export function notFound(kind: string, id: string) {
  return problemError('not-found', `There is no ${kind} ${id}.`);
}
