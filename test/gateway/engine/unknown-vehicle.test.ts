import { expect, it } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import { registeredVehicles } from '../../../gateway/engine/registered-vehicles.ts';
import { loadActivation } from '../../../gateway/store/activations.ts';
import type { Log } from '../../../shared/ports/log.ts';
import {
  bootEngine,
  type Outside,
  phaseOf,
  placeOrder,
  recordOf,
  vin,
  withOutside,
} from '../../helpers/engine-under-test.ts';

const unknown: Failure = {
  category: 'unknown_vehicle',
  code: 'unknown-vehicle',
  message: 'No vehicle has this VIN.',
  temporary: false,
  mayHaveSucceeded: false,
};
const contradiction =
  'the platform has registered the vehicle, and the API IoT does not know it: No vehicle has this VIN.';

/** The vehicle's API while the API IoT's registry is empty, and what fills it again. */
function emptiedRegistry({ vehicle }: Outside) {
  const { api } = vehicle;
  let isEmpty = true;
  const unlessEmpty =
    <Given extends unknown[], Result>(call: (...given: Given) => Promise<Result>) =>
    async (...given: Given) =>
      isEmpty ? ({ ok: false, failure: unknown } as const) : call(...given);
  return {
    vehicles: {
      configure: unlessEmpty(api.configure),
      command: unlessEmpty(api.command),
      status: unlessEmpty(api.status),
      health: unlessEmpty(api.health),
      history: unlessEmpty(api.history),
    },
    fill() {
      isEmpty = false;
    },
  };
}

it('is retried where the platform has registered the vehicle, and delivered once the API IoT knows it again', () =>
  withOutside(async (outside) => {
    const { vehicles, fill } = emptiedRegistry(outside);
    const warnings: unknown[] = [];
    const log: Log = { info() {}, warn: (event, fields) => void warnings.push([event, fields]), error() {} };
    const engine = await bootEngine(outside, undefined, { vehicles, log });
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(1_000);
    expect(await phaseOf(outside, id)).toBe('waiting_backoff');
    expect((await loadActivation(outside.database.reader, id))?.activation.failure).toEqual({
      ...unknown,
      temporary: true,
      message: contradiction,
    });
    expect(await recordOf(outside, id)).toContain('activation.failure');
    expect(warnings[0]).toEqual(['vehicle.unknown_to_api_iot', { vin, count: 1 }]);
    fill();
    await outside.clock.advance(60_000);
    expect(await phaseOf(outside, id)).toBe('active');
    expect(outside.tickets).toEqual([]);
    await engine.stop();
  }));

it('ends after the policy’s attempts where the API IoT never knows it: ticket, and the money back', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside, undefined, { vehicles: emptiedRegistry(outside).vehicles });
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(3 * 3_600_000);
    const activation = (await loadActivation(outside.database.reader, id))?.activation;
    expect([activation?.phase, activation?.attempts.length, activation?.settlement?.status]).toEqual([
      'failed',
      6,
      'voided',
    ]);
    expect(outside.tickets).toEqual([id]);
    await engine.stop();
  }));

it('stays a data error for a VIN that is not registered at the platform either', async () => {
  const answer = async () => ({ ok: false, failure: unknown }) as const;
  const all = { configure: answer, command: answer, status: answer, health: answer, history: answer };
  const reported: string[] = [];
  const judged = registeredVehicles(all, {
    isRegistered: async (asked) => asked === vin,
    onContradiction: (asked) => void reported.push(asked),
  });
  const of = async (asked: string) => {
    const status = await judged.status(asked);
    return status.ok ? null : status.failure;
  };
  expect([await of(vin), await of('1M8GDM9AXKP042788')]).toEqual([
    { ...unknown, temporary: true, message: contradiction },
    unknown,
  ]);
  expect(reported).toEqual([vin]);
});
