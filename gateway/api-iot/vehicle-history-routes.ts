import { createRoute } from '@hono/zod-openapi';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import { connectionHistorySchema, telemetryHistorySchema } from '../../shared/protocol/api-iot.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import type { SampleSettings } from './config.ts';
import { readRoute, requireVehicle, vinParameters } from './routes-shared.ts';
import { connectionsForMs, listConnections } from './store/connections.ts';
import type { ApiIotSchema } from './store/schema.ts';
import { listSamples } from './store/telemetry.ts';

/** Connection history and past telemetry of a vehicle: each a bounded list in one answer. */
export function mountVehicleHistory(
  app: App,
  {
    database,
    clock,
    samples: { everyMs, count },
  }: {
    readonly database: Database<ApiIotSchema>;
    readonly clock: Clock;
    readonly samples: SampleSettings;
  },
  { requireScope }: Authenticator,
): void {
  const connectionsRoute = readRoute(requireScope, {
    path: '/vehicle/{vin}/connections',
    summary: 'When the vehicle connected and disconnected, newest first',
    request: { params: vinParameters },
    schema: connectionHistorySchema,
  });
  const telemetryRoute = readRoute(requireScope, {
    path: '/vehicle/{vin}/telemetry',
    summary: 'Numbers of the past telemetry, oldest first',
    request: { params: vinParameters },
    schema: telemetryHistorySchema,
  });
  app.openapi(createRoute(connectionsRoute), async (context) => {
    const { vin } = context.req.valid('param');
    await requireVehicle(database.reader, vin);
    const rows = await listConnections(database.reader, vin, clock.now() - connectionsForMs);
    const connections = rows.map(({ at, online, reason }) => ({ at, online: online === 1, reason }));
    return context.json({ vin, connections }, 200);
  });
  app.openapi(createRoute(telemetryRoute), async (context) => {
    const { vin } = context.req.valid('param');
    await requireVehicle(database.reader, vin);
    const rows = await listSamples(database.reader, vin, clock.now() - everyMs * count);
    const samples = rows.map(({ at, signals }) => ({
      at,
      signals: JSON.parse(signals) as Record<string, number>,
    }));
    return context.json({ vin, everyMs, samples }, 200);
  });
}
