import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Clock, sleep } from '../../../shared/ports/clock.ts';
import type { Http } from '../../../shared/ports/http.ts';
import type { Log } from '../../../shared/ports/log.ts';
import type { PushSubscription } from '../../../shared/ports/pusher.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import type { WebPushCrypto } from '../../../shared/ports/web-push-crypto.ts';
import type { ChannelEffect } from '../../faults/channel-gates.ts';
import { pageQuery } from '../page-query.ts';
import { type RecentCounts, type RecentRecord, recentRecords } from '../recent-records.ts';
import { newVapidCheck } from './vapid-check.ts';

export interface PushSinkOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly crypto: WebPushCrypto;
  /** Where it is reached, without a slash at the end; asked for when needed, as a port may be known late. */
  readonly origin: () => string;
  /** All keys follow from it: with the same seed, subscriptions outlive a restart of the sink. */
  readonly seed: string;
  /** Only pushes of this application server are taken (its VAPID public key); null takes anyone's. */
  readonly applicationServerKey: string | null;
  /** What meets a push to this endpoint now; null: it is taken. */
  readonly faultOf?: (endpoint: string) => ChannelEffect | null;
}

/** A push as it arrived, still encrypted. */
interface StoredPush extends RecentRecord {
  readonly at: number;
  readonly endpoint: string;
  readonly topic: string | null;
  readonly ttlSeconds: number;
  readonly urgency: string;
  readonly subscription: string;
  readonly body: Uint8Array;
}

/** A push as the customer's phone shows it. */
interface ShownPush {
  readonly id: number;
  readonly at: number;
  readonly endpoint: string;
  readonly topic: string | null;
  readonly ttlSeconds: number;
  readonly urgency: string;
  /** Null where it could not be decrypted. */
  readonly payload: string | null;
}

export interface PushSink {
  /** `POST /push/{subscription}` (RFC 8030), `POST /subscriptions`, `GET /messages?to=ENDPOINT&limit=&before=`. */
  readonly fetch: Http;
  /** A new customer's phone. */
  subscribe(): PushSubscription;
  /** The phone of a customer: with the same seed it has the same keys after a restart, also at another address. */
  phoneOf(customerId: string): PushSubscription;
  /** The phone forgets us: pushes to it are answered 410 from now on. */
  unsubscribe(endpoint: string): void;
  /** Newest first, of one endpoint or of all, at most `limit`. */
  list(query: {
    readonly to?: string | null;
    readonly limit: number;
    readonly before?: number | null;
  }): ShownPush[];
  counts(): RecentCounts;
}

const limits = { countMax: 100_000, bytesMax: 256_000_000 };
/** RFC 8030 section 7.2: a push service takes at least 4,096 bytes, and this one no more. */
const bodyMax = 4_096;
/** The most cancelled subscriptions that are remembered. */
const goneMax = 100_000;

/** A push that hangs is let go after so long, refused: no sender waits as long. */
const hangMaxMs = 60_000;

type Refusal = { readonly status: 400 | 401 | 403 | 404 | 410 | 503; readonly reason: string };

const refuse = (status: Refusal['status'], reason: string): Refusal => ({ status, reason });

/** RFC 8030 sections 5.2 and 5.4, RFC 8291 section 4. */
function refuseHeaders(header: (name: string) => string | undefined): Refusal | null {
  if (!/^\d{1,10}$/.test(header('ttl') ?? '')) return refuse(400, 'TTL must be a number of seconds.');
  const topic = header('topic');
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(topic)) {
    return refuse(400, 'Topic has at most 32 base64url characters.');
  }
  if (header('content-encoding') !== 'aes128gcm') {
    return refuse(400, 'Content-Encoding must be aes128gcm.');
  }
  return null;
}

/**
 * A push service and all the phones behind it, in memory: takes Web Push messages, keeps them encrypted and decrypts them
 * when they are read. Two messages with one topic to one phone count as duplicates; none is dropped.
 */
export function pushSink(options: PushSinkOptions): PushSink {
  const { clock, log, secrets, crypto, origin, seed } = options;
  const records = recentRecords<StoredPush>(limits);
  const gone = new Set<string>();
  const checkVapid = newVapidCheck(crypto, options.applicationServerKey);

  const tagOf = (name: string) => secrets.digest(`${seed}:${name}`).slice(0, 16);
  const keysOf = (name: string) => crypto.keysFrom(`${seed}:${name}`);
  const endpointOf = (name: string) => `${origin()}/push/${name}.${tagOf(name)}`;

  /** The subscription's name, or why there is none. */
  function findSubscription(id: string): string | Refusal {
    const [name = '', tag] = id.split('.');
    if (tag === undefined || !secrets.equal(tag, tagOf(name))) return refuse(404, 'No such subscription.');
    return gone.has(name) ? refuse(410, 'The subscription was cancelled.') : name;
  }

  async function take(context: Context, id: string): Promise<StoredPush | Refusal> {
    const header = (name: string) => context.req.header(name);
    const name = findSubscription(id);
    if (typeof name !== 'string') return name;
    const met = options.faultOf?.(endpointOf(name)) ?? null;
    const { signal } = context.req.raw;
    if (met?.type === 'slow') await sleep(clock, met.latencyMs, signal);
    if (met?.type === 'unanswered' && !met.isTaken) await sleep(clock, hangMaxMs, signal);
    if (met?.type === 'refused' || (met?.type === 'unanswered' && !met.isTaken))
      return refuse(503, 'The push service is down.');
    const authorization = header('authorization');
    if (authorization === undefined) return refuse(401, 'Send a VAPID Authorization header.');
    const wrong = checkVapid(authorization, origin(), clock.now());
    if (wrong !== null) return refuse(403, wrong);
    const refusal = refuseHeaders(header);
    if (refusal !== null) return refusal;
    const body = new Uint8Array(await context.req.arrayBuffer());
    const topic = header('topic') ?? null;
    const taken = records.add((sequence) => ({
      sequence,
      bytes: body.length,
      identity: topic === null ? `#${sequence}` : `${name}:${topic}`,
      at: clock.now(),
      endpoint: endpointOf(name),
      topic,
      ttlSeconds: Number(header('ttl')),
      urgency: header('urgency') ?? 'normal',
      subscription: name,
      body,
    }));
    if (met?.type !== 'unanswered') return taken;
    await sleep(clock, hangMaxMs, signal);
    return refuse(503, 'The push service is down.');
  }

  function show(push: StoredPush): ShownPush {
    const { sequence, at, endpoint, topic, ttlSeconds, urgency } = push;
    let payload: string | null = null;
    try {
      payload = crypto.decrypt(push.body, keysOf(push.subscription));
    } catch (error) {
      log.warn('push_sink.undecryptable', { id: sequence, message: String(error) });
    }
    return { id: sequence, at, endpoint, topic, ttlSeconds, urgency, payload };
  }

  const list: PushSink['list'] = ({ to = null, limit, before = null }) =>
    records.list(limit, before, (push) => to === null || push.endpoint === to).map(show);

  function subscriptionOf(name: string): PushSubscription {
    const { p256dh, auth } = keysOf(name);
    return { endpoint: endpointOf(name), keys: { p256dh, auth } };
  }

  const subscribe = () => subscriptionOf(secrets.newToken().slice(0, 22));

  const app = new Hono();
  app.use(
    bodyLimit({ maxSize: bodyMax, onError: (context) => context.text(`At most ${bodyMax} bytes.`, 413) }),
  );
  app.post('/push/:id', async (context) => {
    const taken = await take(context, context.req.param('id'));
    if ('reason' in taken) return context.text(taken.reason, taken.status);
    return context.body(null, 201, {
      location: `${origin()}/messages/${taken.sequence}`,
      ttl: String(taken.ttlSeconds),
    });
  });
  // In the place of a browser's PushManager.subscribe(), for customers that are registered by another process.
  app.post('/subscriptions', (context) => context.json(subscribe(), 201));
  app.get('/messages', (context) => {
    const query = pageQuery((name) => context.req.query(name));
    if (typeof query === 'string') return context.json({ error: query }, 400);
    const messages = list(query);
    const next = messages.length === query.limit ? (messages.at(-1)?.id ?? null) : null;
    return context.json({ ...records.counts(), messages, next });
  });
  app.get('/messages/:id', (context) => {
    const push = records.find(Number(context.req.param('id')));
    if (push === undefined) return context.json({ error: 'No such push is kept.' }, 404);
    return context.json(show(push));
  });

  return {
    fetch: async (request) => app.fetch(request),
    subscribe,
    phoneOf: (customerId) => subscriptionOf(secrets.digest(`${seed}:customer:${customerId}`).slice(0, 22)),
    unsubscribe(endpoint) {
      const [oldest] = gone;
      if (gone.size >= goneMax && oldest !== undefined) gone.delete(oldest);
      const id = endpoint.slice(endpoint.lastIndexOf('/') + 1);
      gone.add(id.split('.')[0] ?? '');
    },
    list,
    counts: records.counts,
  };
}
