import { z } from 'zod';
import { msSchema } from './unit-schemas.ts';

const takesNeedsHangs = 'a service that takes a message answers it, unless it hangs: write hangs: true too';

/** What a channel that is down does with a message: refuses it at once, or (`hangs`) never answers. */
export const channelDownAttributes = z
  .strictObject({
    hangs: z
      .boolean()
      .default(false)
      .describe('No answer ever comes, and the sender gives up by itself; else refused at once.'),
    takes: z
      .boolean()
      .default(false)
      .describe('With hangs: the message is taken all the same, and its sender never learns of it.'),
  })
  .refine(({ hangs, takes }) => hangs || !takes, { path: ['takes'], message: takesNeedsHangs })
  .default({ hangs: false, takes: false });

/** How much later a slow channel takes a message. */
export const channelSlowAttributes = z.strictObject({ latencyMs: msSchema(0, 3_600_000) });

/** The service that each of them meets. */
export const channelOfFault = {
  smtp_down: 'mail',
  push_down: 'push',
  smtp_slow: 'mail',
  push_slow: 'push',
} as const;
export const channelFaultTypes = ['smtp_down', 'push_down', 'smtp_slow', 'push_slow'] as const;
