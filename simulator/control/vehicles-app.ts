import { Hono } from 'hono';
import { problemError } from '../../gateway/http/problem.ts';
import type { VehicleSnapshot } from '../fleet/vehicle-snapshot.ts';
import type { FaultDesk } from './fault-desk.ts';

/** A vehicle in a list: 10,000 of them are about a megabyte. */
interface ListedVehicle {
  readonly vin: string;
  readonly model: string;
  readonly region: string;
  readonly connected: boolean;
  /** Faults that it has now. */
  readonly faults: number;
  /** Behind the line proxy, not simulated here. */
  readonly isForeign?: true;
}

/** `GET /vehicles` (with `view=models` the counts by model alone) and `GET /vehicles/{vin}`: the vehicles of this process. */
export function vehiclesApp({
  desk,
  vehicles,
}: {
  readonly desk: FaultDesk;
  readonly vehicles: () => readonly VehicleSnapshot[];
}): Hono {
  const app = new Hono();
  app.get('/vehicles', (context) => {
    const all = vehicles();
    if (context.req.query('view') === 'models') return context.json({ models: byModel(all) });
    const counts = faultsByVin(desk);
    const listed = all.map(
      ({ vin, model, region, connected, isForeign }): ListedVehicle => ({
        ...{ vin, model, region, connected },
        faults: counts.get(vin) ?? 0,
        ...(isForeign ? { isForeign } : {}),
      }),
    );
    return context.json({ vehicles: listed });
  });
  app.get('/vehicles/:vin', (context) => {
    const vin = context.req.param('vin');
    const vehicle = vehicles().find((one) => one.vin === vin);
    if (!vehicle)
      throw problemError('unknown-vehicle', `No vehicle of this process has the VIN ${vin}.`, { vin });
    const faults = desk.list().filter(({ vins }) => vins.includes(vin));
    return context.json({ ...vehicle, faults: faults.map(({ id, record }) => ({ id, ...record })) });
  });
  return app;
}

function faultsByVin(desk: FaultDesk): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { vins } of desk.list()) for (const vin of vins) counts.set(vin, (counts.get(vin) ?? 0) + 1);
  return counts;
}

function byModel(vehicles: readonly VehicleSnapshot[]) {
  const models = new Map<string, { model: string; vehicles: number; connected: number }>();
  for (const { model, connected } of vehicles) {
    const entry = models.get(model) ?? { model, vehicles: 0, connected: 0 };
    entry.vehicles += 1;
    if (connected) entry.connected += 1;
    models.set(model, entry);
  }
  return [...models.values()].sort((a, b) => (a.model < b.model ? -1 : 1));
}
