import type { TransportError } from '../../shared/ports/http.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { type ProblemName, problemName } from '../../shared/protocol/problem.ts';
import type { Failure, FailureCategory } from '../activation/failure.ts';

/** What an answer that is no success means (specification, "Failure categories and handling"; DESIGN.md section 10.6). */
interface Meaning {
  readonly category: FailureCategory;
  readonly temporary: boolean;
  readonly mayHaveSucceeded: boolean;
}

/** What others say goes into records and events, which have limits of their own. */
const messageMax = 500;

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
const inFlight: Meaning = { category: 'api_iot_error', temporary: true, mayHaveSucceeded: true };

const byProblem: Partial<Record<ProblemName, Meaning>> = {
  'malformed-request': invalid,
  'invalid-request': invalid,
  'invalid-configuration': invalid,
  'key-mismatch': invalid,
  'body-too-large': invalid,
  'unsupported-media-type': invalid,
  'vehicle-incompatible': incompatible,
  'unknown-vehicle': unknownVehicle,
  unauthorized,
  'missing-scope': unauthorized,
  'key-in-flight': inFlight,
};

/** For an API IoT that does not name its problems as ours does. */
function byStatus(status: number): Meaning {
  if (status === 401 || status === 403) return unauthorized;
  if (status === 404) return unknownVehicle;
  if (status === 409) return incompatible;
  if (status === 408 || status === 504) return gatewayTimeout;
  if (status >= 500) return serverError;
  return invalid;
}

/** The failure that a refusal stands for; the problem's `type` decides before its status does. */
export function failureOfResponse(status: number, body: unknown): Failure {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const name = problemName(problem.type);
  const meaning = (name && byProblem[name]) ?? byStatus(status);
  const detail = typeof problem.detail === 'string' ? problem.detail : `the API IoT answered ${status}`;
  return { ...meaning, code: name ?? `http_${status}`, message: detail.slice(0, messageMax) };
}

/** No answer means unknown, unless the request certainly never left. */
export function failureOfTransport(error: TransportError): Failure {
  return {
    category: error.kind === 'timeout' ? 'timeout' : 'transient_network',
    code: `transport_${error.kind}`,
    message: error.message.slice(0, messageMax),
    temporary: true,
    mayHaveSucceeded: error.mayHaveSucceeded,
  };
}

/** The failure of a command that ended without delivery, or null: delivered, or still waiting. */
export function failureOfCommand(command: CommandResource, vehicleOnline: boolean | null): Failure | null {
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
