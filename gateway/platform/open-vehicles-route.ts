import { createRoute } from '@hono/zod-openapi';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { PlatformDeps } from './deps.ts';
import { jsonAnswer, readProblems, scoped } from './route.ts';

/** Vehicles of an answer, at most. */
const vehiclesMax = 10_000;

const openVehiclesSchema = z
  .object({
    vins: z.array(z.string()).meta({ description: 'In the order of the VINs, each once' }),
    isComplete: z.boolean().meta({
      description: `False where there are more than ${vehiclesMax}: the first are listed`,
    }),
  })
  .meta({ id: 'OpenVehicles' });

/** `GET /overview/vehicles`: the vehicles with an activation, deactivation or revocation that has not ended, for a map of the fleet. */
export function mountOpenVehicles(
  app: App,
  { database }: Pick<PlatformDeps, 'database'>,
  { requireScope }: Authenticator,
): void {
  const route = createRoute({
    method: 'get',
    path: '/overview/vehicles',
    tags: ['Operations'],
    summary: 'VINs of the vehicles with open activations, deactivations or revocations',
    ...scoped(requireScope, 'operations:read'),
    responses: { 200: jsonAnswer('The vehicles', openVehiclesSchema), ...readProblems },
  });
  app.openapi(route, async (context) => {
    const vins = await listOpenVehicles(database.reader, vehiclesMax + 1);
    return context.json({ vins: vins.slice(0, vehiclesMax), isComplete: vins.length <= vehiclesMax }, 200);
  });
}

/** Reads the index of open activations alone. */
export async function listOpenVehicles(database: Kysely<PlatformSchema>, limit: number): Promise<string[]> {
  const rows = await database
    .selectFrom('activations')
    .select('vin')
    .distinct()
    .where('ended_at', 'is', null)
    .orderBy('vin')
    .limit(limit)
    .execute();
  return rows.map(({ vin }) => vin);
}
