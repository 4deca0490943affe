import Stripe from 'stripe';
import { type Clock, sleep } from '../../../shared/ports/clock.ts';
import type { Http } from '../../../shared/ports/http.ts';
import type { Ids } from '../../../shared/ports/ids.ts';

/** Where events are sent, and how they are signed. */
export interface WebhookEndpoint {
  readonly http: Http;
  /** Null: there is no receiver now. */
  readonly url: () => string | null;
  readonly secret: string;
  /** Wait before an event that was not answered 2xx is sent again, as long as that takes; absent: each is sent once. */
  readonly retryMs?: number;
}

export interface WebhookSender {
  /** Sends one event as Stripe does. Resolves with what the receiver answered first, in words. */
  send(type: string, object: unknown): Promise<string>;
  /** Events that are to be sent again. */
  waiting(): number;
}

interface Try {
  readonly isTaken: boolean;
  readonly words: string;
}

export function webhookSender(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  endpoint: WebhookEndpoint | undefined,
): WebhookSender {
  let waiting = 0;

  async function tryOnce(to: WebhookEndpoint, url: string, payload: string): Promise<Try> {
    // Signed anew at each try: a signature that is too old is refused.
    const signature = Stripe.webhooks.generateTestHeaderString({
      payload,
      secret: to.secret,
      timestamp: Math.floor(clock.now() / 1000),
    });
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    try {
      const response = await to.http(new Request(url, { method: 'POST', headers, body: payload }));
      return { isTaken: response.ok, words: `answered ${response.status}` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { isTaken: false, words: `not delivered: ${reason}` };
    }
  }

  async function repeat(to: WebhookEndpoint, url: string, payload: string, retryMs: number): Promise<void> {
    waiting += 1;
    do await sleep(clock, retryMs);
    while (!(await tryOnce(to, url, payload)).isTaken);
    waiting -= 1;
  }

  return {
    waiting: () => waiting,
    async send(type, object) {
      const url = endpoint?.url() ?? null;
      if (endpoint === undefined || url === null) return 'no webhook endpoint';
      const created = Math.floor(clock.now() / 1000);
      const id = `evt_${ids.next('evt').slice(4)}`;
      const payload = JSON.stringify({ id, object: 'event', type, created, data: { object } });
      const { isTaken, words } = await tryOnce(endpoint, url, payload);
      if (!isTaken && endpoint.retryMs !== undefined) void repeat(endpoint, url, payload, endpoint.retryMs);
      return `${id}: ${words}`;
    },
  };
}
