import Stripe from 'stripe';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { Http } from '../../../shared/ports/http.ts';
import type { Ids } from '../../../shared/ports/ids.ts';

/** Where events are sent, and how they are signed. */
export interface WebhookEndpoint {
  readonly http: Http;
  /** Null: there is no receiver now. */
  readonly url: () => string | null;
  readonly secret: string;
}

/** Sends one event as Stripe does, once. Resolves with what the receiver answered, in words. */
export async function sendEvent(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  endpoint: WebhookEndpoint | undefined,
  type: string,
  object: unknown,
): Promise<string> {
  const url = endpoint?.url() ?? null;
  if (endpoint === undefined || url === null) return 'no webhook endpoint';
  const created = Math.floor(clock.now() / 1000);
  const id = `evt_${ids.next('evt').slice(4)}`;
  const payload = JSON.stringify({ id, object: 'event', type, created, data: { object } });
  const signature = Stripe.webhooks.generateTestHeaderString({
    payload,
    secret: endpoint.secret,
    timestamp: created,
  });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  try {
    const response = await endpoint.http(new Request(url, { method: 'POST', headers, body: payload }));
    return `${id}: answered ${response.status}`;
  } catch (error) {
    return `${id}: not delivered: ${error instanceof Error ? error.message : String(error)}`;
  }
}
