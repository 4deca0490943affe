/** RFC 9457 problem types. The engine decides by `type`, not by the status alone (docs/api-iot.md lists them all). */
export const problemTypes = {
  'malformed-request': { status: 400, title: 'The request could not be read' },
  'invalid-configuration': { status: 422, title: 'The configuration is not valid' },
  'invalid-request': { status: 422, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A valid access token is needed' },
  'invalid-signature': { status: 403, title: 'The signature is not valid' },
  'missing-scope': { status: 403, title: 'The access token lacks a scope' },
  'not-permitted': { status: 403, title: 'The role of the token may not do this' },
  'not-found': { status: 404, title: 'Not found' },
  'unknown-vehicle': { status: 404, title: 'No vehicle has this VIN' },
  'unknown-customer': { status: 404, title: 'No customer has this id' },
  'unknown-service': { status: 404, title: 'The catalogue has no such service' },
  'method-not-allowed': { status: 405, title: 'This resource has no such method' },
  'events-gone': { status: 410, title: 'Events after this one are no longer kept' },
  'vehicle-held': { status: 409, title: 'The vehicle is registered with another password' },
  'vehicle-incompatible': { status: 409, title: 'The vehicle does not support the feature' },
  'activation-open': { status: 409, title: 'An activation of this service is already under way' },
  'not-erasable': { status: 409, title: 'The personal data cannot be erased now' },
  'customer-erased': { status: 409, title: 'The personal data of this customer was erased' },
  'not-cancellable': { status: 409, title: 'The purchase cannot be cancelled now' },
  'not-settleable': { status: 409, title: 'The settlement cannot be ended so now' },
  'not-decidable': { status: 409, title: 'The finding cannot be decided so' },
  'already-paused': { status: 409, title: 'The engine is paused already' },
  'not-open': { status: 409, title: 'The activation is over' },
  'illegal-move': { status: 409, title: 'The ticket cannot make this move now' },
  'already-active': { status: 409, title: 'The service is already active on this vehicle' },
  'key-in-flight': { status: 409, title: 'A request with this Idempotency-Key is under way' },
  'key-mismatch': { status: 422, title: 'The Idempotency-Key was used with another request' },
  'payment-declined': { status: 402, title: 'The payment was declined' },
  'request-timeout': { status: 408, title: 'The request was not sent in time' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'misdirected-request': { status: 421, title: 'This host is not served here' },
  'too-many-streams': { status: 429, title: 'The caller follows too many streams of events' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'quota-exceeded': { status: 429, title: 'Too many configuration commands for this vehicle' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'The service is not available now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problemTypes;

/** An application/problem+json body. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What happened in this request, and the fix. */
  readonly detail: string;
  readonly instance?: string;
  readonly [extension: string]: unknown;
}

const prefix = 'urn:fleetwake:problem:';

export function problemOf(
  name: ProblemName,
  detail: string,
  extensions: Record<string, unknown> = {},
): Problem {
  const { status, title } = problemTypes[name];
  return { type: `${prefix}${name}`, title, status, detail, ...extensions };
}

/** The registered name of a problem's `type`, or null for a foreign one. */
export function problemName(type: unknown): ProblemName | null {
  if (typeof type !== 'string' || !type.startsWith(prefix)) return null;
  return problemNameOfCode(type.slice(prefix.length));
}

/** The same for a `code` member that holds the bare name. */
export function problemNameOfCode(code: unknown): ProblemName | null {
  return typeof code === 'string' && Object.hasOwn(problemTypes, code) ? (code as ProblemName) : null;
}
