import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { plainTextSchema } from '../../shared/protocol/text-schema.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { App } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { readRows, resultsOf, rowResultsShape, rowSchema } from '../http/batch-rows.ts';
import { problemDoc } from '../http/problem.ts';
import type { ApiIotConfig } from './config.ts';
import { jsonBody } from './routes-shared.ts';
import type { ApiIotSchema } from './store/schema.ts';
import { saveVehicles } from './store/vehicles.ts';
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

const route = (app: App, requireScope: Authenticator['requireScope']) => {
  const row = rowSchema(app, 'VehicleCredential', vehicleSchema);
  const body = z.object({ vehicles: z.array(row).min(1).max(1_000) });
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
      200: jsonBody('All were registered', z.object({ provisioned: z.int() })),
      207: jsonBody(
        'Some were refused',
        z.object({ provisioned: z.int(), ...rowResultsShape }).meta({ id: 'ProvisioningResults' }),
      ),
      400: problemDoc('malformed-request'),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      413: problemDoc('body-too-large'),
      415: problemDoc('unsupported-media-type'),
      422: problemDoc('invalid-request, for the body or where every row was refused'),
    },
  });
};

export function mountProvisioning(
  app: App,
  deps: {
    readonly database: Database<ApiIotSchema>;
    readonly log: Log;
    readonly checkDigit: ApiIotConfig['checkDigit'];
    /** Called once the new password is durable. */
    readonly onCredentialReplaced: (vin: string) => void;
  },
  { requireScope }: Authenticator,
): void {
  app.openapi(route(app, requireScope), async (context) => {
    const { vehicles } = context.req.valid('json');
    const read = readRows('vehicles', vehicleSchema, { key: 'vin', schema: vinSchema }, vehicles);
    const judged = checkVins(read, deps.checkDigit, deps.log);
    const results = resultsOf(judged);
    // The last entry of a VIN wins: one statement must not touch a row twice (PostgreSQL refuses it).
    const rows = new Map(
      judged.flatMap(({ value }) =>
        value === null
          ? []
          : [
              [
                value.vin as string,
                { vin: value.vin, model: value.model, credential_digest: value.credentialDigest },
              ],
            ],
      ),
    );
    const replaced = await deps.database.write((transaction) =>
      saveVehicles(transaction, [...rows.values()]),
    );
    for (const vin of replaced) deps.onCredentialReplaced(vin);
    const provisioned = rows.size;
    return results === null
      ? context.json({ provisioned }, 200)
      : context.json({ provisioned, results }, 207);
  });
}
