import type { TransportError } from '../../shared/ports/http.ts';
import { type ProblemName, problemName, problemNameOfCode } from '../../shared/protocol/problem.ts';
import type { Failure, FailureCategory } from '../activation/failure.ts';
import type { VehicleCommand } from '../adapter/answers.ts';
import type { CodeMeaning } from '../adapter/codes.ts';

/** What an answer that is no success means (specification, "Failure categories and handling"; docs/activation-spec.md, section 9). */
interface Meaning {
  readonly category: FailureCategory;
  readonly temporary: boolean;
  readonly mayHaveSucceeded: boolean;
}

/** What others say goes into records and events, which have limits of their own. */
export const messageMax = 500;

const invalid: Meaning = { category: 'invalid_configuration', temporary: false, mayHaveSucceeded: false };
const incompatible: Meaning = { category: 'vehicle_incompatible', temporary: false, mayHaveSucceeded: false };
const unauthorized: Meaning = {
  category: 'authorization_failure',
  temporary: false,
  mayHaveSucceeded: false,
};
const unknownVehicle: Meaning = { category: 'unknown_vehicle', temporary: false, mayHaveSucceeded: false };
/** A server that fails may have acted before it failed. */
const serverError: Meaning = { category: 'api_iot_error', temporary: true, mayHaveSucceeded: true };
const gatewayTimeout: Meaning = { category: 'timeout', temporary: true, mayHaveSucceeded: true };
/**
 * The key has a request: it is under way, or it was another body (another engine's callback URL, a vehicle registered anew or
 * a changed catalogue between two sendings). Either way a command may have been accepted under it.
 */
const keyIsTaken: Meaning = { category: 'api_iot_error', temporary: true, mayHaveSucceeded: true };

/** Only these names mean a final refusal, or an error of the API IoT itself. */
const byProblem: Partial<Record<ProblemName, Meaning>> = {
  'malformed-request': invalid,
  'invalid-request': invalid,
  'invalid-configuration': invalid,
  'body-too-large': invalid,
  'unsupported-media-type': invalid,
  'vehicle-incompatible': incompatible,
  'unknown-vehicle': unknownVehicle,
  unauthorized,
  'missing-scope': unauthorized,
  'key-in-flight': keyIsTaken,
  'key-mismatch': keyIsTaken,
};

/** Codes of a refused bearer token (RFC 6750 section 3.1), for an API IoT without our problem documents. */
const byBearerError: Readonly<Record<string, ProblemName>> = {
  invalid_token: 'unauthorized',
  insufficient_scope: 'missing-scope',
};

/** A proxy, a firewall or a wrong route answers like this: it may have passed the request on before. */
const intermediary: Meaning = { category: 'transient_network', temporary: true, mayHaveSucceeded: true };

/** Only the temporary meanings: a status alone does not say who answered. */
function byStatus(status: number): Meaning {
  if (status === 408 || status === 504) return gatewayTimeout;
  if (status >= 500) return serverError;
  return intermediary;
}

/** An answer that is no success, as far as it was read. */
export interface ErrorAnswer {
  readonly status: number;
  /** The parsed JSON, null when it is none. */
  readonly body: unknown;
  readonly contentType?: string | null;
  /** The `WWW-Authenticate` header. */
  readonly challenge?: string | null;
}

/** The documented name of the refusal, in `type` or in `code`, or by the bearer challenge; null when the API IoT did not say one. */
function documentedName({ body, challenge }: ErrorAnswer): ProblemName | null {
  const { type, code } = membersOf(body);
  const named = problemName(type) ?? problemNameOfCode(code);
  if (named !== null) return named;
  const [, bearerError] = /^Bearer\b.*\berror="?([a-z_]+)"?/i.exec(challenge ?? '') ?? [];
  return bearerError === undefined ? null : (byBearerError[bearerError] ?? null);
}

function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/**
 * The failure that a refusal stands for. A documented name decides before the status does; without one, 4xx and redirects are
 * a temporary failure of something in between (docs/activation-spec.md, section 9), for a proxy that answers 404 says nothing about a vehicle.
 */
export function failureOfResponse(answer: ErrorAnswer): Failure {
  const { status, body } = answer;
  const name = documentedName(answer);
  const meaning = (name && byProblem[name]) ?? byStatus(status);
  const { detail } = membersOf(body);
  const isUnknownAnswerer = name === null && meaning === intermediary;
  const said = typeof detail === 'string' ? detail : `the API IoT answered ${status}`;
  return {
    ...meaning,
    code: name ?? `http_${status}`,
    message: isUnknownAnswerer ? intermediaryMessage(answer) : said.slice(0, messageMax),
  };
}

const byMeaning: Readonly<Record<Exclude<CodeMeaning, 'rate_limit'>, Meaning>> = {
  retryable: serverError,
  invalid_configuration: invalid,
  vehicle_incompatible: incompatible,
  authorization_failure: unauthorized,
  unknown_vehicle: unknownVehicle,
};

/** Returns the failure that an adapter lists for a refusal, before any other reading of it. */
export function failureOfListed(
  { status }: Pick<ErrorAnswer, 'status'>,
  meaning: Exclude<CodeMeaning, 'rate_limit'>,
  code: unknown,
  message: unknown,
): Failure {
  const name =
    typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 64) : `http_${status}`;
  const said = typeof message === 'string' ? message : `the API IoT answered ${status} (${name})`;
  return { ...byMeaning[meaning], code: name, message: said.slice(0, messageMax) };
}

function intermediaryMessage({ status, contentType }: ErrorAnswer): string {
  const type = contentType?.split(';')[0]?.trim().slice(0, 64) || 'no content type';
  return `something between the gateway and the API IoT answered ${status} (${type}): no documented problem type or code`;
}

/** The gateway itself was too busy to take an answer: that says nothing about the API IoT. */
export const isGatewayBusy = ({ code }: Pick<Failure, 'code'>): boolean => code === 'transport_busy';

/** No answer means unknown, unless the request certainly never left. */
export function failureOfTransport(error: TransportError): Failure {
  return {
    category: error.kind === 'timeout' || error.kind === 'busy' ? 'timeout' : 'transient_network',
    code: `transport_${error.kind}`,
    message: error.message.slice(0, messageMax),
    temporary: true,
    mayHaveSucceeded: error.mayHaveSucceeded,
  };
}

/** The failure of a command that ended without delivery, or null: delivered, or still waiting. */
export function failureOfCommand(command: VehicleCommand, vehicleOnline: boolean | null): Failure | null {
  const reasons = (command.results ?? []).map(
    (result) => `${result.feature}: ${result.reason ?? result.outcome}`,
  );
  const message = (reasons.join('; ') || `the command ended ${command.state}`).slice(0, messageMax);
  switch (command.state) {
    case 'accepted':
    case 'applied':
      return null;
    case 'rejected':
      return { ...incompatible, code: 'rejected', message };
    case 'failed':
      return {
        category: 'vehicle_not_ready',
        code: 'failed',
        message,
        temporary: true,
        mayHaveSucceeded: false,
      };
    case 'expired':
      return { category: 'timeout', code: 'expired', message, temporary: true, mayHaveSucceeded: false };
    case 'timed_out': {
      const offline = vehicleOnline === false;
      return {
        category: offline ? 'vehicle_offline' : 'timeout',
        code: 'timed_out',
        message: offline
          ? 'the vehicle was offline until the command timed out'
          : 'the vehicle did not answer in time',
        temporary: true,
        mayHaveSucceeded: true,
      };
    }
  }
}
