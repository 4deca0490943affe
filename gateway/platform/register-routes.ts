import { createRoute } from '@hono/zod-openapi';
import type { Transfer } from '../entitlement/transfer.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { problemDoc } from '../http/problem.ts';
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
import { saveVehicles, vehicleBodySchema, vehicleRow } from './vehicle.ts';
import { readVehicle, vehicleSchema } from './vehicle-view.ts';

export type RegisterDeps = Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'log' | 'desk'>;

function mountCustomers(app: App, deps: RegisterDeps, { requireScope }: Authenticator): void {
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

function mountVehicles(app: App, deps: RegisterDeps, { requireScope }: Authenticator): void {
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

export function noteTransfers({ log, desk }: RegisterDeps, transfers: readonly Transfer[]): void {
  for (const { vin } of transfers) log.info('platform.vehicle_transferred', { vin });
  if (transfers.length > 0) desk.onRecorded();
}

/** Customers and vehicles, one by one. */
export function mountRegisters(app: App, deps: RegisterDeps, authenticator: Authenticator): void {
  mountCustomers(app, deps, authenticator);
  mountVehicles(app, deps, authenticator);
}
