import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { msSchema } from '../faults/unit-schemas.ts';
import { durationSchema } from './sold-duration.ts';
import { runMsMax } from './time-limits.ts';

/** One of the vehicles that the seed draws. */
const vehicleSelectorSchema = z.strictObject({
  model: z.string().min(1).optional(),
  region: z.string().length(2).optional().describe('ISO 3166-1 alpha-2.'),
  fault: z
    .string()
    .min(1)
    .optional()
    .describe('none: a vehicle without a fault; any: one with a fault; or the type of a fault: offline.'),
  of: z.string().min(1).optional().describe('The vehicle of this stated purchase.'),
});
export type VehicleSelector = z.infer<typeof vehicleSelectorSchema>;

/** A purchase that the scenario states: who buys what when, for which vehicle. */
export const statedPurchaseSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'write lower-case letters, digits and hyphens, a letter first')
    .describe('Names it in expectations and reports: p1.'),
  vin: vinSchema.optional().describe('A vehicle of vehicles.list, or one that this seed draws.'),
  vehicle: vehicleSelectorSchema
    .optional()
    .describe('Chooses a vehicle instead of vin; without both, any that has the feature.'),
  service: z.string().describe('Of the catalogue: heated-seats.'),
  feature: z.string().optional().describe('What the service wakes; as the catalogue says.'),
  atMs: msSchema(0, runMsMax).default(0).describe('From the first moment of the workload.'),
  card: z.string().optional().describe('A card of the payment service; without it purchases.cards.good.'),
  customer: z
    .string()
    .optional()
    .describe(
      'A customer of the plan, such as customer-0003; without it the one that the vehicle belongs to.',
    ),
  duration: durationSchema.optional().describe('Without it the first for which the service is sold.'),
  preDelivery: z.boolean().default(false).describe('The vehicle is not delivered yet.'),
});
export type StatedPurchase = z.infer<typeof statedPurchaseSchema>;
