import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Secrets } from '../../shared/ports/secrets.ts';
import {
  type CommandResource,
  commandResourceSchema,
  configureRequestSchema,
} from '../../shared/protocol/api-iot.ts';
import { packetMaxBytes } from '../../shared/protocol/broker-limits.ts';
import { traceparentOf } from '../../shared/protocol/traceparent.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { answerOf, keyHeaders, keyUseOf, replayedHeader } from '../http/idempotency.ts';
import { problemDoc, problemError, refuseInvalid } from '../http/problem.ts';
import { type AcceptanceDeps, accept, acceptedAnswer, type Order, type Verdict } from './acceptance.ts';
import { requestPacketBytes } from './command-message.ts';
import { commandResource } from './command-resource.ts';
import { preferredWaitMs } from './prefer.ts';
import { quotaHeaders, retryAfter } from './quota.ts';
import { jsonBody, unknownVehicle, vinParameters } from './routes-shared.ts';
import { findCommand } from './store/commands.ts';
import type { CommandRow } from './store/schema.ts';
import type { Waiters } from './waiters.ts';

export interface ConfigureDeps extends AcceptanceDeps {
  readonly secrets: Secrets;
  readonly waiters: Waiters;
  readonly preferWaitMaxMs: number;
  /** The command is durable: send it and watch its time. */
  readonly onAccepted: (command: CommandRow) => void;
  readonly onQuotaRefused: () => void;
}

const text = (description: string) => ({ description, schema: { type: 'string' as const } });

const quotaDocs = {
  RateLimit: text('What is left of the quota, as a structured field'),
  'RateLimit-Policy': text('The quota, as a structured field'),
};
const acceptedHeaders = {
  Location: text('Path of the command'),
  'Preference-Applied': text('The wait that was granted (RFC 7240)'),
  ...replayedHeader,
  ...quotaDocs,
};
const configureHeaders = keyHeaders.extend({
  prefer: z.string().optional().meta({ description: 'wait=N: hold the answer up to N seconds (RFC 7240)' }),
  traceparent: z.string().optional().meta({ description: 'W3C Trace Context' }),
});

const configureRoute = (requireScope: Authenticator['requireScope']) =>
  createRoute({
    method: 'post',
    path: '/vehicle/{vin}/configure',
    tags: ['Vehicle'],
    summary: 'Send a configuration command',
    description:
      'A repeat under the same Idempotency-Key gets the same answer and costs no quota. With Prefer: wait=N it is 200 with the outcome if the vehicle answers in time.',
    middleware: requireScope('vehicle:configure'),
    security: securityFor('vehicle:configure'),
    request: {
      params: vinParameters,
      headers: configureHeaders,
      body: { required: true, content: { 'application/json': { schema: configureRequestSchema } } },
    },
    responses: {
      200: {
        ...jsonBody('The command has ended while the request waited', commandResourceSchema),
        headers: acceptedHeaders,
      },
      202: {
        ...jsonBody('Accepted; Location leads to its state', commandResourceSchema),
        headers: { ...acceptedHeaders, 'Retry-After': text('Seconds after which polling makes sense') },
      },
      400: problemDoc('malformed-request'),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      404: problemDoc('unknown-vehicle'),
      409: problemDoc('vehicle-incompatible, key-in-flight'),
      413: problemDoc('body-too-large'),
      415: problemDoc('unsupported-media-type'),
      422: problemDoc('invalid-configuration, invalid-request (path), key-mismatch'),
      429: {
        ...problemDoc('quota-exceeded; Retry-After says when the window lets one more in'),
        headers: { 'Retry-After': text('Seconds'), ...quotaDocs },
      },
    },
  });

function refuseRepeatedFeatures(order: Order): void {
  const names = order.request.features.map(({ feature }) => feature);
  const index = names.findIndex((name, position) => names.indexOf(name) !== position);
  if (index < 0) return;
  const errors = [{ in: 'body', pointer: `/features/${index}/feature`, message: 'each feature once' }];
  throw problemError('invalid-configuration', `The feature ${names[index]} is named twice.`, { errors });
}

/** What cannot become a packet would cut the connection that all vehicles share. */
function refuseTooLarge({ vin, request, traceparent }: Order): void {
  const bytes = requestPacketBytes(vin, request, traceparent);
  if (bytes <= packetMaxBytes) return;
  const message = `the command takes ${bytes} bytes as an MQTT packet, at most ${packetMaxBytes} fit: send fewer or shorter parameters`;
  throw problemError('invalid-configuration', `${message[0]?.toUpperCase()}${message.slice(1)}.`, {
    errors: [{ in: 'body', pointer: '/features', message }],
  });
}

/** The refusals of `accept` as problems. */
function refuse(
  deps: ConfigureDeps,
  vin: string,
  verdict: Exclude<Verdict, { kind: 'accepted' | 'key' }>,
): never {
  switch (verdict.kind) {
    case 'unknown_vehicle':
      throw unknownVehicle(vin);
    case 'incompatible': {
      const { features } = verdict;
      throw problemError('vehicle-incompatible', `The vehicle has no ${features.join(', ')}.`, { features });
    }
    case 'quota': {
      const { quota } = verdict;
      deps.onQuotaRefused();
      const now = deps.clock.now();
      throw problemError(
        'quota-exceeded',
        `A vehicle takes ${deps.limits.limit} configuration commands in ${deps.limits.windowMs / 1000} s.`,
        { opensAt: quota.growsAt, retryAfterMs: Math.max(0, (quota.growsAt ?? now) - now) },
        { 'retry-after': retryAfter(quota, now), ...quotaHeaders(quota, deps.limits, now) },
      );
    }
    default:
      return verdict satisfies never;
  }
}

interface Answer {
  readonly resource: CommandResource;
  readonly headers: Record<string, string>;
  /** The command once it has ended, or null when it has not within the caller's time. */
  readonly end: Promise<CommandRow | null>;
}

/** Waits for a command that may have ended before anyone waited for it. */
async function endOfReplayed(
  deps: ConfigureDeps,
  commandId: string,
  waitMs: number,
): Promise<CommandRow | null> {
  const end = deps.waiters.wait(commandId, waitMs);
  const command = await findCommand(deps.database.reader, commandId);
  if (command !== null && command.ended_at !== null) deps.waiters.ended(command);
  return end;
}

async function answerTo(deps: ConfigureDeps, order: Order, waitMs: number): Promise<Answer> {
  const verdict = await accept(deps, order);
  if (verdict.kind === 'accepted') {
    const { command, quota } = verdict;
    // Waits before it is sent: a vehicle in this process answers at once.
    const end = deps.waiters.wait(command.id, waitMs);
    deps.onAccepted(command);
    const { headers } = acceptedAnswer(command);
    const quotaFields = quotaHeaders(quota, deps.limits, command.accepted_at);
    return { resource: commandResource(command), headers: { ...headers, ...quotaFields }, end };
  }
  if (verdict.kind !== 'key') return refuse(deps, order.vin, verdict);
  const stored = answerOf(verdict.claim);
  if (stored === null) throw new Error('a refused claim holds an answer or throws');
  const resource = JSON.parse(stored.body) as CommandResource;
  const end = waitMs > 0 ? endOfReplayed(deps, resource.id, waitMs) : Promise.resolve(null);
  return { resource, headers: { ...stored.headers, 'idempotency-replayed': 'true' }, end };
}

async function orderOf(
  context: Context<AppEnv>,
  deps: ConfigureDeps,
  vin: string,
  request: Order['request'],
) {
  const order: Order = {
    vin,
    clientId: context.var.caller.clientId,
    request,
    use: await keyUseOf(context, deps.secrets),
    traceparent: context.var.traceparent ?? traceparentOf(context.req.header('traceparent')),
  };
  refuseRepeatedFeatures(order);
  refuseTooLarge(order);
  return order;
}

export function mountConfigure(app: App, deps: ConfigureDeps, { requireScope }: Authenticator): void {
  app.openapi(
    configureRoute(requireScope),
    async (context) => {
      const order = await orderOf(context, deps, context.req.valid('param').vin, context.req.valid('json'));
      const waitMs = preferredWaitMs(context.req.header('prefer'), deps.preferWaitMaxMs);
      const { resource, headers, end } = await answerTo(deps, order, waitMs);
      if (waitMs === 0) return context.json(resource, 202, headers);
      const ended = await end;
      const applied = { ...headers, 'preference-applied': `wait=${Math.ceil(waitMs / 1000)}` };
      if (ended === null) return context.json(resource, 202, applied);
      const { 'retry-after': _, ...rest } = applied as Record<string, string>;
      return context.json(commandResource(ended), 200, rest);
    },
    refuseInvalid('invalid-configuration'),
  );
}
