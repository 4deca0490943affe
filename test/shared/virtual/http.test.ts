import { describe, expect, it } from 'vitest';
import { TransportError } from '../../../shared/ports/http.ts';
import { type HttpFault, virtualNetwork } from '../../../shared/virtual/http.ts';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';

const startAt = 1_800_000_000_000;
const origin = 'http://payments.test';

/** A customer, a server that counts what it did after 100 ms of work, and 10 ms of way between them. */
function openNetwork() {
  const loop = virtualLoop({ startAt });
  const network = virtualNetwork({
    loop,
    random: seededRandom(1),
    latencyMs: () => 10,
    timeoutMs: 5_000,
  });
  const done: string[] = [];
  const payments = loop.process('payments');
  network.listen(origin, {
    process: payments,
    handle: async (request) => {
      await new Promise<void>((resolve) => void payments.clock.setTimer(100, resolve));
      done.push(await request.text());
      return Response.json({ id: done.length }, { status: 201 });
    },
  });
  const http = network.client(loop.process('engine'));
  const post = (body: string, signal?: AbortSignal) =>
    http(new Request(`${origin}/capture`, { method: 'POST', body, ...(signal ? { signal } : {}) })).then(
      async (response) => `${response.status} at ${loop.now() - startAt}: ${await response.text()}`,
      (error: unknown) =>
        error instanceof TransportError
          ? `${error.kind} at ${loop.now() - startAt}, may have succeeded: ${error.mayHaveSucceeded}`
          : String(error),
    );
  return { loop, network, done, post };
}

async function outcomeOf(fault: HttpFault): Promise<readonly [string, readonly string[]]> {
  const { loop, network, done, post } = openNetwork();
  network.onRequest(() => fault);
  const answer = post('a');
  await loop.run(() => false);
  return [await answer, done];
}

describe('the virtual network', () => {
  it('takes its time there and back', async () => {
    const { loop, done, post } = openNetwork();
    const answer = post('a');
    await loop.run(() => false);
    expect([await answer, done]).toEqual(['201 at 120: {"id":1}', ['a']]);
  });

  it('lets requests to another name arrive with the faults in front of the service', async () => {
    const { loop, network, done } = openNetwork();
    network.alias('http://127.0.0.1:8082', origin);
    network.front(origin, (http) => async (request) => {
      const response = await http(request);
      return new Response(`${await response.text()} by way of the front`);
    });
    const http = network.client(loop.process('engine'));
    const answer = http(new Request('http://127.0.0.1:8082/capture', { method: 'POST', body: 'a' }));
    await loop.run(() => false);
    expect([await (await answer).text(), done]).toEqual(['{"id":1} by way of the front', ['a']]);
  });

  it('waits as long for an answer as its client does', async () => {
    const { loop, network } = openNetwork();
    network.onRequest(() => ({ kind: 'slow', delayMs: 20_000 }));
    const ask = (patienceMs?: number) =>
      network
        .client(
          loop.process('engine'),
          patienceMs,
        )(new Request(origin, { method: 'POST', body: 'a' }))
        .then(({ status }) => status, String);
    const answers = [ask(), ask(60_000)];
    await loop.run(() => false);
    expect(await Promise.all(answers)).toEqual([
      'TransportError: POST http://payments.test/: no answer within 5000 ms',
      201,
    ]);
  });

  it('goes wrong in the ways that matter to money', async () => {
    expect(await outcomeOf({ kind: 'refused' })).toEqual(['refused at 10, may have succeeded: false', []]);
    expect(await outcomeOf({ kind: 'request_lost' })).toEqual([
      'timeout at 5000, may have succeeded: true',
      [],
    ]);
    expect(await outcomeOf({ kind: 'request_lost', as: 'reset' })).toEqual([
      'reset at 20, may have succeeded: true',
      [],
    ]);
    expect(await outcomeOf({ kind: 'answer_lost' })).toEqual([
      'timeout at 5000, may have succeeded: true',
      ['a'],
    ]);
    expect(await outcomeOf({ kind: 'answer_lost', as: 'reset' })).toEqual([
      'reset at 120, may have succeeded: true',
      ['a'],
    ]);
    const response = () => new Response('not now', { status: 503 });
    expect(await outcomeOf({ kind: 'answered', response })).toEqual(['503 at 20: not now', []]);
    expect(await outcomeOf({ kind: 'slow', delayMs: 1_000 })).toEqual(['201 at 1120: {"id":1}', ['a']]);
    expect(await outcomeOf({ kind: 'late', delayMs: 9_000 })).toEqual([
      'timeout at 5000, may have succeeded: true',
      ['a'],
    ]);
  });

  it('asks the hook with the request, whose body it may read, and tells how each ended', async () => {
    const { loop, network, done, post } = openNetwork();
    const outcomes: string[] = [];
    network.onRequest(async ({ from, request }) =>
      from === 'engine' && (await request.clone().text()) === 'second' ? { kind: 'refused' } : null,
    );
    network.onOutcome(({ request }, outcome) => outcomes.push(`${request.method} ${outcome}`));
    const answers = Promise.all([post('first'), post('second')]);
    await loop.run(() => false);
    expect(await answers).toEqual(['201 at 120: {"id":1}', 'refused at 10, may have succeeded: false']);
    expect([outcomes, done]).toEqual([['POST refused', 'POST 201'], ['first']]);
  });

  it('puts something in front of an origin, which meets every client, within the caller’s time-out', async () => {
    const { loop, network, done, post } = openNetwork();
    const seen: string[] = [];
    network.front(origin, (http) => async (request) => {
      seen.push(await request.clone().text());
      if (seen.length === 1) return new Response('not now', { status: 503 });
      if (seen.length === 2) return new Promise<never>(() => {});
      return http(request);
    });
    const answers = Promise.all([post('a'), post('b'), post('c')]);
    await loop.run(() => false);
    expect(await answers).toEqual([
      '503 at 0: not now',
      'timeout at 5000, may have succeeded: true',
      '201 at 120: {"id":1}',
    ]);
    expect([seen, done]).toEqual([['a', 'b', 'c'], ['c']]);
  });

  it('breaks the connection when the server crashes during a request, and refuses until it restarts', async () => {
    const { loop, network, done, post } = openNetwork();
    const first = post('a');
    loop.clock('world').setTimer(50, () => loop.kill('payments'));
    await loop.run(() => false);
    expect([await first, done]).toEqual(['reset at 60, may have succeeded: true', []]);
    const second = post('b');
    await loop.run(() => false);
    expect(await second).toBe('refused at 70, may have succeeded: false');
    network.listen(origin, { process: loop.process('payments'), handle: () => new Response('up again') });
    const third = post('c');
    await loop.run(() => false);
    expect(await third).toBe('200 at 90: up again');
  });

  it('carries out the request of a crashed caller, and drops the answer', async () => {
    const { loop, done, post } = openNetwork();
    let isHeard: boolean = false;
    void post('a').then(() => {
      isHeard = true;
    });
    loop.clock('world').setTimer(5, () => loop.kill('engine'));
    expect((await loop.run(() => false)).ended).toBe('empty');
    expect([isHeard, done]).toEqual([false, ['a']]);
  });

  it('lets a caller give up', async () => {
    const { loop, done, post } = openNetwork();
    const controller = new AbortController();
    const answer = post('a', controller.signal);
    loop.clock('engine').setTimer(30, () => controller.abort());
    await loop.run(() => false);
    expect([await answer, done]).toEqual(['reset at 30, may have succeeded: true', ['a']]);
  });
});
