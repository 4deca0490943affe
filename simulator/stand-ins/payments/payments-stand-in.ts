import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Clock, sleep } from '../../../shared/ports/clock.ts';
import type { Database } from '../../../shared/ports/database.ts';
import type { Http } from '../../../shared/ports/http.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import type { Log } from '../../../shared/ports/log.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import { createDispute, type DisputeEventType, endDispute } from './disputes.ts';
import { type Form, fingerprint, parseForm } from './form.ts';
import { findLapsed, lapseHolds } from './holds.ts';
import { earlierAnswer, type KeyUse, keepAnswer, keyInUse, removeOutdated } from './idempotent.ts';
import { cancelIntent, captureIntent, createIntent, listIntents, readIntent } from './intent-operations.ts';
import { type Ledger, ledgerOf, ledgerPageMax } from './ledger.ts';
import { createRefund, readRefund } from './refund-operations.ts';
import type { PaymentsStandInSchema } from './schema.ts';
import { type Answer, errorBody, invalid } from './stripe-error.ts';
import { type WebhookEndpoint, webhookSender } from './webhook.ts';
import type { Work } from './work.ts';

export interface PaymentsStandInOptions {
  /** Its own, brought up with `migratePaymentsStandIn`. */
  readonly database: Database<PaymentsStandInSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly secrets: Secrets;
  /** `secrets.digest` of the one API key that it accepts (`sk_test_…`). */
  readonly apiKeyDigest: string;
  /** Receives the events of disputes; without it there are none. */
  readonly webhook?: WebhookEndpoint;
}

export interface PaymentsStandIn {
  /** The HTTP API: the subset of Stripe's that the product uses, and `GET /ledger`. */
  readonly fetch: Http;
  readonly ledger: Ledger;
  /** Events of the webhook that are to be sent again. */
  readonly waitingEvents: () => number;
}

type Operation = (work: Work, form: Form) => Promise<Answer>;

/** The largest body, and the longest Idempotency-Key, that Stripe documents for such requests. */
const bodyMax = 64 * 1024;
const keyLengthMax = 255;
const cleanUpEveryMs = 1_000;

function newApp(log: Log): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    log.error('payments_stand_in.request_failed', { path: context.req.path, message: error.message });
    return context.json(errorBody('api_error', { message: 'The stand-in failed.' }), 500);
  });
  app.notFound((context) => {
    const message = `Unrecognized request URL (${context.req.method}: ${context.req.path}).`;
    return context.json(errorBody('invalid_request_error', { message }), 404);
  });
  app.use(
    bodyLimit({
      maxSize: bodyMax,
      onError: (context) =>
        context.json(
          errorBody('invalid_request_error', { message: `A body has at most ${bodyMax} bytes.` }),
          413,
        ),
    }),
  );
  return app;
}

/**
 * A working imitation of the part of Stripe's HTTP API that the product uses (docs/payments.md), with a ledger behind
 * it. A request is one transaction together with its Idempotency-Key, so what was answered survives a restart.
 */
export function paymentsStandIn(options: PaymentsStandInOptions): PaymentsStandIn {
  const { database, clock, ids, log, secrets, apiKeyDigest } = options;
  const app = newApp(log);
  const keysAtWork = new Set<string>();
  let cleanUpAt = 0;

  const within = <T>(key: string | null, run: (work: Work) => Promise<T>) =>
    database.write((transaction) => run({ transaction, ids, now: clock.now(), key }));

  /** What is read next is true now: holds whose time is over are released first. */
  async function releaseLapsed(): Promise<void> {
    while ((await findLapsed(database.reader, clock.now())).length > 0) await within(null, lapseHolds);
  }
  const ledger = ledgerOf(database, releaseLapsed);

  function respond(context: Context, answer: Answer, headers: Record<string, string> = {}): Response {
    const requestId = `req_${ids.next('trn').slice(4)}`;
    return context.json(answer.body as object, answer.status as 200, { 'request-id': requestId, ...headers });
  }

  /** Holds the answer up as long as its card says, or until the caller has gone. */
  async function late({ req }: Context, { delayMs = 0 }: Answer): Promise<void> {
    if (delayMs > 0) await sleep(clock, delayMs, req.raw.signal);
  }

  async function runOnce(use: KeyUse, form: Form, operation: Operation) {
    return within(use.key, async (work) => {
      if (work.now >= cleanUpAt) {
        cleanUpAt = work.now + cleanUpEveryMs;
        await removeOutdated(work.transaction, work.now);
      }
      const earlier = await earlierAnswer(work.transaction, use, work.now);
      if (earlier !== null) return earlier;
      const answer = await operation(work, form);
      if (answer.kept) await keepAnswer(work.transaction, use, answer, work.now);
      return { answer, replayed: false };
    });
  }

  async function post(context: Context, operation: Operation): Promise<Response> {
    const form = parseForm(await context.req.text());
    const key = context.req.header('idempotency-key');
    if (key === undefined) {
      const answer = await within(null, (work) => operation(work, form));
      await late(context, answer);
      return respond(context, answer);
    }
    if (key.length > keyLengthMax) {
      const message = `Idempotency keys may only be up to ${keyLengthMax} characters.`;
      return respond(context, invalid({ message }));
    }
    if (keysAtWork.has(key)) return respond(context, keyInUse(key));
    keysAtWork.add(key);
    let ran: Awaited<ReturnType<typeof runOnce>>;
    try {
      const use = { key, path: context.req.path, fingerprint: fingerprint(form, secrets) };
      ran = await runOnce(use, form, operation);
    } finally {
      keysAtWork.delete(key);
    }
    // The step is done, and a repeat gets its result: the key is free, even before this late answer is sent.
    await late(context, ran.answer);
    const replay: Record<string, string> = ran.replayed ? { 'idempotent-replayed': 'true' } : {};
    return respond(context, ran.answer, { 'idempotency-key': key, ...replay });
  }

  async function read(context: Context, operation: Operation): Promise<Response> {
    const form = parseForm(new URL(context.req.url).search);
    await releaseLapsed();
    const work = { transaction: database.reader, ids, now: clock.now(), key: null };
    return respond(context, await operation(work, form));
  }

  app.use(async (context, next) => {
    const [, token] = /^Bearer (\S+)$/.exec(context.req.header('authorization') ?? '') ?? [];
    if (token !== undefined && secrets.equal(secrets.digest(token), apiKeyDigest)) return next();
    const message =
      token === undefined
        ? 'You did not provide an API key. Send it as a Bearer token in the Authorization header.'
        : `Invalid API Key provided: ${token.slice(0, 8)}****`;
    return respond(context, invalid({ message }, 401), { 'www-authenticate': 'Bearer realm="Stripe"' });
  });

  app.post('/v1/payment_intents', (context) => post(context, createIntent));
  app.get('/v1/payment_intents', (context) => read(context, listIntents));
  app.get('/v1/payment_intents/:id', (context) =>
    read(context, (work, form) => readIntent(work, context.req.param('id'), form)),
  );
  app.post('/v1/payment_intents/:id/capture', (context) =>
    post(context, (work, form) => captureIntent(work, context.req.param('id'), form)),
  );
  app.post('/v1/payment_intents/:id/cancel', (context) =>
    post(context, (work, form) => cancelIntent(work, context.req.param('id'), form)),
  );
  app.post('/v1/refunds', (context) => post(context, createRefund));
  const webhook = webhookSender({ clock, ids }, options.webhook);
  const disputed = async (context: Context, type: DisputeEventType, operation: Operation) => {
    const form = parseForm(await context.req.text());
    const answer = await within(null, (work) => operation(work, form));
    if (answer.status !== 200) return respond(context, answer);
    const sent = await webhook.send(type, answer.body);
    return respond(context, { ...answer, body: { ...(answer.body as object), webhook: sent } });
  };
  app.post('/v1/test_helpers/disputes', (context) =>
    disputed(context, 'charge.dispute.created', createDispute),
  );
  app.post('/v1/test_helpers/disputes/:id/win', (context) =>
    disputed(context, 'charge.dispute.closed', (work) => endDispute(work, context.req.param('id'), 'won')),
  );
  app.post('/v1/disputes/:id/close', (context) =>
    disputed(context, 'charge.dispute.closed', (work) => endDispute(work, context.req.param('id'), 'lost')),
  );
  app.get('/v1/refunds/:id', (context) => read(context, (work) => readRefund(work, context.req.param('id'))));
  app.get('/ledger', async (context) => {
    const after = Number(context.req.query('after') ?? 0);
    const limit = Number(context.req.query('limit') ?? ledgerPageMax);
    if (!Number.isSafeInteger(after) || after < 0 || !Number.isSafeInteger(limit) || limit < 1) {
      const message = 'after and limit are whole numbers, limit at least 1.';
      return respond(context, invalid({ message }));
    }
    const entries = await ledger.entries({ after, limit });
    // A shorter page than asked for is the last one.
    const full = entries.length === Math.min(limit, ledgerPageMax);
    return context.json({ entries, next: full ? (entries.at(-1)?.sequence ?? null) : null });
  });

  return { fetch: async (request) => app.fetch(request), ledger, waitingEvents: webhook.waiting };
}
