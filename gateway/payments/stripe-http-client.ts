import Stripe from 'stripe';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';

type RequestHeaders = Parameters<InstanceType<typeof Stripe.HttpClient>['makeRequest']>[4];

/** The largest answer that is read, in characters; a PaymentIntent has a few thousand. */
const answerMax = 1_000_000;

/** An answer that is read to its end already. */
class ReadResponse extends Stripe.HttpClientResponse {
  readonly #text: string;

  constructor(status: number, headers: Record<string, string>, text: string) {
    super(status, headers);
    this.#text = text;
  }

  override getRawResponse(): object {
    return {};
  }

  override async toJSON(): Promise<unknown> {
    return this._parseResponseBody(this.#text);
  }
}

function plainHeaders(headers: RequestHeaders): Headers {
  const plain = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // The length is the transport's own business.
    if (name.toLowerCase() !== 'content-length') plain.set(name, String(value));
  }
  return plain;
}

/**
 * HTTP client of the stripe package: the Http port, with a time-out by the Clock port that covers the whole answer. A
 * failure is thrown as a plain Error without `code`, because the package itself repeats a request, with its own timer, if
 * the code means a closed connection.
 */
export class StripeClientOverHttpPort extends Stripe.HttpClient {
  readonly #http: Http;
  readonly #clock: Clock;
  readonly #origin: string;

  constructor(http: Http, clock: Clock, origin: string) {
    super();
    this.#http = http;
    this.#clock = clock;
    this.#origin = origin;
  }

  override getClientName(): string {
    return 'fleetwake';
  }

  override async makeRequest(
    _host: string,
    _port: string,
    path: string,
    method: string,
    headers: RequestHeaders,
    requestData: string,
    _protocol: string,
    timeoutMs: number,
  ): Promise<ReadResponse> {
    const request = {
      method,
      headers: plainHeaders(headers),
      redirect: 'manual' as const,
      ...(method === 'POST' ? { body: requestData } : {}),
    };
    try {
      return await this.#within(timeoutMs, (signal) =>
        this.#exchange(new Request(new URL(path, this.#origin), { ...request, signal })),
      );
    } catch (error) {
      throw new Error(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  async #exchange(request: Request): Promise<ReadResponse> {
    const response = await this.#http(request);
    const text = await response.text();
    if (text.length > answerMax) throw new Error(`the answer has ${text.length} characters`);
    return new ReadResponse(response.status, Object.fromEntries(response.headers), text);
  }

  async #within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    let expire: (error: Error) => void = () => {};
    const expired = new Promise<never>((_, reject) => {
      expire = reject;
    });
    const timer = this.#clock.setTimer(timeoutMs, () => {
      expire(new Error(`no answer within ${timeoutMs} ms`));
      abort.abort();
    });
    try {
      // A request that cannot be aborted continues, and its result is ignored.
      const working = work(abort.signal);
      working.catch(() => {});
      return await Promise.race([working, expired]);
    } finally {
      timer.cancel();
    }
  }
}
