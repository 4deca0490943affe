import { z } from 'zod';
import { wallNow } from '../../shared/ports/clock.ts';
import { callbackSchema } from '../../shared/protocol/api-iot.ts';
import type { CommandEnded } from '../adapter/answers.ts';
import { UnreadAnswer } from '../adapter/pick.ts';
import type { App } from '../http/app-env.ts';
import { faultsOf, problemDoc, problemError } from '../http/problem.ts';
import { type CallbackVerdict, verifyCallback } from '../http/webhook-signature.ts';
import type { PlatformDeps } from './deps.ts';
import type { Metrics } from './metrics.ts';

export const callbackPath = '/callbacks/api-iot';

const reasons: Readonly<Record<Exclude<CallbackVerdict, { ok: true }>['reason'], string>> = {
  missing_header: 'webhook-id, webhook-timestamp or webhook-signature is missing or malformed',
  too_old: 'the timestamp is more than 5 minutes old',
  too_new: 'the timestamp is more than 5 minutes ahead',
  signature: 'no signature is ours',
};

function parse(body: string, { adapter, clock }: Pick<PlatformDeps, 'adapter' | 'clock'>): CommandEnded {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    throw problemError('malformed-request', 'The body is not JSON.');
  }
  if (adapter !== undefined) return readByAdapter(document, adapter, clock.now());
  const parsed = callbackSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const errors = faultsOf(parsed.error.issues, 'json');
  throw problemError('invalid-request', 'The callback does not follow the schema.', { errors });
}

function readByAdapter(
  document: unknown,
  { callback }: NonNullable<PlatformDeps['adapter']>,
  now: number,
): CommandEnded {
  if (callback === null) {
    throw problemError('invalid-request', 'The adapter of the API IoT says that it sends no callbacks.');
  }
  try {
    return { type: 'command.ended', command: callback.command(document, { vin: '', asked: null, now }) };
  } catch (error) {
    if (!(error instanceof UnreadAnswer)) throw error;
    const what = error.message === '' ? '' : `: it ${error.message}`;
    throw problemError('invalid-request', `The callback is not as the adapter of the API IoT says${what}.`);
  }
}

/** `POST /callbacks/api-iot`: how a command ended, signed by the API IoT (Standard Webhooks) instead of a token. */
export function mountCallbacks(
  app: App,
  deps: Pick<PlatformDeps, 'adapter' | 'engine' | 'clock' | 'secrets' | 'log' | 'config'> & {
    readonly metrics: Metrics;
  },
): void {
  const { engine, clock, secrets, log, config, metrics } = deps;
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: callbackPath,
    tags: ['Callbacks'],
    summary: 'How a command ended; signed by the API IoT (Standard Webhooks 1.0), no token',
    security: [],
    request: {
      headers: z.object({
        'webhook-id': z.string().meta({ description: 'The same for every try' }),
        'webhook-timestamp': z.string().meta({ description: 'Epoch seconds' }),
        'webhook-signature': z
          .string()
          .meta({ description: 'v1,BASE64; several may be separated by spaces' }),
      }),
      body: { required: true, content: { 'application/json': { schema: callbackSchema } } },
    },
    responses: {
      204: { description: 'Saved' },
      400: problemDoc('malformed-request'),
      403: problemDoc('invalid-signature'),
      413: problemDoc('body-too-large'),
      422: problemDoc('invalid-request'),
    },
  });
  app.post(callbackPath, async (context) => {
    const body = await context.req.text();
    const now = wallNow(clock);
    const verdict = verifyCallback(
      { secret: config.callbackSecret, secrets, now },
      context.req.raw.headers,
      body,
    );
    if (!verdict.ok) {
      metrics.countCallback('refused');
      log.warn('platform.callback_refused', { reason: verdict.reason });
      throw problemError('invalid-signature', `The callback was refused: ${reasons[verdict.reason]}.`);
    }
    await engine.receive(parse(body, deps));
    metrics.countCallback('taken');
    return context.body(null, 204);
  });
}
