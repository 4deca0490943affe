import type { Answer } from './api-client.ts';
import type { SharedBreaker } from './shared-breaker.ts';
import { systemicCauseOf } from './systemic-cause.ts';
import type { VehicleApi } from './vehicle-api.ts';

/** The same API IoT; the breaker sees how each call ends. A 429 and a refusal of one vehicle show that it works. */
export function observedVehicles(
  vehicles: VehicleApi,
  { observe }: Pick<SharedBreaker, 'observe'>,
): VehicleApi {
  function read<Arguments extends readonly unknown[], Value>(
    call: (vin: string, ...rest: Arguments) => Promise<Answer<Value>>,
  ) {
    return async (vin: string, ...rest: Arguments): Promise<Answer<Value>> => {
      const answer = await call(vin, ...rest);
      observe({ vin, kind: 'read', cause: answer.ok ? null : systemicCauseOf(answer.failure) });
      return answer;
    };
  }
  return {
    async configure(vin, ...rest) {
      const answer = await vehicles.configure(vin, ...rest);
      const failure = 'failure' in answer ? answer.failure : null;
      observe({ vin, kind: 'configure', cause: failure && systemicCauseOf(failure) });
      return answer;
    },
    command: read(vehicles.command),
    status: read(vehicles.status),
    health: read(vehicles.health),
    history: read(vehicles.history),
  };
}
