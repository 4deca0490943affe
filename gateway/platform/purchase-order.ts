import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import type { Money } from '../../shared/protocol/money.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { durationText, type Service, sameDuration } from '../catalogue/service.ts';
import { problemError } from '../http/problem.ts';
import { durationSchema } from './catalogue-route.ts';

export const purchaseBodySchema = z
  .strictObject({
    customerId: customerIdSchema,
    vin: vinSchema,
    serviceId: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, '1 to 64 letters, digits, dots, hyphens and underscores')
      .meta({ example: 'heated-seats' }),
    duration: durationSchema,
    paymentMethod: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,128}$/, '1 to 128 letters, digits and underscores')
      .meta({ description: "The customer's payment method at the payment service", example: 'pm_card_visa' }),
    paymentCustomer: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,128}$/, '1 to 128 letters, digits and underscores')
      .optional()
      .meta({
        description:
          'The customer at the payment service whose saved payment method it is; without it the method belongs to no customer there',
        example: 'cus_Q1x2y3',
      }),
    preDelivery: z
      .boolean()
      .default(false)
      .meta({ description: 'The vehicle is not delivered to the customer yet' }),
  })
  .meta({ id: 'PurchaseBody' });
export type PurchaseBody = z.infer<typeof purchaseBodySchema>;

/** What is bought, and at what price. */
export interface Choice {
  readonly service: Service;
  readonly price: Money;
}

/** Throws 404 `unknown-service`, or 422 for a duration that the service is not sold for. */
export function choose(catalogue: Catalogue, { serviceId, duration }: PurchaseBody): Choice {
  const service = catalogue.service(serviceId);
  if (service === null) {
    throw problemError(
      'unknown-service',
      `The catalogue has no service ${serviceId}. GET /catalogue lists them.`,
      {
        serviceId,
      },
    );
  }
  const offer = service.offers.find((one) => sameDuration(one.duration, duration));
  if (offer !== undefined) return { service, price: offer.price };
  const offered = service.offers.map((one) => durationText(one.duration)).join(', ');
  const errors = [{ in: 'body', pointer: '/duration', message: `one of: ${offered}` }];
  const detail = `${serviceId} is not sold for ${durationText(duration)}, but for: ${offered}.`;
  throw problemError('invalid-request', detail, { errors });
}
