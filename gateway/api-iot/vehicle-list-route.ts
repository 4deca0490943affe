import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Database } from '../../shared/ports/database.ts';
import { type ListedVehicle, vehicleListSchema } from '../../shared/protocol/api-iot.ts';
import type { ReportedFeature } from '../../shared/protocol/device-messages.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { pageOf } from '../http/paging.ts';
import { readRoute } from './routes-shared.ts';
import type { ApiIotSchema, DesiredFeatureRow } from './store/schema.ts';
import { listDesiredBetween, listVehicles, type VehicleListRow } from './store/vehicle-list.ts';

/** Vehicles of a page, at most: 10,000 vehicles are ten pages. */
const listMax = 1_000;

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(listMax).default(100).meta({ description: 'Vehicles a page' }),
  cursor: vinSchema.optional().meta({ description: '`next` of the page before' }),
});

/** `GET /vehicles`: every vehicle in the order of the VINs, with its place and whether desired and reported state differ. */
export function mountVehicleList(
  app: App,
  { database }: { readonly database: Database<ApiIotSchema> },
  { requireScope }: Authenticator,
): void {
  const { responses, ...rest } = readRoute(requireScope, {
    path: '/vehicles',
    summary: 'Vehicles with connection, newest position, and whether desired and reported state differ',
    request: { query: listQuery },
    schema: vehicleListSchema,
  });
  const { 404: _, ...answers } = responses;
  app.openapi(createRoute({ ...rest, responses: answers }), async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await listVehicles(database.reader, cursor ?? '', limit + 1);
    const { page, next } = pageOf(rows, limit, ({ vin }) => vin);
    const [first, last] = [page[0], page.at(-1)];
    const desired =
      first === undefined || last === undefined
        ? []
        : await listDesiredBetween(database.reader, first.vin, last.vin);
    return context.json({ vehicles: listed(page, desired), next }, 200);
  });
}

function listed(rows: readonly VehicleListRow[], desired: readonly DesiredFeatureRow[]): ListedVehicle[] {
  const desiredByVin = new Map<string, DesiredFeatureRow[]>();
  for (const feature of desired) {
    const known = desiredByVin.get(feature.vin);
    if (known === undefined) desiredByVin.set(feature.vin, [feature]);
    else known.push(feature);
  }
  return rows.map(({ vin, model, online, last_seen_at, telemetry_at, latitude, longitude, reported }) => ({
    vin,
    model,
    online: online === 1,
    lastSeenAt: latest(last_seen_at, telemetry_at),
    latitude,
    longitude,
    differs: differs(desiredByVin.get(vin) ?? [], reported),
  }));
}

/** Reports are read of vehicles alone that have received a command: most of a large fleet have not. */
function differs(desired: readonly DesiredFeatureRow[], reported: string | null): boolean {
  if (desired.length === 0) return false;
  const features = reported === null ? [] : (JSON.parse(reported) as readonly ReportedFeature[]);
  const states = new Map(features.map(({ feature, state }) => [feature, state]));
  return desired.some(({ feature, state }) => states.get(feature) !== state);
}

function latest(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : Math.max(one ?? 0, other ?? 0);
}
