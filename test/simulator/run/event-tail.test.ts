import { describe, expect, it } from 'vitest';
import { TransportError } from '../../../shared/ports/http.ts';
import { StreamRefused, silenceMaxMs, tailEvents } from '../../../simulator/run/event-tail.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';

const event = (sequence: number) => `event: x\ndata: {"sequence":${sequence}}\nid: ${sequence}\n\n`;

/** A stream that brings these texts and then ends, breaks, or stays open. */
function stream(texts: readonly string[], then: 'ends' | 'breaks' | 'stays', start = 4): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
      if (then === 'ends') controller.close();
    },
    pull(controller) {
      if (then === 'breaks') controller.error(new Error('socket hang up'));
    },
  });
  return new Response(body, { headers: { 'last-event-id': String(start) } });
}

/** Follows these answers, one a try, until all are used; what was seen, in order. */
async function followed(answers: readonly (() => Response)[], after: number | null = null) {
  const clock = manualClock(0);
  const ending = new AbortController();
  const seen: string[] = [];
  let tries = 0;
  const tail = tailEvents({
    ...{ clock, after, signal: ending.signal },
    async open(place) {
      seen.push(`open ${place}`);
      const answer = answers[tries];
      tries += 1;
      if (answer !== undefined) return answer();
      ending.abort();
      throw new TransportError('reset', 'given up', true);
    },
    onEvent: ({ sequence }) => seen.push(`event ${sequence}`),
    onLost: (reason, place) => seen.push(`lost ${place}: ${reason}`),
  });
  let isOver = false;
  const over = tail.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  while (!isOver) {
    await settle();
    await clock.advance(500);
  }
  await over;
  return seen;
}

describe('following the stream of events', () => {
  it('continues after the last event where the stream ends or breaks, and hands out each event once', async () => {
    const seen = await followed([
      () => stream([event(5), event(6).slice(0, 9), event(6).slice(9)], 'ends'),
      () => stream([event(6), event(7)], 'breaks'),
    ]);
    expect(seen).toEqual([
      'open null',
      'event 5',
      'event 6',
      'lost 6: the stream ended',
      'open 6',
      'event 7',
      'lost 7: socket hang up',
      'open 7',
    ]);
  });

  it('misses nothing where the connection is lost before its first event', async () => {
    const seen = await followed([() => stream([], 'ends', 41), () => stream([event(42)], 'ends')]);
    expect(seen.slice(0, 4)).toEqual(['open null', 'lost 41: the stream ended', 'open 41', 'event 42']);
  });

  it('starts after the event that is named, and waits as long as the platform says', async () => {
    const busy = () => new Response('{}', { status: 503, headers: { 'retry-after': '10' } });
    const seen = await followed([busy, () => stream(['retry: 200\n\n', event(9)], 'ends')], 8);
    expect(seen).toEqual([
      'open 8',
      'lost 8: the platform answered 503',
      'open 8',
      'event 9',
      'lost 9: the stream ended',
      'open 9',
    ]);
  });

  it('leaves a connection on which nothing comes, not even a comment', async () => {
    const seen = await followed([() => stream([event(5)], 'stays')]);
    expect(seen).toEqual([
      'open null',
      'event 5',
      `lost 5: nothing came for ${silenceMaxMs / 1_000} s`,
      'open 5',
    ]);
  });

  it('ends with the reason where the platform refuses, and where the first try has no answer', async () => {
    const refused = () => new Response('{"detail":"The token has not the scope."}', { status: 403 });
    await expect(followed([() => stream([], 'ends'), refused])).rejects.toEqual(
      new StreamRefused('The token has not the scope.'),
    );
    await expect(
      followed([
        () => {
          throw new TransportError('refused', 'ECONNREFUSED', false);
        },
      ]),
    ).rejects.toMatchObject({ message: 'ECONNREFUSED' });
  });
});
