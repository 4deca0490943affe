import { callbackPath } from '../../gateway/platform/callback-route.ts';

/** A callback as it came. */
export interface ReceivedCallback {
  readonly at: number;
  readonly headers: Headers;
  readonly body: string;
  /** What it was answered with. */
  readonly answered: number;
}

/** Receives callbacks of the API IoT. The first of each id is refused with 503, so that a second try shows. */
export interface CallbackListener {
  /** Null: no address was given, under which the API IoT reaches this machine. */
  readonly url: string | null;
  /** Signs the callbacks; null: not known. */
  readonly secret: string | null;
  readonly received: readonly ReceivedCallback[];
}

/** Keeps what arrives, and answers. */
export function callbackReceiver(now: () => number) {
  const received: ReceivedCallback[] = [];
  return {
    path: callbackPath,
    received,
    async fetch(request: Request): Promise<Response> {
      const id = request.headers.get('webhook-id');
      const isFirst = !received.some(({ headers }) => headers.get('webhook-id') === id);
      const answered = isFirst ? 503 : 204;
      received.push({ at: now(), headers: request.headers, body: await request.text(), answered });
      return new Response(null, { status: answered });
    },
  };
}
