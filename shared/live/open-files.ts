/** Open files that a process may have, or null where the system does not say. */
export function openFilesMax(): number | null {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft: number | 'unlimited' } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/**
 * Connections and files of a gateway beside those of vehicles: HTTP on both sides of each call, databases with their logs,
 * mail, NATS. An estimate on the safe side, no measurement.
 */
const besideVehicles = 250;

/** A sentence when a gateway cannot work under the limit, even without a vehicle; else null. */
export function gatewayFilesFault(limit: number | null): string | null {
  if (limit === null || limit >= besideVehicles) return null;
  return `a gateway needs ${besideVehicles} open files and one more for each vehicle at its broker, and the limit is ${limit} (ulimit -n): raise it with "ulimit -n ${besideVehicles}" or more`;
}

/** The most connections of vehicles that leave a gateway what it needs for itself under the limit. */
export function vehicleConnectionMax(limit: number | null): number {
  return limit === null ? Number.POSITIVE_INFINITY : Math.max(0, limit - besideVehicles);
}

/** A sentence when `vehicles` cannot all be connected under the limit, else null. `socketsPerVehicle` is 2 where broker and fleet share a process. */
export function openFilesFault(
  limit: number | null,
  vehicles: number,
  socketsPerVehicle: 1 | 2,
): string | null {
  const needed = besideVehicles + vehicles * socketsPerVehicle;
  if (limit === null || limit >= needed) return null;
  const most = Math.max(0, Math.floor((limit - besideVehicles) / socketsPerVehicle));
  return `${vehicles} vehicles need ${needed} open files and the limit is ${limit} (ulimit -n): raise it with "ulimit -n ${needed}", or start at most ${most} vehicles`;
}
