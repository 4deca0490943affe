import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApp } from '../../../gateway/http/app.ts';
import { mountOAuth } from '../../../gateway/oauth/mount.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { liveHttp } from '../../../shared/live/http.ts';
import { type Address, type HttpServer, requestLimits } from '../../../shared/live/http-server.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { problemOf } from '../../../shared/protocol/problem.ts';
import { clientAddressOf } from '../../../shared/protocol/request-address.ts';
import { until } from '../../helpers/until.ts';

const logged: unknown[] = [];
let server: HttpServer;
let arrived = () => {};
let listenWith: (address: Address) => Promise<HttpServer>;

beforeAll(async () => {
  const write = (event: string) => logged.push(event);
  const app = newApp({
    log: { ...silentLog, info: write, warn: write, error: write },
    title: 'Test',
    version: '1',
    allowedOrigins: ['https://shop.example'],
  });
  app.post('/echo', async (context) => context.json(await context.req.json()));
  app.get('/read', (context) => context.json({ ok: true }));
  const handle = (request: Request) => {
    arrived();
    return app.fetch(request);
  };
  listenWith = (address) => liveHttp({ clock: wallClock, timeoutMs: 5_000 }).serve(handle, address);
  server = await listenWith({ port: 0, allowedHosts: ['api.example'] });
});
afterAll(() => server.close(0));

/** Sends these bytes as they are, and reads one answer. */
function send(
  bytes: string | Buffer,
): Promise<{ status: number; headers: Map<string, string>; body: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    const finish = () => {
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const [line = '', ...lines] = head.split('\r\n');
      const headers = new Map(
        lines.map((header) => [header.split(': ')[0]?.toLowerCase() ?? '', header.split(': ')[1] ?? '']),
      );
      const isWhole = head !== '' && Buffer.byteLength(body) >= Number(headers.get('content-length') ?? 0);
      if (!isWhole) return;
      socket.destroy();
      resolve({ status: Number(line.split(' ')[1]), headers, body: body === '' ? null : JSON.parse(body) });
    };
    socket.on('data', (data) => {
      text += data.toString();
      finish();
    });
    socket.on('error', reject);
    socket.write(bytes);
  });
}

/** Sends these parts, each once the one before has left, and resolves with everything received when the server has closed. */
function ended(port: number, parts: string | Buffer | readonly (string | Buffer)[]) {
  return new Promise<{ readonly socket: Socket; readonly text: string }>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ socket, text }));
    const [first = '', ...rest] = typeof parts === 'string' || Buffer.isBuffer(parts) ? [parts] : parts;
    socket.write(first, () => {
      for (const part of rest) socket.write(part);
    });
  });
}

const get = (path: string, host = 'Host: localhost') => `GET ${path} HTTP/1.1\r\n${host}\r\n\r\n`;

const post = (body: Buffer, headers: string) =>
  Buffer.concat([
    Buffer.from(
      `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`,
    ),
    body,
  ]);

const latin1 = Buffer.from('{"name":"Jos\xe9"}', 'latin1');

describe('a server', () => {
  it.each([
    ['localhost', 200],
    ['shop.localhost:8080', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:8080', 200],
    ['192.168.1.7', 200],
    ['api.example', 200],
    ['API.example:8080', 200],
    ['api-iot:8081', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['sub.api.example', 421],
    ['a b', 400],
    ['user@localhost', 400],
    ['', 400],
  ])('answers the host "%s" with %i', async (host, status) => {
    const answer = await send(get('/read', `Host: ${host}`));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      status === 200 ? 'application/json' : 'application/problem+json',
    ]);
  });

  it('says how another host is let in', async () => {
    const { body } = await send(get('/docs', 'Host: evil.example'));
    expect(body).toEqual({
      type: 'urn:fleetwake:problem:misdirected-request',
      title: 'This host is not served here',
      status: 421,
      detail:
        'Requests for the host evil.example are not answered here. Name it in --allowed-hosts (FLEETWAKE_ALLOWED_HOSTS) if it is ours.',
    });
  });

  it.each([
    ['two Host headers', get('/read', 'Host: localhost\r\nHost: localhost'), 400, 'malformed-request'],
    ['no Host header', 'GET /read HTTP/1.1\r\n\r\n', 400, 'malformed-request'],
    ['another host in an absolute target', get('http://evil.example/read'), 421, 'misdirected-request'],
    ['a backslash in the path', get('/read\\x'), 400, 'malformed-request'],
    ['a backslash in the query', get('/read?x=\\'), 400, 'malformed-request'],
    ['percent-encoded Latin-1', get('/read?name=Jos%E9'), 400, 'malformed-request'],
    ['a broken percent-encoding', get('/re%zzad'), 400, 'malformed-request'],
    ['a target that is no path', get('read'), 400, 'malformed-request'],
    ['what is no HTTP', '\x16\x03\x01\r\n\r\n', 400, 'malformed-request'],
    [
      'headers of 20,000 bytes',
      get(`/read`, `Host: localhost\r\nX: ${'a'.repeat(20_000)}`),
      431,
      'headers-too-large',
    ],
    ['another Expect', get('/read', 'Host: localhost\r\nExpect: magic'), 417, 'expectation-failed'],
    [
      'chunk extensions of 20,000 bytes',
      post(Buffer.from(`2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`), 'Transfer-Encoding: chunked'),
      413,
      'body-too-large',
    ],
    [
      'a chunk that is none',
      post(Buffer.from('zz\r\n'), 'Transfer-Encoding: chunked'),
      400,
      'malformed-request',
    ],
    ['a body in Latin-1', post(latin1, `Content-Length: ${latin1.length}`), 400, 'malformed-request'],
    [
      'a body in Latin-1 in chunks',
      post(
        Buffer.concat([
          Buffer.from(`${latin1.length.toString(16)}\r\n`),
          latin1,
          Buffer.from('\r\n0\r\n\r\n'),
        ]),
        'Transfer-Encoding: chunked',
      ),
      400,
      'malformed-request',
    ],
  ])('refuses %s as problem+json', async (_, bytes, status, name) => {
    const answer = await send(bytes);
    expect([answer.status, answer.headers.get('content-type'), answer.body]).toEqual([
      status,
      'application/problem+json',
      expect.objectContaining({ type: `urn:fleetwake:problem:${name}`, status }),
    ]);
  });

  it('takes a body in UTF-8 with letters beyond ASCII, also in chunks', async () => {
    const body = Buffer.from('{"name":"José"}');
    expect((await send(post(body, `Content-Length: ${body.length}`))).body).toEqual({ name: 'José' });
    // The letter is cut in two by the chunks.
    const [first, second] = [body.subarray(0, 13), body.subarray(13)];
    const chunks = [first, second].flatMap((part) => [
      Buffer.from(`${part.length.toString(16)}\r\n`),
      part,
      Buffer.from('\r\n'),
    ]);
    const chunked = Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
    expect((await send(post(chunked, 'Transfer-Encoding: chunked'))).body).toEqual({ name: 'José' });
  });

  it.each(['Content-Length: 100', 'Transfer-Encoding: chunked'])(
    'logs nothing when a client leaves in its body (%s)',
    async (headers) => {
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const socket = connect(server.port, '127.0.0.1');
      socket.write(post(Buffer.from(headers.startsWith('T') ? '5\r\n{"a":\r\n' : '{"a":'), headers));
      await arrival;
      socket.destroy();
      // What it would log comes before the answer to a later request.
      for (let count = 0; count < 20; count += 1) await send(get('/read'));
      expect(logged).toEqual([]);
    },
  );

  it('answers OPTIONS * for the server as a whole', async () => {
    const answer = await send('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect([answer.status, answer.headers.get('allow')]).toEqual([
      204,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ]);
  });

  it('lets pages of the allowed origins call it, and no others', async () => {
    const preflight = (origin: string) =>
      send(
        `OPTIONS /read HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: GET\r\n\r\n`,
      );
    const allowed = await preflight('https://shop.example');
    expect([
      allowed.status,
      allowed.headers.get('access-control-allow-origin'),
      allowed.headers.get('access-control-allow-headers'),
    ]).toEqual([
      204,
      'https://shop.example',
      'Authorization,Content-Type,Idempotency-Key,Last-Event-ID,Prefer,traceparent',
    ]);
    const other = await preflight('https://evil.example');
    expect(other.headers.get('access-control-allow-origin')).toBeUndefined();
    const missing = await send(get('/nowhere', 'Host: localhost\r\nOrigin: https://shop.example'));
    expect([missing.status, missing.headers.get('access-control-allow-origin')]).toEqual([
      404,
      'https://shop.example',
    ]);
  });

  it('prints an IPv6 address in brackets, and is reached there', async () => {
    const live = liveHttp({ clock: wallClock, timeoutMs: 5_000 });
    const six = await live.serve(() => new Response('six'), { hostname: '::1', port: 0 });
    expect(six.origin).toBe(`http://[::1]:${six.port}`);
    expect(await (await live.http(new Request(six.origin))).text()).toBe('six');
    await six.close(0);
    const all = await live.serve(() => new Response('all'), { hostname: '::', port: 0 });
    expect(all.origin).toBe(`http://127.0.0.1:${all.port}`);
    expect(await (await live.http(new Request(all.origin))).text()).toBe('all');
    await all.close(0);
  });
});

describe('a client that sends slowly', () => {
  it('has the documented times', () => {
    expect(requestLimits).toEqual({
      ...{ headersTimeout: 10_000, requestTimeout: 30_000 },
      ...{ connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    });
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    expect(page).toContain("| a request's headers | 16 KiB, sent within 10 s | 431, 408 |");
    expect(page).toContain('| a whole request | sent within 30 s | 408 |');
  });

  const limits = {
    ...requestLimits,
    headersTimeout: 200,
    requestTimeout: 400,
    connectionsCheckingInterval: 20,
  };
  const body = Buffer.from('{"name":');

  it.each([
    ['no end of its headers', 'GET /read HTTP/1.1\r\nHost:'],
    ['a part of its body', post(body, 'Content-Length: 100')],
    ['no body', post(Buffer.alloc(0), 'Content-Length: 100')],
    ['a part of a chunk', post(Buffer.from('100\r\n{"name":'), 'Transfer-Encoding: chunked')],
    ['whole chunks without an end', post(Buffer.from('8\r\n{"name":\r\n'), 'Transfer-Encoding: chunked')],
  ])('is answered 408 as problem+json, and its connection is closed, when it sends %s', async (_, bytes) => {
    const own = await listenWith({ port: 0, limits });
    const { socket, text } = await ended(own.port, bytes);
    const [head = '', answer = ''] = text.split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual([
      'HTTP/1.1 408 Request Timeout',
      'content-type: application/problem+json',
      'cache-control: no-store',
      `content-length: ${answer.length}`,
      'connection: close',
    ]);
    expect(JSON.parse(answer)).toEqual({
      type: 'urn:fleetwake:problem:request-timeout',
      title: 'The request was not sent in time',
      status: 408,
      detail: 'Send the headers within 0.2 s and the whole request within 0.4 s.',
    });
    expect([socket.destroyed, logged]).toEqual([true, []]);
    await own.close(0);
  });

  it('sends a whole request in time and is answered by the handler', async () => {
    const own = await listenWith({
      port: 0,
      limits: { ...limits, headersTimeout: 20_000, requestTimeout: 20_000 },
    });
    const { text } = await ended(own.port, [
      post(body, 'Connection: close\r\nContent-Length: 16'),
      '"José"}',
    ]);
    expect(text.split('\r\n\r\n')[1]).toBe('{"name":"José"}');
    await own.close(0);
  });
});

it('tells a handler from which address a request came', async () => {
  const seen: (string | null)[] = [];
  const own = await liveHttp({ clock: wallClock, timeoutMs: 5_000 }).serve(
    (request) => {
      seen.push(clientAddressOf(request));
      return new Response('ok');
    },
    { port: 0, hostname: '::' },
  );
  try {
    await (await fetch(`http://127.0.0.1:${own.port}/`)).text();
    await (await fetch(`http://[::1]:${own.port}/`)).text();
  } finally {
    await own.close(0);
  }
  expect(seen).toEqual(['127.0.0.1', '::1']);
  expect(clientAddressOf(new Request('http://127.0.0.1/'))).toBe(null);
});

it('names the address in the counted warning of a wrong client secret', async () => {
  const warnings: unknown[] = [];
  const warn = (event: string, fields?: object) => warnings.push([event, fields]);
  const app = newApp({ log: { ...silentLog, warn }, title: 'Test', version: '1' });
  const client = { clientId: 'engine', secretDigest: systemSecrets.digest('right'), scopes: [] };
  mountOAuth(app, {
    ...{ clock: wallClock, ids: systemIds(), secrets: systemSecrets, log: { ...silentLog, warn } },
    ...{ tokens: {} as never, issuer: 'http://127.0.0.1', audience: 'test', clients: [client] },
  });
  const own = await liveHttp({ clock: wallClock, timeoutMs: 5_000 }).serve((request) => app.fetch(request), {
    port: 0,
  });
  try {
    const body = new URLSearchParams({
      ...{ grant_type: 'client_credentials', client_id: 'engine', client_secret: 'wrong-secret' },
    });
    const answer = await fetch(`http://127.0.0.1:${own.port}/oauth/token`, { method: 'POST', body });
    expect(answer.status).toBe(401);
  } finally {
    await own.close(0);
  }
  expect(warnings).toEqual([
    ['oauth.client_refused', { clientId: 'engine', address: '127.0.0.1', count: 1 }],
  ]);
});

describe('a request that is refused before it reaches a handler', () => {
  /** Sends the requests over one connection, one after the other, and resolves with the status lines and how often a handler was called. */
  async function over(
    requests: readonly string[],
  ): Promise<{ lines: string[]; handled: string[]; text: string }> {
    const handled: string[] = [];
    const live = liveHttp({ clock: wallClock, timeoutMs: 5_000 });
    const problem = problemOf('unavailable', 'Too much.');
    const shedding = await live.serve(
      async (request) => {
        handled.push(`${request.method} ${new URL(request.url).pathname}`);
        return Response.json({ body: await request.text() });
      },
      {
        port: 0,
        shed: (method, target) =>
          method === 'POST' && target === '/full' ? { problem, headers: { 'retry-after': '1' } } : null,
      },
    );
    const socket = connect(shedding.port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
    });
    try {
      for (const [index, request] of requests.entries()) {
        socket.write(request);
        await until(
          () => (text.match(/HTTP\/1\.1 \d/g)?.length ?? 0) > index && text.endsWith('}'),
          'it answers',
        );
      }
      return { lines: text.match(/HTTP\/1\.1 [^\r]+/g) ?? [], handled, text };
    } finally {
      socket.destroy();
      await shedding.close(0);
    }
  }
  const post = (path: string, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n${more}\r\nbody`;

  it('keeps its connection for the next one, whether its body was read or not', async () => {
    const { lines, handled, text } = await over([post('/full'), post('/full'), post('/free')]);
    expect(lines).toEqual([
      'HTTP/1.1 503 Service Unavailable',
      'HTTP/1.1 503 Service Unavailable',
      'HTTP/1.1 200 OK',
    ]);
    expect(handled).toEqual(['POST /free']);
    expect(text).toContain('\r\nretry-after: 1\r\n');
    expect(text).not.toContain('onnection: close');
    expect(text).toContain(JSON.stringify(problemOf('unavailable', 'Too much.')));
  });

  it('reaches the handler when a page sent it, so that the page can read the answer', async () => {
    const { lines, handled } = await over([post('/full', 'Origin: https://shop.example\r\n')]);
    expect([lines, handled]).toEqual([['HTTP/1.1 200 OK'], ['POST /full']]);
  });
});
