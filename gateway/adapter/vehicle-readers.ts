import { z } from 'zod';
import { vehicleHealthSchema, vehicleTwinSchema } from '../../shared/protocol/api-iot.ts';
import { reportedFeatureSchema } from '../../shared/protocol/device-messages.ts';
import type { AdapterFile } from './adapter-schema.ts';
import type { VehicleConnection, VehicleStatus } from './answers.ts';
import { features, flag, instant, optional, UnreadAnswer } from './pick.ts';

const statusSchema: z.ZodType<VehicleStatus> = vehicleTwinSchema.extend({
  online: z.boolean().nullable(),
  reported: z.array(reportedFeatureSchema).nullable(),
});
const connectionSchema: z.ZodType<VehicleConnection> = vehicleHealthSchema.extend({
  online: z.boolean().nullable(),
  pendingCommands: z.int().nullable(),
  quotaRemaining: z.int().nullable(),
});

/** Compiles what an adapter says of a vehicle's status. */
export function statusReader(file: AdapterFile): (document: unknown, vin: string) => VehicleStatus {
  const { status, times } = file;
  const online = flag(status?.online);
  const [lastSeenAt, telemetryAt] = (['lastSeenAt', 'telemetryAt'] as const).map((name) =>
    instant(status?.[name], times),
  );
  const [model, firmware, clockSkewMs, telemetry] = (
    ['model', 'firmware', 'clockSkewMs', 'telemetry'] as const
  ).map((name) => optional(status?.[name]));
  const desired = status?.desired && features(status.desired, file.features);
  const reported = status?.reported && features(status.reported, file.features);
  return (document, vin) =>
    checked(statusSchema, {
      vin: vinIn(document) ?? vin,
      online: online(document),
      lastSeenAt: lastSeenAt?.(document) ?? null,
      model: model?.(document) ?? null,
      firmware: firmware?.(document) ?? null,
      clockSkewMs: clockSkewMs?.(document) ?? null,
      desired: (desired?.(document) ?? []).map(({ feature, target: state, version }) => ({
        ...{ feature, state },
        version: version ?? 0,
      })),
      reported:
        reported?.(document)?.map(({ feature, target: state, version, parameters }) => ({
          ...{ feature, state },
          // Without one, a reported state proves nothing: every command has a higher version.
          version: version ?? 0,
          ...(parameters === undefined ? {} : { parameters }),
        })) ?? null,
      telemetry: telemetry?.(document) ?? {},
      telemetryAt: telemetryAt?.(document) ?? null,
    });
}

/** Compiles what an adapter says of a vehicle's connection. */
export function connectionReader(file: AdapterFile): (document: unknown, vin: string) => VehicleConnection {
  const { health, times } = file;
  const online = flag(health?.online);
  const [lastSeenAt, quotaOpensAt] = (['lastSeenAt', 'quotaOpensAt'] as const).map((name) =>
    instant(health?.[name], times),
  );
  const [signal, pending, quota] = (['signalStrengthDbm', 'pendingCommands', 'quotaRemaining'] as const).map(
    (name) => optional(health?.[name]),
  );
  return (document, vin) =>
    checked(connectionSchema, {
      vin: vinIn(document) ?? vin,
      online: online(document),
      lastSeenAt: lastSeenAt?.(document) ?? null,
      signalStrengthDbm: signal?.(document) ?? null,
      pendingCommands: pending?.(document) ?? null,
      quotaRemaining: quota?.(document) ?? null,
      quotaOpensAt: quotaOpensAt?.(document) ?? null,
    });
}

/** Returns a status of which nothing is known, for an API without one. */
export function statusOfUnknownVehicle(vin: string): VehicleStatus {
  return {
    ...{ vin, online: null, lastSeenAt: null, model: null, firmware: null, clockSkewMs: null },
    ...{ desired: [], reported: null, telemetry: {}, telemetryAt: null },
  };
}

/** Returns a connection of which nothing is known, for an API without one. */
export function connectionOfUnknownVehicle(vin: string): VehicleConnection {
  return {
    ...{ vin, online: null, lastSeenAt: null, signalStrengthDbm: null },
    ...{ pendingCommands: null, quotaRemaining: null, quotaOpensAt: null },
  };
}

/** Where the answer itself names a vehicle, it must be a VIN. */
function vinIn(document: unknown): unknown {
  return typeof document === 'object' && document !== null ? (document as { vin?: unknown }).vin : undefined;
}

function checked<T>(schema: z.ZodType<T>, candidate: unknown): T {
  const parsed = schema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  throw new UnreadAnswer('');
}
