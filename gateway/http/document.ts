import type { App } from './app-env.ts';

type Fields = Record<string, unknown>;

const problemContent = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const header = (description: string) => ({ description, schema: { type: 'string' } });

const challenge = { 'WWW-Authenticate': header('The challenge (RFC 6750)') };

/** Headers that belong to a status wherever it is answered. */
const headersOf: Readonly<Record<string, Fields>> = {
  401: challenge,
  403: challenge,
  503: { 'Retry-After': header('Seconds') },
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The schema generator writes a nullable reference as `allOf: [$ref, {type: […, "null"]}]`, which null never fits. Here it
 * becomes one or the other; a reference to a schema that takes null itself stays as it is.
 */
function withNullableReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNullableReferences);
  if (!isFields(value)) return value;
  const { allOf, ...rest } = value;
  const [reference, nullable, ...more] = Array.isArray(allOf) ? (allOf as unknown[]) : [];
  const isNullable =
    more.length === 0 &&
    isFields(reference) &&
    '$ref' in reference &&
    isFields(nullable) &&
    Array.isArray(nullable.type) &&
    nullable.type.includes('null');
  if (!isNullable)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withNullableReferences(item)]),
    );
  const { type: _, ...notes } = nullable as Fields;
  return { ...(withNullableReferences(rest) as Fields), ...notes, anyOf: [reference, { type: 'null' }] };
}

/** `getCustomersPersonalData` for `get /customers/{id}/personal-data`. */
function operationId(method: string, path: string): string {
  const words = path.split(/[/.-]/).filter((word) => word !== '');
  const name = words.map((word) => {
    const plain = word.replace(/[{}]/g, '');
    const capital = plain.charAt(0).toUpperCase() + plain.slice(1);
    return word.startsWith('{') ? `By${capital}` : capital;
  });
  return method + name.join('').replace(/[^A-Za-z0-9]/g, '');
}

/** What the server answers to a request that never reaches a handler (shared/live/http-server.ts). */
const ofServer: Readonly<Record<string, Fields>> = {
  400: problemContent('malformed-request'),
  408: problemContent('request-timeout'),
  421: problemContent('misdirected-request'),
  431: problemContent('headers-too-large'),
};

/** What every operation answers because of what stands before its handler: server, body limit, authentication, headers. */
function completeOperation(method: string, path: string, operation: Fields): Fields {
  const given = operation.responses as Record<string, Fields>;
  const isSecured = Array.isArray(operation.security) && operation.security.length > 0;
  const responses: Record<string, Fields> = {
    ...ofServer,
    ...given,
    ...(method === 'get' || '413' in given ? {} : { 413: problemContent('body-too-large') }),
    ...(isSecured && !('503' in given)
      ? { 503: problemContent('unavailable: the keys of an outside issuer cannot be read now') }
      : {}),
  };
  const complete = Object.entries(responses).map(([status, response]) => {
    const headers = { ...headersOf[status], ...(response.headers as Fields | undefined) };
    return [status, Object.keys(headers).length === 0 ? response : { ...response, headers }];
  });
  return {
    operationId: operationId(method, path),
    ...operation,
    security: operation.security ?? [],
    responses: Object.fromEntries(complete),
  };
}

/** The OpenAPI document of an app: the generated one, with what the generator cannot know and without what it gets wrong. */
export function completeDocument(generated: object): object {
  const { webhooks: _, paths, ...document } = withNullableReferences(generated) as Fields;
  const complete = Object.entries(paths as Record<string, Record<string, Fields>>).map(
    ([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [
          method,
          completeOperation(method, path, operation),
        ]),
      ),
    ],
  );
  return { ...document, servers: [{ url: '/' }], paths: Object.fromEntries(complete) };
}

/** `GET /openapi.json`: built at the first request, when every route is mounted. */
export function mountDocument(
  app: App,
  info: { title: string; version: string; description?: string },
): void {
  let document: object | null = null;
  app.get('/openapi.json', (context) => {
    document ??= completeDocument(app.getOpenAPI31Document({ openapi: '3.1.0', info }));
    return context.json(document);
  });
}
