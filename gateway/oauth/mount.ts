import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import { declareSecurity } from '../http/authenticate.ts';
import { mountTokenEndpoint, type OAuthOptions } from './token-endpoint.ts';
import { accessTokenType, customerIdType, exchangeGrant } from './token-exchange.ts';

const grantsOf = ({ exchange }: OAuthOptions) => [
  'client_credentials',
  ...(exchange === undefined ? [] : [exchangeGrant]),
];

const credentialFields = {
  scope: z
    .string()
    .optional()
    .meta({ description: "Space-separated; all of the client's scopes when left out" }),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
};

const exchangeFields = {
  subject_token: z.string().optional().meta({ description: "Token exchange: the customer's id" }),
  subject_token_type: z.literal(customerIdType).optional(),
  requested_token_type: z.literal(accessTokenType).optional(),
};

const tokenAnswerSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().meta({ description: 'Seconds' }),
  scope: z.string(),
  issued_token_type: z.literal(accessTokenType).optional().meta({ description: 'After a token exchange' }),
});

const tokenErrorSchema = z.object({ error: z.string(), error_description: z.string() });

const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});

function describeTokenEndpoint(app: App, options: OAuthOptions): void {
  const tokenRequestSchema = z.object({
    grant_type: z.enum(grantsOf(options)),
    ...credentialFields,
    ...(options.exchange === undefined ? {} : exchangeFields),
  });
  const exchange = options.exchange === undefined ? '' : ', or exchange a customer for one (RFC 8693)';
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/oauth/token',
    tags: ['OAuth'],
    summary: `Get an access token (client credentials${exchange}; HTTP Basic or client_id and client_secret in the form)`,
    request: {
      body: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: tokenRequestSchema } },
      },
    },
    responses: {
      200: json('The token', tokenAnswerSchema),
      400: json(
        'RFC 6749 error: invalid_request, invalid_scope, unauthorized_client, unsupported_grant_type',
        tokenErrorSchema,
      ),
      401: json('RFC 6749 error: invalid_client', tokenErrorSchema),
    },
  });
}

/**
 * Adds an OAuth 2.0 authorisation server to an app: `/oauth/token`, its metadata (RFC 8414) and its public keys.
 * `scopes` name what the app's own operations need, for the OpenAPI document.
 */
export function mountOAuth(
  app: App,
  options: OAuthOptions,
  scopes: Readonly<Record<string, string>> = {},
): void {
  const { issuer } = options;
  mountTokenEndpoint(app, options);
  describeTokenEndpoint(app, options);
  declareSecurity(app, { tokenUrl: `${issuer}/oauth/token`, scopes: { ...scopes } });
  const metadata = {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: grantsOf(options),
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: [...new Set(options.clients.flatMap((client) => client.scopes))],
  };
  app.get('/.well-known/oauth-authorization-server', (context) => context.json(metadata));
  app.get('/.well-known/jwks.json', async (context) => context.json(await options.tokens.publicKeys()));
}
