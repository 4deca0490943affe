/** The specification's failure categories, and those it does not name: time-out, a vehicle that can't now, unknown vehicle, deadline. */
export const failureCategories = [
  'transient_network',
  'vehicle_offline',
  'api_iot_error',
  'timeout',
  'vehicle_not_ready',
  'invalid_configuration',
  'vehicle_incompatible',
  'authorization_failure',
  'unknown_vehicle',
  'deadline_exceeded',
] as const;
export type FailureCategory = (typeof failureCategories)[number];

/** Why an attempt did not deliver. Two bits decide what follows (FIELD.md section 1). */
export interface Failure {
  readonly category: FailureCategory;
  /** The answer's own name: a problem type, a vehicle's outcome, a transport error. */
  readonly code: string;
  readonly message: string;
  /** Worth another attempt. */
  readonly temporary: boolean;
  /** The vehicle may have applied, or may still apply, the command. */
  readonly mayHaveSucceeded: boolean;
}

export function deadlineExceeded(deadlineAt: number, last: Failure | null): Failure {
  return {
    category: 'deadline_exceeded',
    code: 'deadline_exceeded',
    message: `not delivered before the activation's deadline (${deadlineAt})${last ? `; last: ${last.message}` : ''}`,
    temporary: false,
    mayHaveSucceeded: last?.mayHaveSucceeded ?? false,
  };
}

export function noResult(message: string): Failure {
  return { category: 'timeout', code: 'no_result', message, temporary: true, mayHaveSucceeded: true };
}
