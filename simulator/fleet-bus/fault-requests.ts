import { z } from 'zod';
import { bodyLimitBytes } from '../../gateway/http/body-limit.ts';
import { ProblemError, problemError } from '../../gateway/http/problem.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { MessageReply, MessageRequest } from '../../shared/ports/messenger.ts';
import {
  type FaultRequest,
  type FleetSubjects,
  faultRequests,
} from '../../shared/protocol/fleet-subjects.ts';
import { type Problem, problemOf } from '../../shared/protocol/problem.ts';
import { utf8Of } from '../../shared/protocol/utf8.ts';
import { type FaultOperations, noJson } from '../control/fault-operations.ts';

/** Requests within one second; further ones are refused until it is over. */
export const requestsPerSecondMax = 200;
/** A NATS server takes 1 MiB a message unless it is configured otherwise, headers included. */
const replyMaxBytes = 1_000_000;

const idSchema = z.strictObject({ id: z.string().min(1).max(64) });

export interface FaultRequestDeps {
  readonly subjects: FleetSubjects;
  readonly operations: FaultOperations;
  /** The vehicles of this process, and how many of them are connected. */
  readonly vehicles: () => { readonly vehicles: number; readonly connected: number };
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers requests to the control of faults as its HTTP API does: the same JSON, and problem details (RFC 9457) where one is refused. */
export function faultRequestHandler(deps: FaultRequestDeps): (request: MessageRequest) => MessageReply {
  const admit = rateLimit(deps.clock);
  return (request) => {
    try {
      admit();
      return replyOf(answer(deps, request));
    } catch (error) {
      if (error instanceof ProblemError) return problemReply(error.problem);
      const { message, stack } = error as Error;
      deps.log.error('fleet_bus.request_failed', { subject: request.subject, message, stack });
      return problemReply(problemOf('internal', 'The request failed here. It may be sent again.'));
    }
  };
}

function answer(deps: FaultRequestDeps, { subject, payload }: MessageRequest): object | null {
  const { subjects, operations, vehicles } = deps;
  if (subject === subjects.ping) return vehicles();
  const request = faultRequests.find((one) => subjects.fault(one) === subject);
  if (request === undefined) {
    const known = faultRequests.map((one) => subjects.fault(one)).join(', ');
    throw problemError('not-found', `No request has the subject ${subject}; send it on one of ${known}.`);
  }
  if (payload.length > bodyLimitBytes) {
    const detail = `The body may have at most ${bodyLimitBytes} bytes.`;
    throw problemError('body-too-large', detail, { limitBytes: bodyLimitBytes });
  }
  return operate(operations, request, payload);
}

function operate(operations: FaultOperations, request: FaultRequest, payload: Uint8Array): object | null {
  switch (request) {
    case 'add':
      return operations.add(jsonOf(payload));
    case 'preview':
      return operations.preview(jsonOf(payload));
    case 'list':
      return operations.list();
    case 'get':
      return operations.get(idOf(payload));
    case 'remove':
      operations.remove(idOf(payload));
      return null;
    case 'clear':
      return operations.clear();
    default:
      return request satisfies never;
  }
}

function idOf(payload: Uint8Array): string {
  const parsed = idSchema.safeParse(jsonOf(payload));
  if (parsed.success) return parsed.data.id;
  throw problemError('invalid-request', 'Send the id of the fault: {"id": "fault-1"}.');
}

function jsonOf(payload: Uint8Array): unknown {
  const text = utf8Of(payload);
  if (text === null) throw noJson();
  try {
    return JSON.parse(text);
  } catch {
    throw noJson();
  }
}

function rateLimit(clock: Clock): () => void {
  let second = 0;
  let count = 0;
  return () => {
    const now = Math.floor(clock.now() / 1_000);
    count = now === second ? count + 1 : 1;
    second = now;
    if (count <= requestsPerSecondMax) return;
    throw problemError(
      'unavailable',
      `More than ${requestsPerSecondMax} requests came within a second: send this one again a second later.`,
    );
  };
}

/** Empty where HTTP answers 204. */
function replyOf(body: object | null): MessageReply {
  if (body === null) return { payload: '', headers: {} };
  const payload = JSON.stringify(body);
  if (Buffer.byteLength(payload) <= replyMaxBytes)
    return { payload, headers: { 'Content-Type': 'application/json' } };
  throw problemError(
    'body-too-large',
    `The answer is longer than the ${replyMaxBytes} bytes that a NATS message may have: ask for each fault by its id, or use the HTTP API.`,
    { limitBytes: replyMaxBytes },
  );
}

/** With the headers by which clients of NATS services know an error. */
function problemReply(problem: Problem): MessageReply {
  return {
    payload: JSON.stringify(problem),
    headers: {
      'Content-Type': 'application/problem+json',
      'Nats-Service-Error-Code': String(problem.status),
      'Nats-Service-Error': problem.title,
    },
  };
}
