/** An answer of the stand-in. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /**
   * Whether a repeat under the same Idempotency-Key gets this answer again. Stripe saves the answer of every request that
   * began to execute.
   */
  readonly kept: boolean;
  /** Delay of the answer after the step; without it none. A repeat is answered at once. */
  readonly delayMs?: number;
}

export interface ErrorFields {
  readonly code?: string;
  readonly message: string;
  readonly param?: string;
  readonly decline_code?: string;
  readonly payment_intent?: unknown;
}

type ErrorType = 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';

/** `{error: {type, code, message, …}}`, as Stripe writes errors. */
export function errorBody(
  type: ErrorType,
  fields: ErrorFields,
): { error: ErrorFields & { type: ErrorType } } {
  return { error: { type, ...fields } };
}

/** The parameters are wrong: nothing ran, and the key stays free. */
export function invalid(fields: ErrorFields, status = 400): Answer {
  return { status, body: errorBody('invalid_request_error', fields), kept: false };
}

/** The request ran and was refused. */
export function refused(fields: ErrorFields): Answer {
  return { status: 400, body: errorBody('invalid_request_error', fields), kept: true };
}

/** The card said no. */
export function cardDeclined(fields: ErrorFields): Answer {
  return { status: 402, body: errorBody('card_error', fields), kept: true };
}

export function missing(resource: string, id: string, param = 'id', status = 404): Answer {
  return invalid({ code: 'resource_missing', message: `No such ${resource}: '${id}'`, param }, status);
}
