import { Agent, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import { Readable } from 'node:stream';
import { TransportError } from '../ports/http.ts';
import { publicAgents } from './public-addresses.ts';

/** The largest answer that is read; a longer one counts as none. */
const answerMaxBytes = 16 * 1024 * 1024;

/**
 * Connections to one origin at once; further requests wait for one. Idle ones end before the 5 s after which Node's
 * own servers drop them, so that no request meets a connection that is being closed.
 */
const pool = { keepAlive: true, maxSockets: 256, timeout: 4_000 };
const agents = {
  anywhere: { plain: new Agent(pool), secure: new SecureAgent(pool) },
  public: publicAgents(pool),
} as const;

/** `public`: a name that leads to this machine or its network is refused. */
export type Reach = keyof typeof agents;

/** Answers that have no body by definition; the `Response` constructor requires this. */
const bodiless = new Set([101, 204, 205, 304]);

export interface SocketCall {
  readonly answer: Promise<Response>;
  /** Ends it without an answer. */
  abort(): void;
}

/**
 * One request over a socket, by Node's own client: global `fetch` costs three times as much for each. Redirects are
 * answers like any other. The answer is read whole, or for an event stream handed on while it runs.
 */
export function callOverSocket(request: Request, reach: Reach = 'anywhere'): SocketCall {
  const controller = new AbortController();
  return { answer: send(request, controller.signal, reach), abort: () => controller.abort() };
}

async function send(request: Request, giveUp: AbortSignal, reach: Reach): Promise<Response> {
  const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
  giveUp.throwIfAborted();
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const isSecure = request.url.startsWith('https:');
    const outgoing = (isSecure ? requestSecure : requestPlain)(request.url, {
      method: request.method,
      headers: { accept: '*/*', 'user-agent': 'fleetwake', ...Object.fromEntries(request.headers) },
      agent: isSecure ? agents[reach].secure : agents[reach].plain,
      signal: request.signal,
    });
    const destroy = () => outgoing.destroy();
    giveUp.addEventListener('abort', destroy, { once: true });
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
  return responseOf(request, incoming);
}

async function responseOf(request: Request, incoming: IncomingMessage): Promise<Response> {
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '');
  }
  const init = { status, statusText: incoming.statusMessage ?? '', headers };
  if (headers.get('content-type')?.startsWith('text/event-stream')) {
    return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, init);
  }
  const body = await readWhole(incoming);
  return new Response(bodiless.has(status) || request.method === 'HEAD' ? null : body, init);
}

async function readWhole(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > answerMaxBytes) {
      throw new TransportError('reset', `the answer exceeds ${answerMaxBytes} bytes`, true);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
