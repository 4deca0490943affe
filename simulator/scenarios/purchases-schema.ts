import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { msSchema } from '../faults/unit-schemas.ts';
import { arrivalsSchema } from './arrivals.ts';
import { durationSchema } from './sold-duration.ts';
import { standardCards, standardServices } from './standard.ts';
import { statedPurchaseSchema } from './stated-purchase.ts';
import { runMsMax } from './time-limits.ts';

/** `any`: who buys is independent of who meets a fault. */
const buyerChoices = ['any', 'faulted-first'] as const;

const serviceSchema = z.strictObject({
  id: z.string().describe('Of the catalogue: heated-seats.'),
  feature: z.string().describe('What the service wakes: heated_seats.'),
  duration: durationSchema,
  weight: z.number().positive(),
});

const plannedPurchaseSchema = z.strictObject({
  vin: vinSchema,
  atMs: msSchema(0, runMsMax).describe('Milliseconds of the run from the first moment of the workload.'),
  service: z.string().describe('Of the catalogue: heated-seats.'),
  duration: durationSchema,
  card: z.string().describe('A card of the payment service: pm_card_visa.'),
});

export const purchasesSchema = z.strictObject({
  count: z
    .int()
    .min(0)
    .max(100_000)
    .describe('How many are drawn; may be left out, with overMs, where items names purchases.'),
  overMs: msSchema(0, runMsMax).describe(
    'They arrive within this time, at most two weeks. Milliseconds of the run, not compressed.',
  ),
  arrivals: arrivalsSchema
    .optional()
    .describe('Rates of arrival within overMs, as points of a curve; without it all moments are as likely.'),
  buyers: z
    .enum(buyerChoices)
    .optional()
    .describe(
      'Who buys: any vehicle, with a fault or without (the default), or vehicles with faults first, in the first seconds of an outage.',
    ),
  items: z
    .array(statedPurchaseSchema)
    .min(1)
    .max(1_000)
    .optional()
    .describe('Stated purchases, beside those that are drawn.'),
  services: z.array(serviceSchema).min(1).default(standardServices),
  perVehicleMax: z.int().min(1).max(1_000).default(1),
  /** This many of each, spread over the run by the seed; fewer where the drawn vehicles do not allow more. */
  unsupported: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('Purchases of a feature that the vehicle lacks.'),
  declined: z.int().min(0).max(100_000).default(0).describe('Purchases with a card that is declined.'),
  preDelivery: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('Purchases for vehicles that are not delivered yet.'),
  list: z
    .array(plannedPurchaseSchema)
    .min(1)
    .max(1_000)
    .optional()
    .describe(
      'These purchases instead of drawn ones, in the order of their arrival; as many as count says. Needs vehicles.list.',
    ),
  cards: z.strictObject({ good: z.string(), declined: z.string() }).default(standardCards),
});
