import { z } from 'zod';

const durationShape = z.union([
  z.strictObject({ unit: z.enum(['hours', 'days', 'months']), count: z.int().min(1).max(1_200) }),
  z.strictObject({ unit: z.literal('permanent') }),
]);

const soldFor =
  'write a duration such as "30 days", "1 month", "12 hours" or "permanent", or fields unit and count';

/** What is sold: its fields, or a text that says both. */
export const durationSchema = z.union(
  [
    durationShape,
    z
      .string()
      .regex(/^([1-9]\d{0,3} (hour|day|month)s?|permanent)$/, soldFor)
      .transform((text, context): z.infer<typeof durationShape> => {
        const [count = '', unit = ''] = text.split(' ');
        const read = durationShape.safeParse(
          text === 'permanent'
            ? { unit: 'permanent' }
            : { unit: `${unit.replace(/s$/, '')}s`, count: Number(count) },
        );
        if (read.success) return read.data;
        context.addIssue({ code: 'custom', message: soldFor, input: text });
        return z.NEVER;
      }),
  ],
  { error: (issue) => (typeof issue.input === 'string' || issue.input === undefined ? soldFor : undefined) },
);
