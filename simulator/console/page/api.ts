import { session } from './session-state.ts';

/** A refusal of the API, with a sentence for people. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

interface Sending {
  readonly method?: 'POST' | 'DELETE';
  readonly body?: unknown;
  /** The same for a repeat of the same change. */
  readonly idempotencyKey?: string;
}

/** Calls the console's server, which calls the API with the rights of the session. Rejects with `ApiProblem`. */
export async function call<Answer>(path: string, sending: Sending = {}): Promise<Answer> {
  const { method, body, idempotencyKey } = sending;
  const known = session.value.state === 'open' ? session.value.view : null;
  const response = await fetch(path, {
    method: method ?? 'GET',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === undefined || known === null ? {} : { 'x-fleetwake-change': known.changeToken }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiProblem(0, 'The console does not answer: it may have been stopped.');
  });
  const text = await response.text();
  if (response.ok) return (text === '' ? null : JSON.parse(text)) as Answer;
  if (response.status === 401 && path.startsWith('/api/')) session.value = { state: 'closed', reason: null };
  throw new ApiProblem(response.status, detailOf(text) ?? `The answer is ${response.status}.`);
}

function detailOf(text: string): string | null {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === 'string' ? detail : null;
  } catch {
    return null;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
