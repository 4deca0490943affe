import type { Context } from 'hono';
import type { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { type Problem, type ProblemName, problemOf } from '../../shared/protocol/problem.ts';

/**
 * Ends a request with a problem (RFC 9457). Thrown by handlers and middlewares, turned into the answer by `newApp`.
 * Only for errors that the caller may read: any other error becomes `internal`, without its text.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    super(problem.detail);
    this.problem = problem;
    this.headers = headers;
  }
}

/** The error to throw for a registered problem. `headers` go into the answer (Retry-After, WWW-Authenticate). */
export function problemError(
  name: ProblemName,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): ProblemError {
  return new ProblemError(problemOf(name, detail, extensions), headers);
}

/** The answer that carries a problem. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  });
}

/** What a problem looks like in OpenAPI. */
const problemSchema = z
  .object({
    type: z.string().meta({ example: 'urn:fleetwake:problem:invalid-request' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    errors: z
      .array(
        z.object({
          in: z.enum(['body', 'path', 'query', 'header']),
          pointer: z
            .string()
            .meta({ description: 'JSON Pointer into that part', example: '/features/0/target' }),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

/** An entry of a route's `responses` for one problem status. */
export function problemDoc(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } };
}

const parts = {
  json: 'body',
  form: 'body',
  param: 'path',
  query: 'query',
  header: 'header',
  cookie: 'header',
} as const;

/** The most faults listed in one answer. */
const errorMax = 32;

/** The `errors` extension: one entry per mistake, with a JSON Pointer (RFC 6901) to it, and the fix. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], target: keyof typeof parts) {
  return issues.slice(0, errorMax).map((issue) => ({
    in: parts[target],
    pointer: issue.path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    message: fixHint(issue),
  }));
}

type ZodVerdict =
  | { success: true; target: keyof typeof parts }
  | { success: false; target: keyof typeof parts; error: z.ZodError };

/** A hook for `app.openapi(route, handler, hook)` that answers schema failures of the body with a problem of this name. */
export function refuseInvalid(bodyProblem: ProblemName) {
  return (verdict: ZodVerdict, _context: Context): undefined => {
    if (verdict.success) return;
    const name = parts[verdict.target] === 'body' ? bodyProblem : 'invalid-request';
    const errors = faultsOf(verdict.error.issues, verdict.target);
    const first = errors[0];
    const where = first === undefined ? '' : ` ${first.in}${first.pointer}: ${first.message}.`;
    throw problemError(name, `The request does not follow the schema.${where}`, { errors });
  };
}

/** The problem for an exception of Hono's own (malformed JSON, wrong media type), or null for a status it never throws here. */
export function problemOfException(error: HTTPException): Problem | null {
  switch (error.status) {
    case 400:
      return problemOf('malformed-request', `${error.message}. Send well-formed JSON in UTF-8.`);
    case 413:
      return problemOf('body-too-large', 'The body is larger than this service takes.');
    case 415:
      return problemOf(
        'unsupported-media-type',
        'Send the body as application/json, with this Content-Type.',
      );
    default:
      return null;
  }
}
