import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { type Problem, problemOf } from '../../shared/protocol/problem.ts';
import { plainTextSchema } from '../../shared/protocol/text-schema.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { App } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import {
  type BatchRow,
  type RowResult,
  readRows,
  refusedRow,
  resultsOf,
  rowResultsShape,
  rowSchema,
} from '../http/batch-rows.ts';
import { problemDoc } from '../http/problem.ts';
import type { ApiIotConfig } from './config.ts';
import { jsonBody } from './routes-shared.ts';
import type { ApiIotSchema, VehicleRow } from './store/schema.ts';
import { claimVehicles, type KnownVehicle, listKnown, saveVehicles } from './store/vehicles.ts';
import type { TelemetryStore } from './telemetry.ts';
import { knownTwin, lastSeenAt } from './twin.ts';
import { checkVins } from './vin-policy.ts';

/** 1,000 vehicles fit. */
export const provisioningPath = '/provisioning/vehicles';
export const provisioningBodyBytes = 512 * 1024;

const vehicleSchema = z.object({
  vin: vinSchema,
  model: plainTextSchema(64),
  credentialDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "SHA-256 of the vehicle's token, 64 lower-case hex digits"),
});

const connectedSchema = z
  .object({
    vin: z.string(),
    lastSeenAt: z.int().nullable().meta({ description: 'When its last message came; null before the first' }),
  })
  .meta({ id: 'ConnectedVehicle' });

const provisionedShape = {
  provisioned: z.int(),
  connected: z.array(connectedSchema).optional().meta({
    description: 'With `"existing": "refuse"`: vehicles with these credentials that are connected now',
  }),
};

const route = (app: App, requireScope: Authenticator['requireScope']) => {
  const row = rowSchema(app, 'VehicleCredential', vehicleSchema);
  const body = z.object({
    vehicles: z.array(row).min(1).max(1_000),
    existing: z.enum(['replace', 'refuse']).default('replace').meta({
      description:
        '`refuse`: a vehicle that is registered with another credential is refused as vehicle-held, and stays as it is',
    }),
    registeredBy: plainTextSchema(200)
      .nullable()
      .default(null)
      .meta({ description: 'Who registers, for the error of a client that is refused these vehicles' }),
    dryRun: z.boolean().default(false).meta({ description: 'Answers the same, and changes nothing' }),
  });
  return createRoute({
    method: 'post',
    path: provisioningPath,
    tags: ['Provisioning'],
    summary: 'Register vehicles, each row by itself; known ones get the new model and credential',
    description:
      'A row that is refused keeps no other from being registered: then the answer is 207 with the fate of each. Where every row is refused the answer is the problem of the first, with the fate of each in results.',
    middleware: requireScope('vehicle:provision'),
    security: securityFor('vehicle:provision'),
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: {
      200: jsonBody('All were registered', z.object(provisionedShape)),
      207: jsonBody(
        'Some were refused',
        z.object({ ...provisionedShape, ...rowResultsShape }).meta({ id: 'ProvisioningResults' }),
      ),
      400: problemDoc('malformed-request'),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      409: problemDoc('vehicle-held, where every row was refused'),
      413: problemDoc('body-too-large'),
      415: problemDoc('unsupported-media-type'),
      422: problemDoc('invalid-request, for the body or where every row was refused'),
    },
  });
};

export interface ProvisioningDeps {
  readonly database: Database<ApiIotSchema>;
  readonly log: Log;
  readonly telemetry: Pick<TelemetryStore, 'find'>;
  readonly checkDigit: ApiIotConfig['checkDigit'];
  /** Called once the new password is durable. */
  readonly onCredentialReplaced: (vin: string) => void;
}

export function mountProvisioning(app: App, deps: ProvisioningDeps, { requireScope }: Authenticator): void {
  app.openapi(route(app, requireScope), async (context) => {
    const { vehicles, existing, registeredBy, dryRun } = context.req.valid('json');
    const read = readRows('vehicles', vehicleSchema, { key: 'vin', schema: vinSchema }, vehicles);
    const checked = checkVins(read, deps.checkDigit, deps.log);
    // The last entry of a VIN wins: one statement must not touch a row twice (PostgreSQL refuses it).
    const rows = new Map(
      checked.flatMap(({ value }) =>
        value === null
          ? []
          : [
              [
                value.vin as string,
                {
                  ...{ vin: value.vin, model: value.model, credential_digest: value.credentialDigest },
                  registered_by: registeredBy,
                },
              ],
            ],
      ),
    );
    if (existing === 'replace') {
      const results = resultsOf(checked);
      if (!dryRun) await replaceVehicles(deps, [...rows.values()]);
      return answer(context, { provisioned: rows.size }, results);
    }
    const { held, connected } = await claimAll(deps, [...rows.values()], dryRun);
    const results = resultsOf(checked.map((row) => (row.value === null ? row : refusedIfHeld(row, held))));
    return answer(context, { provisioned: rows.size - held.size, connected }, results);
  });
}

function answer<Counts>(context: Context, counts: Counts, results: RowResult[] | null) {
  return results === null ? context.json(counts, 200) : context.json({ ...counts, results }, 207);
}

async function replaceVehicles(
  { database, onCredentialReplaced }: ProvisioningDeps,
  rows: readonly VehicleRow[],
): Promise<void> {
  const replaced = await database.write((transaction) => saveVehicles(transaction, rows));
  for (const vin of replaced) onCredentialReplaced(vin);
}

interface Connected {
  readonly vin: string;
  readonly lastSeenAt: number | null;
}

/** Registers the vehicles that are not known with another credential; `held` are the others, each with the problem of its row. */
async function claimAll(
  deps: ProvisioningDeps,
  rows: readonly VehicleRow[],
  isDryRun: boolean,
): Promise<{ readonly held: ReadonlyMap<string, Problem>; readonly connected: readonly Connected[] }> {
  const { database } = deps;
  if (rows.length === 0) return { held: new Map(), connected: [] };
  if (!isDryRun) await database.write((transaction) => claimVehicles(transaction, rows));
  const known = await listKnown(
    database.reader,
    rows.map(({ vin }) => vin),
  );
  const digests = new Map(rows.map(({ vin, credential_digest }) => [vin, credential_digest]));
  const held = new Map<string, Problem>();
  const connected: Connected[] = [];
  for (const vehicle of known) {
    const { vin, isConnected } = vehicle;
    const isOther = vehicle.credential_digest !== digests.get(vin);
    if (!isOther && !isConnected) continue;
    const lastSeenAt = await lastSeen(deps, vin);
    if (isOther) held.set(vin, heldProblem(vehicle, lastSeenAt));
    else connected.push({ vin, lastSeenAt });
  }
  return { held, connected };
}

async function lastSeen({ database, telemetry }: ProvisioningDeps, vin: string): Promise<number | null> {
  return lastSeenAt(await knownTwin(database.reader, vin), await telemetry.find(vin));
}

function heldProblem({ vin, registered_by, isConnected }: KnownVehicle, lastSeenAt: number | null): Problem {
  const who = registered_by === null ? '' : ` by ${registered_by}`;
  return problemOf('vehicle-held', `The vehicle is registered with another password${who}.`, {
    ...{ vin, registeredBy: registered_by, online: isConnected, lastSeenAt },
  });
}

function refusedIfHeld<Row extends { readonly vin: string }>(
  row: BatchRow<Row>,
  held: ReadonlyMap<string, Problem>,
): BatchRow<Row> {
  const problem = held.get(row.value?.vin ?? '');
  return problem === undefined ? row : refusedRow(row, problem);
}
