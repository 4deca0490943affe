import { z } from 'zod';

/** What the evidence does not know of its run. */
export const surroundingsSchema = z.strictObject({
  world: z.enum(['virtual', 'live']),
  bus: z.string().optional(),
  versions: z.record(z.string(), z.string()).optional(),
  description: z.string().optional().describe('What the scenario says that it is for.'),
  calledAs: z
    .string()
    .optional()
    .describe(
      'How the command called the scenario: its name, or its file, with adapter, models and catalogue.',
    ),
});
export type Surroundings = z.infer<typeof surroundingsSchema>;
