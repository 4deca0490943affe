import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Transfer } from '../entitlement/transfer.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import {
  customerBodySchema,
  customerResource,
  customerRow,
  customerSchema,
  findCustomer,
  refuseErased,
  saveCustomers,
} from './customer.ts';
import type { PlatformDeps } from './deps.ts';
import { isFor, ownerOf } from './ownership.ts';
import {
  customerParameters,
  jsonAnswer,
  jsonBody,
  readProblems,
  scoped,
  unknownCustomer,
  unknownVehicle,
  unregisteredCustomer,
  vinParameters,
  writeProblems,
} from './route.ts';
import { missingCustomers, saveVehicles, vehicleBodySchema, vehicleRow } from './vehicle.ts';
import { readVehicle, vehicleSchema } from './vehicle-view.ts';

type Deps = Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'log' | 'desk'>;

export const registrationsPath = '/registrations';
/** 1,000 customers with push subscriptions and 1,000 vehicles fit. */
export const registrationsBodyBytes = 1024 * 1024;
const registrationMax = 1_000;

function mountCustomers(app: App, deps: Deps, { requireScope }: Authenticator): void {
  const { database, clock } = deps;
  const write = createRoute({
    method: 'put',
    path: '/customers/{id}',
    tags: ['Registers'],
    summary: 'Register a customer, or replace what is known of one',
    ...scoped(requireScope, 'customers:write'),
    request: { params: customerParameters, body: jsonBody(customerBodySchema) },
    responses: {
      200: jsonAnswer('Replaced', customerSchema),
      201: jsonAnswer('Registered', customerSchema),
      404: problemDoc("unknown-customer, for a customer's token that is another's"),
      409: problemDoc('customer-erased'),
      ...writeProblems,
    },
  });
  const read = createRoute({
    method: 'get',
    path: '/customers/{id}',
    tags: ['Registers'],
    summary: 'A customer',
    ...scoped(requireScope, 'customers:read'),
    request: { params: customerParameters },
    responses: {
      200: jsonAnswer('The customer', customerSchema),
      404: problemDoc('unknown-customer'),
      ...readProblems,
    },
  });
  app.openapi(write, async (context) => {
    const { id } = context.req.valid('param');
    if (!isFor(ownerOf(context), id)) throw unknownCustomer(id);
    const row = customerRow(id, context.req.valid('json'), clock.now());
    const before = await database.write(async (transaction) => {
      await refuseErased(transaction, [id]);
      const known = await findCustomer(transaction, id);
      await saveCustomers(transaction, [row]);
      return known;
    });
    const created_at = before?.created_at ?? row.created_at;
    return context.json(customerResource({ ...row, created_at }), before === null ? 201 : 200);
  });
  app.openapi(read, async (context) => {
    const { id } = context.req.valid('param');
    const row = await findCustomer(database.reader, id);
    if (row === null || !isFor(ownerOf(context), id)) throw unknownCustomer(id);
    return context.json(customerResource(row), 200);
  });
}

function mountVehicles(app: App, deps: Deps, { requireScope }: Authenticator): void {
  const { database, clock } = deps;
  const write = createRoute({
    method: 'put',
    path: '/vehicles/{vin}',
    tags: ['Registers'],
    summary: 'Register a vehicle, or replace what is known of one',
    description:
      'Another customerId than the last transfers the vehicle: what is owned on it stays with it until its end and belongs to its new owner, no money moves, and the old owner controls and reads nothing of it any more. Without a customerId nothing is transferred.',
    ...scoped(requireScope, 'vehicles:write'),
    request: { params: vinParameters, body: jsonBody(vehicleBodySchema) },
    responses: {
      200: jsonAnswer('Replaced', vehicleSchema),
      201: jsonAnswer('Registered', vehicleSchema),
      404: problemDoc('unknown-customer'),
      409: problemDoc('customer-erased'),
      ...writeProblems,
    },
  });
  const read = createRoute({
    method: 'get',
    path: '/vehicles/{vin}',
    tags: ['Registers'],
    summary: 'A vehicle and the services on it',
    ...scoped(requireScope, 'vehicles:read'),
    request: { params: vinParameters },
    responses: {
      200: jsonAnswer('The vehicle', vehicleSchema),
      404: problemDoc('unknown-vehicle'),
      ...readProblems,
    },
  });
  app.openapi(write, async (context) => {
    const { vin } = context.req.valid('param');
    const at = clock.now();
    const row = vehicleRow(vin, context.req.valid('json'), at);
    const { existed, transfers } = await database.write(async (transaction) => {
      const { customer_id: customerId } = row;
      if (customerId !== null && (await findCustomer(transaction, customerId)) === null) {
        throw unregisteredCustomer(customerId);
      }
      if (customerId !== null) await refuseErased(transaction, [customerId]);
      const known = await transaction.selectFrom('vehicles').select('vin').where('vin', '=', vin).execute();
      return { existed: known.length > 0, transfers: await saveVehicles(transaction, deps, [row], at) };
    });
    noteTransfers(deps, transfers);
    const vehicle = await readVehicle(deps, vin, null);
    if (vehicle === null) throw new Error(`the vehicle ${vin} was saved and is not there`);
    return context.json(vehicle, existed ? 200 : 201);
  });
  app.openapi(read, async (context) => {
    const { vin } = context.req.valid('param');
    const vehicle = await readVehicle(deps, vin, ownerOf(context));
    if (vehicle === null) throw unknownVehicle(vin);
    return context.json(vehicle, 200);
  });
}

function noteTransfers({ log, desk }: Deps, transfers: readonly Transfer[]): void {
  for (const { vin } of transfers) log.info('platform.vehicle_transferred', { vin });
  if (transfers.length > 0) desk.onRecorded();
}

const registrationsSchema = z
  .strictObject({
    customers: z
      .array(customerBodySchema.safeExtend({ id: customerIdSchema }))
      .max(registrationMax)
      .default([]),
    vehicles: z
      .array(vehicleBodySchema.safeExtend({ vin: vinSchema }))
      .max(registrationMax)
      .default([]),
  })
  .meta({ id: 'Registrations' });

function mountRegistrations(app: App, deps: Deps, { requireScope }: Authenticator): void {
  const { database, clock } = deps;
  const route = createRoute({
    method: 'post',
    path: registrationsPath,
    tags: ['Registers'],
    summary: `Register a fleet: at most ${registrationMax} customers and as many vehicles, all or nothing`,
    description:
      'Customers and vehicles that are known are replaced. Needs vehicles:write and customers:write.',
    middleware: [requireScope('vehicles:write'), requireScope('customers:write')] as const,
    security: [{ oauth: ['vehicles:write', 'customers:write'] }],
    request: { body: jsonBody(registrationsSchema) },
    responses: {
      200: jsonAnswer('Registered', z.object({ customers: z.int(), vehicles: z.int() })),
      404: problemDoc('unknown-customer'),
      409: problemDoc('customer-erased'),
      ...writeProblems,
    },
  });
  app.openapi(route, async (context) => {
    const body = context.req.valid('json');
    const at = clock.now();
    // The last entry of an id wins: one statement must not touch a row twice (PostgreSQL refuses it).
    const customers = new Map(body.customers.map(({ id, ...rest }) => [id, customerRow(id, rest, at)]));
    const vehicles = new Map(body.vehicles.map(({ vin, ...rest }) => [vin, vehicleRow(vin, rest, at)]));
    const owners = new Set(
      [...vehicles.values()].map((row) => row.customer_id).filter((id) => id !== null && !customers.has(id)),
    ) as Set<string>;
    const transfers = await database.write(async (transaction) => {
      await refuseErased(transaction, [...customers.keys(), ...owners]);
      const missing = await missingCustomers(transaction, owners);
      const index = body.vehicles.findIndex(({ customerId }) => missing.has(customerId ?? ''));
      const customerId = body.vehicles[index]?.customerId;
      if (customerId) throw unknownOwner(index, customerId);
      if (customers.size > 0) await saveCustomers(transaction, [...customers.values()]);
      return vehicles.size > 0 ? saveVehicles(transaction, deps, [...vehicles.values()], at) : [];
    });
    noteTransfers(deps, transfers);
    return context.json({ customers: customers.size, vehicles: vehicles.size }, 200);
  });
}

function unknownOwner(index: number, customerId: string) {
  const errors = [
    { in: 'body', pointer: `/vehicles/${index}/customerId`, message: 'no customer has this id' },
  ];
  return problemError('unknown-customer', `No customer has the id ${customerId}. Nothing was registered.`, {
    customerId,
    errors,
  });
}

/** Customers and vehicles, one by one or a fleet at a time. */
export function mountRegisters(app: App, deps: Deps, authenticator: Authenticator): void {
  mountCustomers(app, deps, authenticator);
  mountVehicles(app, deps, authenticator);
  mountRegistrations(app, deps, authenticator);
}
