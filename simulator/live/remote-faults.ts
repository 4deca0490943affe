import { TransportError } from '../../shared/ports/http.ts';
import type { HttpFaults } from '../faults/http-faults.ts';
import type { ProcessChannel } from './process-channel.ts';
import type { ProcessQuestion, RequestFate, RunQuestion } from './process-questions.ts';

/** Faults in front of a service in another process: decided here, so that a process that dies takes no count along. */
export interface RemoteFaults {
  /** Resolves with what becomes of a request; where it may pass, the process that asks receives a question for it meanwhile. */
  fateOf(question: Extract<RunQuestion, { type: 'request' }>, channel: ProcessChannel): Promise<RequestFate>;
}

/** The request passed, and failed in the process that asks. */
class Failed extends Error {}

export function remoteFaults({ around }: Pick<HttpFaults, 'around'>): RemoteFaults {
  const sends = new WeakMap<Request, () => Promise<unknown>>();
  const answered = new WeakSet<Response>();
  const way = around(async (request) => {
    if ((await sends.get(request)?.()) !== true) throw new Failed();
    const response = new Response();
    answered.add(response);
    return response;
  });

  return {
    async fateOf({ key, method, url, idempotencyKey }, channel) {
      const headers = idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey };
      const request = new Request(url, { method, headers });
      const question: ProcessQuestion = { type: 'send', key };
      sends.set(request, () => channel.ask(question));
      try {
        const response = await way(request);
        if (answered.has(response)) return { type: 'own' };
        const { status, headers } = response;
        return { type: 'answer', status, headers: [...headers], body: await response.text() };
      } catch (error) {
        if (error instanceof Failed) return { type: 'own' };
        if (!(error instanceof TransportError)) throw error;
        const { kind, message, mayHaveSucceeded } = error;
        return { type: 'error', kind, message, mayHaveSucceeded };
      }
    },
  };
}
