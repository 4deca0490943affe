import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { describeHttp, shortTimeoutMs } from './http.ts';

const deps = { clock: wallClock, timeoutMs: 30_000 };
const impatientDeps = { ...deps, timeoutMs: shortTimeoutMs };

describeHttp('a direct call inside one process', async (handler) => {
  const live = liveHttp(deps);
  const impatient = liveHttp(impatientDeps);
  for (const one of [live, impatient]) one.mount('http://gateway.test/', handler);
  const { http } = live;
  return { http, impatient: impatient.http, origin: 'http://gateway.test', close: async () => {} };
});

describeHttp('over a socket', async (handler) => {
  const server = await liveHttp(deps).serve(handler, { port: 0 });
  const [{ http }, { http: impatient }] = [liveHttp(deps), liveHttp(impatientDeps)];
  return { http, impatient, origin: server.origin, close: () => server.close(0) };
});

/** A TCP server that does one thing with each connection. */
async function withRawServer<T>(
  onConnection: (socket: Socket) => void,
  work: (origin: string) => Promise<T>,
) {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    return await work(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('http over a socket', () => {
  it('says that the outcome is unknown when the other side drops the connection', async () => {
    const hangUp = (socket: Socket) => socket.once('data', () => socket.resetAndDestroy());
    const sent = await withRawServer(hangUp, (url) =>
      liveHttp(deps)
        .http(new Request(url))
        .catch((reason: unknown) => reason),
    );
    expect(sent).toMatchObject({ name: 'TransportError', kind: 'reset', mayHaveSucceeded: true });
  });

  it('takes half an answer for none', async () => {
    const breakOff = (socket: Socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":'));
    const sent = await withRawServer(breakOff, (url) =>
      liveHttp(deps)
        .http(new Request(url))
        .catch((reason: unknown) => reason),
    );
    expect(sent).toMatchObject({ name: 'TransportError', kind: 'reset', mayHaveSucceeded: true });
  });

  it('hands an event stream on while it still runs', async () => {
    const live = liveHttp(deps);
    const body = () =>
      new ReadableStream({ start: (control) => control.enqueue(Buffer.from('data: 1\n\n')) });
    const server = await live.serve(
      () => new Response(body(), { headers: { 'content-type': 'text/event-stream' } }),
      { port: 0 },
    );
    const response = await live.http(new Request(server.origin));
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value).toString()).toBe('data: 1\n\n');
    await reader?.cancel();
    await server.close(0);
  });

  it('refuses a port in use with a sentence that names the fix', async () => {
    const live = liveHttp(deps);
    const server = await live.serve(() => new Response(), { port: 0 });
    await expect(live.serve(() => new Response(), { port: server.port })).rejects.toThrow(
      `port ${server.port} on 127.0.0.1 is taken: stop what listens there, or choose another with --port`,
    );
    await server.close();
  });

  it('lets a request under way finish when it closes, and takes no other', async () => {
    const live = liveHttp({ clock: wallClock, timeoutMs: 5_000 });
    let answerNow = (_: Response) => {};
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await live.serve(
      () => {
        arrived();
        return new Promise<Response>((resolve) => {
          answerNow = resolve;
        });
      },
      { port: 0 },
    );
    const underWay = live.http(new Request(server.origin));
    await arrival;
    const closed = server.close();
    const refused = await live.http(new Request(server.origin)).catch((reason: unknown) => reason);
    expect(refused).toMatchObject({ kind: 'refused', mayHaveSucceeded: false });
    answerNow(new Response('late but whole'));
    expect(await (await underWay).text()).toBe('late but whole');
    await closed;
  });
});
