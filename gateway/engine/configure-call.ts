import type { VehicleCommand } from '../adapter/answers.ts';
import type { LimitedAnswer } from './api-client.ts';

export type ConfigureAnswer = LimitedAnswer<VehicleCommand>;

export interface ConfigureHeaders {
  readonly key: string;
  /** W3C trace context: one trace id an activation. */
  readonly traceparent: string;
}

/** What an API IoT without idempotency keys is searched by before a command is sent to it again. */
export interface Resend {
  /** No command of the activation is older. */
  readonly since: number;
  /** When this attempt was saved as started. */
  readonly startedAt: number;
  /** An earlier attempt of the activation may have reached the API IoT, and its command is not known. */
  readonly hasLostAnswer: boolean;
  /** Ids of the commands that the engine knows. */
  readonly known: readonly string[];
}
