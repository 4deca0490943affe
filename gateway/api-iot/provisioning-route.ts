import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { plainTextSchema } from '../../shared/protocol/text-schema.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { App } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { problemDoc } from '../http/problem.ts';
import type { ApiIotConfig } from './config.ts';
import { jsonBody } from './routes-shared.ts';
import type { ApiIotSchema } from './store/schema.ts';
import { saveVehicles } from './store/vehicles.ts';
import { checkVins } from './vin-policy.ts';

/** 1,000 vehicles fit. */
export const provisioningPath = '/provisioning/vehicles';
export const provisioningBodyBytes = 512 * 1024;

const provisioningSchema = z.object({
  vehicles: z
    .array(
      z.object({
        vin: vinSchema,
        model: plainTextSchema(64),
        credentialDigest: z
          .string()
          .regex(/^[0-9a-f]{64}$/, "SHA-256 of the vehicle's token, 64 lower-case hex digits"),
      }),
    )
    .min(1)
    .max(1_000),
});

const route = (requireScope: Authenticator['requireScope']) =>
  createRoute({
    method: 'post',
    path: provisioningPath,
    tags: ['Provisioning'],
    summary: 'Register vehicles; known ones get the new model and credential',
    middleware: requireScope('vehicle:provision'),
    security: securityFor('vehicle:provision'),
    request: { body: { required: true, content: { 'application/json': { schema: provisioningSchema } } } },
    responses: {
      200: jsonBody('Registered', z.object({ provisioned: z.int() })),
      400: problemDoc('malformed-request'),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      413: problemDoc('body-too-large'),
      415: problemDoc('unsupported-media-type'),
      422: problemDoc('invalid-request'),
    },
  });

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
  app.openapi(route(requireScope), async (context) => {
    const { vehicles } = context.req.valid('json');
    checkVins(
      vehicles.map(({ vin }) => vin),
      deps.checkDigit,
      deps.log,
    );
    // The last entry of a VIN wins: one statement must not touch a row twice (PostgreSQL refuses it).
    const rows = new Map(
      vehicles.map(({ vin, model, credentialDigest }) => [
        vin,
        { vin, model, credential_digest: credentialDigest },
      ]),
    );
    const replaced = await deps.database.write((transaction) =>
      saveVehicles(transaction, [...rows.values()]),
    );
    for (const vin of replaced) deps.onCredentialReplaced(vin);
    return context.json({ provisioned: rows.size }, 200);
  });
}
