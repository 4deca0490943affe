import { retryUntilAnswered } from '../run/retry-until-answered.ts';
import { modelOfVehicle, vinOf } from './purchases-of-test-case.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseSystem } from './test-case-system.ts';

/** A vehicle that was registered for another customer. */
export interface TransferAct {
  readonly vin: string;
  readonly customerId: string;
  readonly askedAt: number;
  /** When the platform had answered. */
  readonly at: number;
  readonly status: number;
}

/** Registers each vehicle for its new owner at its time, and repeats that until it is answered. */
export function startTransfers(system: TestCaseSystem, { transfers = [], fleet }: TestCase) {
  const acts: TransferAct[] = [];
  let open = transfers.length;
  const user = open === 0 ? null : system.apiUser('customer');
  for (const { vehicle, to, atMs } of transfers) {
    system.clock.setTimer(atMs, () => {
      void (async () => {
        if (user === null) return;
        const { client, clock } = user;
        const vin = vinOf(vehicle);
        const { id: model } = modelOfVehicle(vehicle, fleet);
        const customerId = `customer-${to + 1}`;
        const askedAt = clock.now();
        const body = { model, modelName: model, customerId };
        const { status } = await retryUntilAnswered(clock, () =>
          client.send('PUT', `/vehicles/${vin}`, body),
        );
        acts.push({ vin, customerId, askedAt, at: clock.now(), status });
        system.trace.record('customer', 'transferred', { vin, customerId, status });
      })().finally(() => {
        open -= 1;
      });
    });
  }
  return { done: (): readonly TransferAct[] => acts, isOver: () => open === 0 };
}
