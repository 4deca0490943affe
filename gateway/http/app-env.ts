import type { OpenAPIHono } from '@hono/zod-openapi';

/** Who sent the request, as its access token says. */
export interface Caller {
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
}

/** What middlewares leave for handlers. */
export interface AppEnv {
  Variables: {
    /** Set by `requireScope` (authenticate.ts). */
    caller: Caller;
  };
}

export type App = OpenAPIHono<AppEnv>;
