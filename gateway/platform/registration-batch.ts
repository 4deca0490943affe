import { createRoute } from '@hono/zod-openapi';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import { problemOf } from '../../shared/protocol/problem.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Transfer } from '../entitlement/transfer.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import {
  type BatchRow,
  readRows,
  refusedRow,
  resultsOf,
  rowResultsShape,
  rowSchema,
} from '../http/batch-rows.ts';
import { problemDoc } from '../http/problem.ts';
import type { CustomerRow, PlatformSchema, VehicleRow } from '../store/schema.ts';
import { addCustomers, customerBodySchema, customerErased, customerRow, saveCustomers } from './customer.ts';
import { noteTransfers, type RegisterDeps } from './register-routes.ts';
import { jsonAnswer, jsonBody, writeProblems } from './route.ts';
import { addVehicles, saveVehicles, vehicleBodySchema, vehicleRow } from './vehicle.ts';

export const registrationsPath = '/registrations';
/** 1,000 customers with push subscriptions and 1,000 vehicles fit. */
export const registrationsBodyBytes = 1024 * 1024;
const registrationMax = 1_000;

const customerRowSchema = customerBodySchema.safeExtend({ id: customerIdSchema });
const vehicleRowSchema = vehicleBodySchema.safeExtend({ vin: vinSchema });
type CustomerRows = BatchRow<z.infer<typeof customerRowSchema>>[];
type VehicleRows = BatchRow<z.infer<typeof vehicleRowSchema>>[];

const counts = { customers: z.int(), vehicles: z.int() };

function routeOf(app: App, { requireScope }: Authenticator) {
  const list = (name: string, schema: z.ZodType) =>
    z
      .array(rowSchema(app, name, schema))
      .max(registrationMax)
      .default([]);
  const body = z
    .strictObject({
      customers: list('CustomerRegistration', customerRowSchema),
      vehicles: list('VehicleRegistration', vehicleRowSchema),
      existing: z.enum(['replace', 'keep']).default('replace').meta({
        description:
          '`keep`: customers who are registered stay as they are, but for the address of a push subscription with the same keys; vehicles that are registered keep their owner',
      }),
    })
    .meta({ id: 'Registrations' });
  return createRoute({
    method: 'post',
    path: registrationsPath,
    tags: ['Registers'],
    summary: `Register a fleet: at most ${registrationMax} customers and as many vehicles, each row by itself`,
    description:
      'Customers and vehicles that are known are replaced, unless existing says keep. A row that is refused keeps no other from being registered: then the answer is 207 with the fate of each. Where every row is refused the answer is the problem of the first, with the fate of each in results. Needs vehicles:write and customers:write.',
    middleware: [requireScope('vehicles:write'), requireScope('customers:write')] as const,
    security: [{ oauth: ['vehicles:write', 'customers:write'] }],
    request: { body: jsonBody(body) },
    responses: {
      200: jsonAnswer('All were registered', z.object(counts)),
      207: jsonAnswer(
        'Some were refused',
        z.object({ ...counts, ...rowResultsShape }).meta({ id: 'RegistrationResults' }),
      ),
      404: problemDoc('unknown-customer, where every row was refused'),
      409: problemDoc('customer-erased, where every row was refused'),
      ...writeProblems,
    },
  });
}

/** Resolves with those of these customers that are registered, and when each was erased. */
async function knownCustomers(
  database: Kysely<PlatformSchema>,
  ids: ReadonlySet<string>,
): Promise<Map<string, number | null>> {
  if (ids.size === 0) return new Map();
  const rows = await database
    .selectFrom('customers')
    .select(['id', 'erased_at'])
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, erased_at }) => [id, erased_at]));
}

const valuesOf = <Value>(rows: readonly BatchRow<Value>[]) => rows.flatMap(({ value }) => value ?? []);

function judgeCustomers(rows: CustomerRows, known: ReadonlyMap<string, number | null>): CustomerRows {
  return rows.map((row) =>
    row.value !== null && (known.get(row.value.id) ?? null) !== null
      ? refusedRow(row, customerErased(row.value.id).problem)
      : row,
  );
}

function judgeVehicles(
  rows: VehicleRows,
  known: ReadonlyMap<string, number | null>,
  registered: ReadonlySet<string>,
): VehicleRows {
  return rows.map((row) => {
    const customerId = row.value?.customerId ?? null;
    if (customerId === null || registered.has(customerId)) return row;
    if ((known.get(customerId) ?? null) !== null) return refusedRow(row, customerErased(customerId).problem);
    if (known.has(customerId)) return row;
    const pointer = `${row.pointer}/customerId`;
    const errors = [{ in: 'body', pointer, message: 'no customer has this id' }];
    const detail = `No customer has the id ${customerId}.`;
    return refusedRow(row, problemOf('unknown-customer', detail, { customerId, errors }));
  });
}

interface SavedRows {
  readonly customers: readonly CustomerRow[];
  readonly vehicles: readonly VehicleRow[];
}

/** Resolves with the vehicles that have another owner by it. */
async function save(
  transaction: Transaction<PlatformSchema>,
  deps: RegisterDeps,
  { customers, vehicles }: SavedRows,
  { at, keepsExisting }: { readonly at: number; readonly keepsExisting: boolean },
): Promise<Transfer[]> {
  if (customers.length > 0) await (keepsExisting ? addCustomers : saveCustomers)(transaction, customers);
  if (vehicles.length === 0) return [];
  if (!keepsExisting) return await saveVehicles(transaction, deps, vehicles, at);
  await addVehicles(transaction, vehicles);
  return [];
}

/** `POST /registrations`: customers and vehicles, each row by itself. */
export function mountRegistrations(app: App, deps: RegisterDeps, authenticator: Authenticator): void {
  const { database, clock } = deps;
  app.openapi(routeOf(app, authenticator), async (context) => {
    const body = context.req.valid('json');
    const at = clock.now();
    const sent = {
      customers: readRows(
        'customers',
        customerRowSchema,
        { key: 'id', schema: customerIdSchema },
        body.customers,
      ),
      vehicles: readRows('vehicles', vehicleRowSchema, { key: 'vin', schema: vinSchema }, body.vehicles),
    };
    const done = await database.write(async (transaction) => {
      const ids = valuesOf(sent.customers).map(({ id }) => id);
      const owners = valuesOf(sent.vehicles).flatMap(({ customerId }) => customerId ?? []);
      const known = await knownCustomers(transaction, new Set([...ids, ...owners]));
      const customerRows = judgeCustomers(sent.customers, known);
      // The last entry of an id wins: one statement must not touch a row twice (PostgreSQL refuses it).
      const customers = new Map(
        valuesOf(customerRows).map(({ id, ...rest }) => [id, customerRow(id, rest, at)]),
      );
      const vehicleRows = judgeVehicles(sent.vehicles, known, new Set(customers.keys()));
      const vehicles = new Map(
        valuesOf(vehicleRows).map(({ vin, ...rest }) => [vin, vehicleRow(vin, rest, at)]),
      );
      const results = resultsOf([...customerRows, ...vehicleRows]);
      const rows = { customers: [...customers.values()], vehicles: [...vehicles.values()] };
      const transfers = await save(transaction, deps, rows, { at, keepsExisting: body.existing === 'keep' });
      return { registered: { customers: customers.size, vehicles: vehicles.size }, results, transfers };
    });
    noteTransfers(deps, done.transfers);
    const { registered, results } = done;
    return results === null ? context.json(registered, 200) : context.json({ ...registered, results }, 207);
  });
}
