import type { Failure } from '../activation/failure.ts';
import type { Answer } from './api-client.ts';
import type { ConfigureAnswer } from './configure-call.ts';
import { messageMax } from './refusal.ts';
import type { VehicleApi } from './vehicle-api.ts';

interface Deps {
  /** Whether the platform has registered the vehicle. */
  readonly isRegistered: (vin: string) => Promise<boolean>;
  /** Reports a vehicle that the platform has registered and the API IoT does not know. */
  readonly onContradiction: (vin: string) => void;
}

/**
 * The same API IoT, but `unknown_vehicle` of a vehicle that the platform has registered is temporary: the two books contradict each
 * other (an emptied API IoT, or a registration that is still to come), and that says nothing about the vehicle. An unregistered
 * VIN stays a data error.
 */
export function registeredVehicles(
  vehicles: VehicleApi,
  { isRegistered, onContradiction }: Deps,
): VehicleApi {
  async function judged(vin: string, failure: Failure): Promise<Failure> {
    if (failure.category !== 'unknown_vehicle' || !(await isRegistered(vin))) return failure;
    onContradiction(vin);
    const message = `the platform has registered the vehicle, and the API IoT does not know it: ${failure.message}`;
    return { ...failure, temporary: true, message: message.slice(0, messageMax) };
  }

  async function answered<Given extends Answer<unknown> | ConfigureAnswer>(
    vin: string,
    call: Promise<Given>,
  ): Promise<Given> {
    const answer = await call;
    return 'failure' in answer ? { ...answer, failure: await judged(vin, answer.failure) } : answer;
  }

  return {
    configure: (vin, ...rest) => answered(vin, vehicles.configure(vin, ...rest)),
    command: (vin, ...rest) => answered(vin, vehicles.command(vin, ...rest)),
    status: (vin) => answered(vin, vehicles.status(vin)),
    health: (vin) => answered(vin, vehicles.health(vin)),
    history: (vin, ...rest) => answered(vin, vehicles.history(vin, ...rest)),
  };
}
