import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import {
  commandResourceSchema,
  historySchema,
  type VehicleHealth,
  type VehicleHistory,
  vehicleHealthSchema,
  vehicleTwinSchema,
} from '../../shared/protocol/api-iot.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, pageOf, type TimeCursor, timeCursor, timeCursorSchema } from '../http/paging.ts';
import { problemError } from '../http/problem.ts';
import { commandResource } from './command-resource.ts';
import { type QuotaLimits, quotaOf, windowStart } from './quota.ts';
import { readRoute, requireVehicle, vinParameters } from './routes-shared.ts';
import { countWaiting, findCommand, listAcceptances, listDesired, listHistory } from './store/commands.ts';
import type { ApiIotSchema } from './store/schema.ts';
import type { TelemetryStore } from './telemetry.ts';
import { knownTwin, lastSeenAt, vehicleTwin } from './twin.ts';

export interface VehicleDeps {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly telemetry: TelemetryStore;
  readonly limits: QuotaLimits;
}

/** VSS overlay for the cellular signal strength. */
const signalStrengthPath = 'Vehicle.Connectivity.Cellular.RSRP';

const historyQuery = z.object({ limit: limitSchema, cursor: timeCursorSchema });

async function readHealth(deps: VehicleDeps, vin: string): Promise<VehicleHealth> {
  const { database, clock, limits } = deps;
  const now = clock.now();
  const [twin, telemetry, pendingCommands, acceptances] = await Promise.all([
    knownTwin(database.reader, vin),
    deps.telemetry.find(vin),
    countWaiting(database.reader, vin),
    listAcceptances(database.reader, vin, windowStart(now, limits), limits.limit),
  ]);
  const quota = quotaOf(acceptances, limits);
  const signals = telemetry === null ? {} : (JSON.parse(telemetry.signals) as Record<string, unknown>);
  const strength = signals[signalStrengthPath];
  return {
    vin,
    online: twin.online === 1,
    lastSeenAt: lastSeenAt(twin, telemetry),
    signalStrengthDbm: typeof strength === 'number' ? strength : null,
    pendingCommands,
    quotaRemaining: quota.remaining,
    quotaOpensAt: quota.remaining > 0 ? null : quota.growsAt,
  };
}

async function readHistory(
  deps: VehicleDeps,
  vin: string,
  limit: number,
  cursor: TimeCursor | null,
): Promise<VehicleHistory> {
  const rows = await listHistory(deps.database.reader, vin, limit + 1, cursor);
  const { page, next } = pageOf(rows, limit, (row) => timeCursor(row.accepted_at, row.id));
  return { vin, commands: page.map(commandResource), next };
}

function mountHistory(app: App, deps: VehicleDeps, { requireScope }: Authenticator): void {
  const pageRoute = readRoute(requireScope, {
    path: '/vehicle/{vin}/history',
    summary: "The vehicle's commands, newest first",
    request: { params: vinParameters, query: historyQuery },
    schema: historySchema,
  });
  const itemRoute = readRoute(requireScope, {
    path: '/vehicle/{vin}/history/{commandId}',
    summary: 'One command and its state',
    request: {
      params: vinParameters.extend({
        commandId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the id of a command, such as cmd_1'),
      }),
    },
    schema: commandResourceSchema,
  });
  app.openapi(createRoute(pageRoute), async (context) => {
    const { vin } = context.req.valid('param');
    const { limit, cursor } = context.req.valid('query');
    await requireVehicle(deps.database.reader, vin);
    return context.json(await readHistory(deps, vin, limit, cursor ?? null), 200);
  });
  app.openapi(createRoute(itemRoute), async (context) => {
    const { vin, commandId } = context.req.valid('param');
    const command = await findCommand(deps.database.reader, commandId);
    if (command !== null && command.vin === vin) return context.json(commandResource(command), 200);
    await requireVehicle(deps.database.reader, vin);
    throw problemError('not-found', `The vehicle has no command ${commandId}.`);
  });
}

/** Status, health and history of a vehicle. */
export function mountVehicleRoutes(app: App, deps: VehicleDeps, authenticator: Authenticator): void {
  const { requireScope } = authenticator;
  const { database } = deps;
  const statusRoute = readRoute(requireScope, {
    path: '/vehicle/{vin}/status',
    summary: 'The twin: desired and reported features, telemetry',
    request: { params: vinParameters },
    schema: vehicleTwinSchema,
  });
  const healthRoute = readRoute(requireScope, {
    path: '/vehicle/{vin}/health',
    summary: 'Connectivity, waiting commands and quota',
    request: { params: vinParameters },
    schema: vehicleHealthSchema,
  });
  app.openapi(createRoute(statusRoute), async (context) => {
    const { vin } = context.req.valid('param');
    const vehicle = await requireVehicle(database.reader, vin);
    const [twin, desired, telemetry] = await Promise.all([
      knownTwin(database.reader, vin),
      listDesired(database.reader, vin),
      deps.telemetry.find(vin),
    ]);
    return context.json(vehicleTwin(twin, vehicle.model, desired, telemetry), 200);
  });
  app.openapi(createRoute(healthRoute), async (context) => {
    const { vin } = context.req.valid('param');
    await requireVehicle(database.reader, vin);
    return context.json(await readHealth(deps, vin), 200);
  });
  mountHistory(app, deps, authenticator);
}
