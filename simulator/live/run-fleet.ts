import { wallClock } from '../../shared/live/clock.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { DeviceLink } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import { type Fleet, fleet } from '../fleet/fleet.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PushSink } from '../stand-ins/push-sink/push-sink.ts';
import { vehicleModels } from '../vehicle/models.ts';
import type { Clients } from './clients.ts';
import { modelName } from './demo-fleet.ts';
import { register } from './registration.ts';

/** The plan's vehicles, with passwords that live as long as the run. */
export function specsOf(plan: Plan): VehicleSpec[] {
  const { connectivity = 'steady' } = plan;
  return plan.vehicles.map((planned) => {
    const model = vehicleModels.find((one) => one.id === planned.model);
    if (!model) throw new Error(`there is no model ${planned.model}`);
    return { ...planned, model, password: systemSecrets.newToken(), connectivity };
  });
}

export function fleetOf(plan: Plan, vehicles: readonly VehicleSpec[], link: DeviceLink, log: Log): Fleet {
  return fleet({ link, clock: wallClock, random: systemRandom, log }, vehicles, {
    telemetryMs: plan.telemetryEveryMs,
    keepAliveSeconds: 10,
    timeScale: 1 / plan.timeScale,
  });
}

/** Makes the plan's customers and vehicles known to both surfaces. */
export async function registerPlan(
  plan: Plan,
  vehicles: readonly VehicleSpec[],
  pushes: PushSink,
  clients: Clients,
): Promise<void> {
  const customers = plan.customers.map(({ push, ...customer }) =>
    push ? { ...customer, pushSubscription: pushes.subscribe() } : customer,
  );
  const owners = new Map(plan.vehicles.map((vehicle) => [vehicle.vin, vehicle.customerId]));
  const registered = vehicles.map(({ vin, model, password }) => {
    const customerId = owners.get(vin);
    return {
      vin,
      model: model.id,
      modelName: modelName(model.id),
      ...(customerId ? { customerId } : {}),
      credentialDigest: systemSecrets.digest(password),
    };
  });
  await register(clients, { customers, vehicles: registered });
}
