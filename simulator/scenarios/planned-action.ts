import { z } from 'zod';
import { msSchema } from '../faults/unit-schemas.ts';
import { runMsMax } from './time-limits.ts';

const common = {
  purchase: z.string().min(1).describe('The id of a stated purchase: p1.'),
  atMs: msSchema(0, runMsMax).describe(
    'From the first moment of the workload; not before the purchase has been answered.',
  ),
};

/** What a technician can do with a ticket without saying more. */
export const technicianActs = ['start', 'retry', 'keep', 'close', 'manual_activation'] as const;

/** Something that people do after a purchase: its customer, the next owner of the vehicle, or a technician. */
export const plannedActionSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('cancel'), ...common }),
  z.strictObject({ do: z.literal('renew'), ...common }),
  z.strictObject({
    do: z.literal('transfer'),
    ...common,
    to: z.string().min(1).describe('The customer who owns the vehicle of the purchase from now on.'),
  }),
  z.strictObject({
    do: z.literal('ticket'),
    ...common,
    act: z.enum(technicianActs).describe("What the technician does with the purchase's ticket."),
  }),
]);
export type PlannedAction = z.infer<typeof plannedActionSchema>;

/** Returns the id of the purchase that renews another; a second renewal has a number. */
export function renewalId(id: string, nth: number): string {
  return nth === 1 ? `${id}-renewed` : `${id}-renewed-${nth}`;
}
