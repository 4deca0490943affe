import { expect, it } from 'vitest';
import { liveHttp } from '../../../shared/live/http.ts';
import { TransportError } from '../../../shared/ports/http.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

/** How a request ends that is not answered within 10 s, of which this process was busy for `busyMs`. */
async function unanswered(busyMs: number) {
  const clock = manualClock();
  let busy = 123_456;
  const live = liveHttp({ clock, timeoutMs: 10_000, eventLoop: { busyMs: () => busy } });
  live.mount('http://127.0.0.1:8081', () => new Promise(() => {}));
  const ended = live
    .http(new Request('http://127.0.0.1:8081/vehicle?secret=1'))
    .catch((error: unknown) => error);
  await clock.advance(5_000);
  busy += busyMs;
  await clock.advance(5_000);
  const error = await ended;
  if (!(error instanceof TransportError)) throw error;
  return { kind: error.kind, message: error.message, mayHaveSucceeded: error.mayHaveSucceeded };
}

it('tells a time-out apart that this process made by being busy for half of it', async () => {
  expect(await unanswered(5_000)).toEqual({
    kind: 'busy',
    message:
      'GET http://127.0.0.1:8081/vehicle: no answer within 10000 ms, while the gateway itself was busy for half of it or more',
    mayHaveSucceeded: true,
  });
});

it('is a time-out like any other while this process had its turns', async () => {
  expect(await unanswered(4_999)).toEqual({
    kind: 'timeout',
    message: 'GET http://127.0.0.1:8081/vehicle: no answer within 10000 ms',
    mayHaveSucceeded: true,
  });
});
