import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { Duration } from '../../gateway/catalogue/service.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import { shippedModels } from '../models/models-folder.ts';
import { type PlannedPurchase, plannedId } from '../scenarios/planned-purchase.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { ScheduledActivation, TestCase } from './test-case.ts';

/** Default fleet of a test case: two vehicles of the model with every feature, one of each model that lacks a feature. */
export const standardFleet = ['aurora-2026', 'aurora-2026', 'borealis-2026', 'cirrus-2025'] as const;

const cardNames: Readonly<Record<ScheduledActivation['card'], string>> = {
  good: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  capture_declined: 'pm_card_captureDeclined',
  refund_refused: 'pm_card_refundFail',
};

export function modelOfVehicle(index: number, fleet: TestCase['fleet'] = [...standardFleet]): VehicleModel {
  const model = shippedModels().find(({ id }) => id === fleet[index]);
  if (!model) throw new Error(`the fleet has no vehicle ${index}`);
  return model;
}

/** The same for every fleet: a VIN is a name here, and says nothing of the model. */
export function vinOf(index: number): string {
  const { vinPrefix, vinPlant } = modelOfVehicle(index);
  return makeVin(vinPrefix, vinPlant, 100_001 + index);
}

export const vehicleCount = standardFleet.length;

/** The first purchase of an activation, and the second where the customer buys it again. */
export interface TestCasePurchase extends PlannedPurchase {
  /** Index into the test case's activations. */
  readonly activation: number;
}

export function purchasesOf(testCase: TestCase, catalogue: Catalogue): TestCasePurchase[] {
  const services = catalogue.services();
  const wishes = testCase.activations.flatMap((scheduled, activation) => {
    const { atMs, againAfterMs } = scheduled;
    const again = againAfterMs === null ? [] : [{ scheduled, activation, atMs: atMs + againAfterMs }];
    return [{ scheduled, activation, atMs }, ...again];
  });
  const timed = wishes.map((wish, index) => ({ ...wish, index }));
  timed.sort((left, right) => left.atMs - right.atMs || left.index - right.index);
  return timed.map(({ scheduled, activation, atMs }, index): TestCasePurchase => {
    const service = services[scheduled.service % services.length];
    const { hours } = scheduled;
    const duration: Duration | undefined =
      hours === undefined ? service?.offers.at(-1)?.duration : { unit: 'hours', count: hours };
    if (!service || !duration) throw new Error(`the catalogue has no service ${scheduled.service}`);
    return {
      id: plannedId(index),
      atMs,
      customerId: `customer-${scheduled.vehicle + 1}`,
      vin: vinOf(scheduled.vehicle),
      serviceId: service.id,
      feature: service.feature,
      duration,
      method: cardNames[scheduled.card],
      preDelivery: false,
      intent: scheduled.card === 'declined' ? 'declined' : 'ordinary',
      activation,
    };
  });
}
