import type { Clock } from '../../shared/ports/clock.ts';
import type { PushSubscription } from '../../shared/ports/pusher.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { type Fleet, type FleetDeps, fleet } from '../fleet/fleet.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import { defaultFleetOptions } from '../fleet/options.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { ApiClient } from './api-client.ts';
import { register } from './registration.ts';

/** The plan's vehicles, with passwords that live as long as the run. */
export function specsOf(
  plan: Plan,
  secrets: Pick<Secrets, 'newToken'>,
  models: readonly VehicleModel[] = shippedModels(),
): VehicleSpec[] {
  const { connectivity = 'steady' } = plan;
  return plan.vehicles.map((planned) => {
    const model = models.find((one) => one.id === planned.model);
    if (!model) throw new Error(`there is no model ${planned.model}`);
    return { ...planned, model, password: secrets.newToken(), connectivity };
  });
}

/** A vehicle that dials more often than this takes the broker's time from the others. */
const redialLeastMs = 100;

/** Returns the settings of a plan's vehicles: what a vehicle takes its time for is as compressed as everything else. */
export function fleetSettings({ telemetryEveryMs, timeScale }: Plan) {
  const { bootMs, redialMs } = defaultFleetOptions;
  return {
    telemetryMs: telemetryEveryMs,
    keepAliveSeconds: 10,
    bootMs: Math.max(1, Math.round(bootMs / timeScale)),
    redialMs: Math.max(redialLeastMs, Math.round(redialMs / timeScale)),
    timeScale: 1 / timeScale,
  };
}

export function fleetOf(plan: Plan, vehicles: readonly VehicleSpec[], deps: FleetDeps): Fleet {
  return fleet(deps, vehicles, fleetSettings(plan));
}

export interface RegistrationDeps {
  readonly clock: Clock;
  readonly platform: ApiClient;
  readonly provisioner: ApiClient;
  readonly secrets: Pick<Secrets, 'digest'>;
  /** A customer's phone asks the push service for its messages. */
  readonly subscribe: (customerId: string) => PushSubscription;
}

/** Makes the plan's customers and vehicles known to both surfaces. */
export async function registerPlan(
  plan: Plan,
  vehicles: readonly VehicleSpec[],
  deps: RegistrationDeps,
): Promise<void> {
  const customers = plan.customers.map(({ push, ...customer }) =>
    push ? { ...customer, pushSubscription: deps.subscribe(customer.id) } : customer,
  );
  const owners = new Map(plan.vehicles.map((vehicle) => [vehicle.vin, vehicle.customerId]));
  const registered = vehicles.map(({ vin, model, password }) => {
    const customerId = owners.get(vin);
    return {
      vin,
      model: model.id,
      modelName: model.name,
      ...(customerId ? { customerId } : {}),
      credentialDigest: deps.secrets.digest(password),
    };
  });
  await register(deps, { customers, vehicles: registered });
}
