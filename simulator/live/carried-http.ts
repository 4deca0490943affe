import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { CarriedAnswer, CarriedRequest } from './process-questions.ts';

/** One side of HTTP over a channel: requests that it sends, and those that it answers. */
export interface CarriedHttp {
  /** Sends a request to the other side. A caller that gives up ends it there. */
  readonly send: Http;
  /** Answers a request of the other side. */
  answer(request: CarriedRequest, http: Http): Promise<CarriedAnswer>;
  /** The caller on the other side gave up. */
  giveUp(key: number): void;
}

/** Carries HTTP between two threads without a socket: a request is one message, and so is its answer. Bodies are text. */
export function carriedHttp(
  ask: (question: CarriedRequest | { readonly type: 'give up'; readonly key: number }) => Promise<unknown>,
): CarriedHttp {
  const underWay = new Map<number, AbortController>();
  let sent = 0;
  return {
    async send(request) {
      sent += 1;
      const key = sent;
      const { method, url, signal } = request;
      const headers = [...request.headers];
      const body = request.body === null ? null : await request.text();
      const giveUp = () => void ask({ type: 'give up', key });
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        const answer = await ask({ type: 'http', key, method, url, headers, body });
        return carriedResponse(answer as CarriedAnswer);
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    },
    async answer({ key, method, url, headers, body }, http) {
      const controller = new AbortController();
      underWay.set(key, controller);
      const init = { method, headers: pairs(headers), body, signal: controller.signal };
      try {
        const response = await http(new Request(url, init));
        const { status } = response;
        return { type: 'answer', status, headers: [...response.headers], body: await response.text() };
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        const { kind, message, mayHaveSucceeded } = error;
        return { type: 'error', kind, message, mayHaveSucceeded };
      } finally {
        underWay.delete(key);
      }
    },
    giveUp: (key) => underWay.get(key)?.abort(),
  };
}

/** Answers that have no body by definition; the `Response` constructor requires this. */
const bodiless = new Set([101, 204, 205, 304]);

/** Returns the response that was carried. Throws the error that came instead. */
export function carriedResponse(answer: CarriedAnswer): Response {
  if (answer.type === 'error') throw new TransportError(answer.kind, answer.message, answer.mayHaveSucceeded);
  const { status, headers, body } = answer;
  return new Response(bodiless.has(status) ? null : body, { status, headers: pairs(headers) });
}

const pairs = (headers: CarriedRequest['headers']): [string, string][] => headers.map(([...pair]) => pair);
