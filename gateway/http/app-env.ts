import type { OpenAPIHono } from '@hono/zod-openapi';

/** Who sent the request, as its access token says. */
export interface Caller {
  readonly clientId: string;
  /** The customer of the token: the caller sees only this customer's data. Null: the data of all customers. */
  readonly customerId: string | null;
  readonly scopes: ReadonlySet<string>;
  /** When the token expires: a stream must end then. */
  readonly expiresAt: number;
}

/** What middlewares leave for handlers. */
export interface AppEnv {
  Variables: {
    /** Set by `requireScope` (authenticate.ts). */
    caller: Caller;
    /** Context of the request's span while spans are recorded (request-figures.ts). */
    traceparent?: string;
    /** Of the activation that the request has made. */
    activationId?: string;
  };
}

export type App = OpenAPIHono<AppEnv>;
