import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Role } from '../../../gateway/options/process-options.ts';
import { TransportError } from '../../../shared/ports/http.ts';
import { isApart } from '../../../simulator/live/api-iot-thread.ts';
import { type CarriedHttp, carriedHttp } from '../../../simulator/live/carried-http.ts';
import { processChannel } from '../../../simulator/live/process-channel.ts';
import type { MainQuestion } from '../../../simulator/live/process-questions.ts';

describe('API IoT and broker have a thread of their own', () => {
  const all: readonly Role[] = ['platform', 'engine', 'api-iot', 'broker'];
  it('not beside faults that the main thread decides, unless that is wanted', () => {
    const config = { roles: all, apiIotUrl: null };
    expect(isApart({ ...config, apiIotThread: 'auto' }, 2, true)).toBe(false);
    expect(isApart({ ...config, apiIotThread: 'yes' }, 2, true)).toBe(true);
  });
  const rows: [string, 'auto' | 'yes' | 'no', readonly Role[], string | null, number, boolean][] = [
    ['on two processors', 'auto', all, null, 2, true],
    ['not on one', 'auto', all, null, 1, false],
    ['on one when that is wanted', 'yes', all, null, 1, true],
    ['not when it is not wanted', 'no', all, null, 8, false],
    ['beside an engine without the platform API', 'auto', ['engine', 'api-iot', 'broker'], null, 2, true],
    ['not where they are alone', 'yes', ['api-iot', 'broker'], null, 2, false],
    ['not where they do not run', 'yes', ['platform', 'engine'], null, 2, false],
    ['not where the API IoT is elsewhere', 'yes', all, 'http://127.0.0.1:1', 2, false],
  ];
  it.each(rows)('%s', (_, wanted, roles, apiIotUrl, processors, expected) => {
    expect(isApart({ apiIotThread: wanted, roles, apiIotUrl }, processors, false)).toBe(expected);
  });
});

describe('HTTP that is carried between two threads', () => {
  /** Returns what sends; `http` answers on the other side. */
  function sending(http: (request: Request) => Promise<Response>): CarriedHttp['send'] {
    const [left, right] = [new EventEmitter(), new EventEmitter()];
    const end = (own: EventEmitter, other: EventEmitter) => ({
      on: (event: 'message', listener: (message: unknown) => void) => own.on(event, listener),
      send: (message: object) => other.emit('message', structuredClone(message)),
    });
    const answering = carriedHttp(() => Promise.reject(new Error('asks nothing')));
    processChannel(end(right, left), async (question) => {
      const asked = question as MainQuestion;
      if (asked.type === 'give up') return answering.giveUp(asked.key);
      return asked.type === 'http' ? answering.answer(asked, http) : null;
    });
    const channel = processChannel(end(left, right), () => Promise.reject(new Error('answers nothing')));
    return carriedHttp((question) => channel.ask(question)).send;
  }

  it('arrives whole, and so does its response', async () => {
    const send = sending(async (request) =>
      Response.json([request.method, request.url, request.headers.get('x-key'), await request.text()], {
        status: 202,
        headers: { location: '/here' },
      }),
    );
    const request = new Request('http://127.0.0.1:1/a?b=c', {
      method: 'POST',
      headers: { 'x-key': '7' },
      body: '{"é":1}',
    });
    const response = await send(request);
    expect([response.status, response.headers.get('location'), await response.json()]).toEqual([
      202,
      '/here',
      ['POST', 'http://127.0.0.1:1/a?b=c', '7', '{"é":1}'],
    ]);
  });

  it('has a response without a body where its status has none', async () => {
    const response = await sending(async () => new Response(null, { status: 204 }))(
      new Request('http://127.0.0.1:1/'),
    );
    expect([response.status, response.body]).toEqual([204, null]);
  });

  it('fails with the error that came instead of a response', async () => {
    const send = sending(() => Promise.reject(new TransportError('reset', 'planted', true)));
    const error = await send(new Request('http://127.0.0.1:1/')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ kind: 'reset', message: 'planted', mayHaveSucceeded: true });
  });

  it('ends on the other side when its caller gives up', async () => {
    const ends: string[] = [];
    const send = sending(
      ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ends.push('given up');
            resolve(new Response('late'));
          });
        }),
    );
    const caller = new AbortController();
    const answer = send(new Request('http://127.0.0.1:1/', { signal: caller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    await answer;
    expect(ends).toEqual(['given up']);
  });
});
