import type { z } from 'zod';
import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import {
  type CommandResource,
  type ConfigureRequest,
  commandResourceSchema,
  historySchema,
  type VehicleHealth,
  type VehicleTwin,
  vehicleHealthSchema,
  vehicleTwinSchema,
} from '../../shared/protocol/api-iot.ts';
import { maskSecrets } from '../../shared/protocol/known-secrets.ts';
import { namedWaitMs } from '../../shared/protocol/retry-after.ts';
import type { Failure } from '../activation/failure.ts';
import { accessTokens, type ClientCredentials, sendAuthorised } from '../oauth/access-token.ts';
import type { ClockSkews } from './clock-skew.ts';
import { type ErrorAnswer, failureOfResponse, failureOfTransport } from './refusal.ts';

/** An answer, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export type ConfigureAnswer = Answer<CommandResource> | { readonly ok: false; readonly retryAt: number };

export interface ConfigureHeaders {
  readonly key: string;
  /** W3C trace context: one trace id an activation. */
  readonly traceparent: string;
}

/** When a 429 names no Retry-After. */
const defaultRetryAfterMs = 60_000;
/** The most that is understood, so that the instant can be written; how long is really waited is the policy's. */
const retryAfterMaxMs = 100 * 365 * 24 * 3_600_000;

/** The API IoT as the engine knows it: over HTTP only, so that the user's own takes the stand-in's place. */
export interface VehicleApi {
  /** `key` is the Idempotency-Key: the same key is the same command, however often it is sent. */
  configure(vin: string, request: ConfigureRequest, headers: ConfigureHeaders): Promise<ConfigureAnswer>;
  command(vin: string, commandId: string): Promise<Answer<CommandResource>>;
  status(vin: string): Promise<Answer<VehicleTwin>>;
  health(vin: string): Promise<Answer<VehicleHealth>>;
  /** The newest commands first, at most 50. */
  history(vin: string): Promise<Answer<CommandResource[]>>;
}

interface Deps {
  readonly http: Http;
  readonly clock: Clock;
  readonly origin: string;
  readonly credentials: ClientCredentials;
  /** Receives the clock difference that each vehicle status shows. */
  readonly clockSkews?: ClockSkews;
}

const credentialsRefused: Failure = {
  category: 'authorization_failure',
  code: 'credentials_refused',
  message: 'the token endpoint refused the client credentials',
  temporary: false,
  mayHaveSucceeded: false,
};

function errorAnswerOf(response: Response, body: unknown): ErrorAnswer {
  return {
    status: response.status,
    body,
    contentType: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
  };
}

export function vehicleApi(deps: Deps): VehicleApi {
  const tokens = accessTokens(deps);

  /** An answer may repeat what it was asked with. */
  const masked = (failure: Failure): Failure => ({
    ...failure,
    message: maskSecrets(failure.message, tokens.secrets()),
  });

  async function call<T>(
    path: string,
    schema: z.ZodType<T>,
    init: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string } = { method: 'GET' },
  ): Promise<Answer<T> | { readonly ok: false; readonly retryAt: number }> {
    try {
      const response = await sendAuthorised(tokens, deps.http, (token) => {
        const headers = { ...init.headers, authorization: `Bearer ${token}`, accept: 'application/json' };
        return new Request(`${deps.origin}${path}`, { ...init, headers });
      });
      if (response === null) return { ok: false, failure: credentialsRefused };
      const body: unknown = await response.json().catch(() => null);
      if (response.status === 429)
        return { ok: false, retryAt: deps.clock.now() + retryAfterMs(response, body, deps.clock.now()) };
      if (!response.ok)
        return { ok: false, failure: masked(failureOfResponse(errorAnswerOf(response, body))) };
      const parsed = schema.safeParse(body);
      if (parsed.success) return { ok: true, value: parsed.data };
      const detail = `the API IoT's answer to ${path} has another shape than documented`;
      return { ok: false, failure: failureOfResponse({ status: 502, body: { detail } }) };
    } catch (error) {
      if (error instanceof TransportError) return { ok: false, failure: failureOfTransport(error) };
      throw error;
    }
  }

  /** For reads a 429 is a passing failure like any other. */
  async function read<T>(path: string, schema: z.ZodType<T>): Promise<Answer<T>> {
    const answer = await call(path, schema);
    return 'retryAt' in answer
      ? { ok: false, failure: failureOfResponse({ status: 503, body: { detail: 'too many requests' } }) }
      : answer;
  }

  return {
    configure: (vin, request, { key, traceparent }) =>
      call(`/vehicle/${vin}/configure`, commandResourceSchema, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key, traceparent },
        body: JSON.stringify(request),
      }),
    command: (vin, commandId) =>
      read(`/vehicle/${vin}/history/${encodeURIComponent(commandId)}`, commandResourceSchema),
    async status(vin) {
      const answer = await read(`/vehicle/${vin}/status`, vehicleTwinSchema);
      if (answer.ok) deps.clockSkews?.heard(vin, answer.value.clockSkewMs);
      return answer;
    },
    health: (vin) => read(`/vehicle/${vin}/health`, vehicleHealthSchema),
    async history(vin) {
      const answer = await read(`/vehicle/${vin}/history?limit=50`, historySchema);
      return answer.ok ? { ok: true, value: answer.value.commands } : answer;
    },
  };
}

/** Our own API IoT says it to the millisecond in the problem; else Retry-After in seconds or as an HTTP date (RFC 9110 section 10.2.3). */
function retryAfterMs(response: Response, body: unknown, now: number): number {
  const wished = wishedRetryAfterMs(response, body, now);
  // Whole milliseconds: an instant is saved as an integer.
  return Math.min(Math.max(0, Math.ceil(wished)), retryAfterMaxMs);
}

function wishedRetryAfterMs(response: Response, body: unknown, now: number): number {
  const exact = (body as { retryAfterMs?: unknown } | null)?.retryAfterMs;
  if (typeof exact === 'number' && exact >= 0) return exact;
  return namedWaitMs(response.headers.get('retry-after'), now) ?? defaultRetryAfterMs;
}
