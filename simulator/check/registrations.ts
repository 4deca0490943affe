import { modelOfVehicle, vehicleCount, vinOf } from './purchases-of-test-case.ts';
import type { TestCase } from './test-case.ts';

/** With which model each vehicle was registered, and when. */
export function newRegistrations({ fleet }: Pick<TestCase, 'fleet'>) {
  const models = new Map<string, { readonly at: number; readonly model: string }[]>();
  for (let index = 0; index < vehicleCount; index += 1) {
    const { id: model } = modelOfVehicle(index, fleet);
    models.set(vinOf(index), [{ at: Number.NEGATIVE_INFINITY, model }]);
  }
  return {
    /** From now on the platform may know this model; until `settle` it may still know the one before. */
    begin(vin: string, model: string): void {
      models.get(vin)?.push({ at: Number.POSITIVE_INFINITY, model });
    },
    /** The platform has answered: what is put together from `at` on carries the model of the last `begin`. */
    settle(vin: string, at: number): void {
      const known = models.get(vin);
      const last = known?.pop();
      if (last) known?.push({ ...last, at });
    },
    /** The model that held at `since`, and each that may have held afterwards. */
    modelsSince(vin: string, since: number): string[] {
      const known = models.get(vin) ?? [];
      const first = known.findLastIndex(({ at }) => at <= since);
      return known.slice(Math.max(0, first)).map(({ model }) => model);
    },
  };
}
