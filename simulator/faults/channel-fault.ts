import { z } from 'zod';

/** What a channel that is down does with a message: refuses it at once, or (`hangs`) never answers. It takes none of them. */
export const channelFaultAttributes = z
  .strictObject({
    hangs: z
      .boolean()
      .default(false)
      .describe('No answer ever comes, and the sender gives up by itself; else refused at once.'),
  })
  .default({ hangs: false });

/** The service that each of them meets. */
export const channelOfFault = { smtp_down: 'mail', push_down: 'push' } as const;
export const channelFaultTypes = ['smtp_down', 'push_down'] as const;
