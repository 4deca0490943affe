import type { Context } from 'hono';
import type { Session } from './sessions.ts';

export interface ConsoleEnv {
  Variables: { session: Session };
}

export type ConsoleContext = Context<ConsoleEnv>;
