import { z } from 'zod';
import type { PaymentEvent } from '../activation/settlement.ts';
import { shownTextSchema } from './name.ts';
import { nameSchema } from './ticket-view.ts';

const by = { by: nameSchema.meta({ description: 'The operator who decides it', example: 'controller-1' }) };
const otherMeans = {
  ...by,
  amountMinor: z.int().min(1).meta({ description: 'The whole amount due, in minor units' }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters, ISO 4217'),
  reference: shownTextSchema(200).meta({ description: "The bank's or the book-keeping's own" }),
};

export const resolutionBodySchema = z
  .discriminatedUnion('resolution', [
    z
      .strictObject({ ...otherMeans, resolution: z.literal('paid_back') })
      .meta({ description: 'The customer was paid back by other means' }),
    z
      .strictObject({ ...otherMeans, resolution: z.literal('collected') })
      .meta({ description: 'The customer has paid by other means' }),
    z
      .strictObject({
        ...by,
        resolution: z.literal('written_off'),
        reason: shownTextSchema(2_000).meta({ description: 'Why; the customer reads it' }),
      })
      .meta({ description: 'It is given up' }),
    z
      .strictObject({ ...by, resolution: z.literal('retry') })
      .meta({ description: 'The payment service is asked once more' }),
  ])
  .meta({ id: 'SettlementResolution' });
export type ResolutionBody = z.infer<typeof resolutionBodySchema>;
type Decision = Extract<PaymentEvent, { type: 'payment_resolved' | 'payment_retried' }>;

/** Returns an operator's decision as an event of the money. */
export function decisionOf(body: ResolutionBody, at: number): Decision {
  const { by: operator } = body;
  switch (body.resolution) {
    case 'retry':
      return { type: 'payment_retried', at, by: operator };
    case 'written_off': {
      const { resolution: kind, reason } = body;
      return { type: 'payment_resolved', at, by: operator, resolution: { kind, reason } };
    }
    default: {
      const { resolution: kind, amountMinor, reference } = body;
      return { type: 'payment_resolved', at, by: operator, resolution: { kind, amountMinor, reference } };
    }
  }
}
