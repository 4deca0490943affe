import type { OpenAPIHono } from '@hono/zod-openapi';

/** Who sent the request, as its access token says. */
export interface Caller {
  readonly clientId: string;
  /** The customer for whom the token speaks: only what is theirs is there for the caller. Null: everybody's is. */
  readonly customerId: string | null;
  readonly scopes: ReadonlySet<string>;
  /** When the token lapses: nothing that goes on may outlast it. */
  readonly expiresAt: number;
}

/** What middlewares leave for handlers. */
export interface AppEnv {
  Variables: {
    /** Set by `requireScope` (authenticate.ts). */
    caller: Caller;
  };
}

export type App = OpenAPIHono<AppEnv>;
