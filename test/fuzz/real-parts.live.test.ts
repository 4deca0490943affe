import { expect, it } from 'vitest';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { openPostgres } from '../../shared/live/postgres.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { withPlatform } from '../helpers/platform-under-test.ts';
import { withPostgres } from '../helpers/postgres.ts';
import { drawFrom } from './drawn-values.ts';
import { fuzzHttp } from './http-fuzz.ts';
import { platformTarget } from './platform-target.ts';
import { answerTo, rawRequest } from './raw-requests.ts';
import { fuzzCount, fuzzSeed, fuzzTimeoutMs } from './watch.ts';

/** What belongs to the connection and not to the answer. */
function withoutHopHeaders(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of ['connection', 'keep-alive', 'transfer-encoding']) headers.delete(name);
  const { status } = response;
  return new Response([204, 304].includes(status) ? null : response.body, { status, headers });
}

const failures = (log: readonly { readonly event: string }[]) =>
  log.filter(({ event }) => event === 'http.request_failed');

it(
  'no request gets an undocumented answer from a platform on PostgreSQL behind a socket',
  () =>
    withPostgres((url) =>
      withPlatform(
        async (world) => {
          const seen: { event: string }[] = [];
          const server = await liveHttp({ clock: wallClock, timeoutMs: 30_000 }).serve(
            (request) => world.app.fetch(request),
            { port: 0 },
          );
          try {
            const target = await platformTarget(world);
            const onSocket = {
              ...target,
              origin: server.origin,
              send: async (request: Request) => {
                // A header that no client can put on a socket still reaches the database, by a direct call.
                const direct = request.clone();
                return fetch(request).then(withoutHopHeaders, () => world.app.fetch(direct));
              },
              step: async (count: number) => {
                seen.push(...failures(world.log));
                await target.step(count);
              },
            };
            const draw = drawFrom(seededRandom(fuzzSeed).stream('platform on PostgreSQL'));
            const { statuses, faults } = await fuzzHttp(draw, onSocket, fuzzCount(1_500));
            expect([faults, seen], JSON.stringify(statuses)).toEqual([[], []]);
            expect(Number(statuses['200']) + Number(statuses['201'])).toBeGreaterThan(fuzzCount(150));
          } finally {
            await server.close();
          }
        },
        { open: () => openPostgres<PlatformSchema>(url) },
      ),
    ),
  fuzzTimeoutMs,
);

/** The status and the media type of each answer in what a connection gave. */
const answersIn = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n/g)].map(
    ([, status, headers = '']) =>
      [Number(status), /^content-type: ([^;\r]+)/im.exec(headers)?.[1] ?? ''] as const,
  );

it(
  'no bytes on the socket of the platform get a 5xx, a refusal that is no problem document, or an end of the server',
  () =>
    withPlatform(async (world) => {
      const seen: { event: string }[] = [];
      const lines: { event: string }[] = [];
      const write = (event: string) => lines.push({ event });
      const server = await liveHttp({
        ...{ clock: wallClock, timeoutMs: 30_000 },
        log: { info: write, warn: write, error: write },
      }).serve((request) => world.app.fetch(request), { port: 0, allowedHosts: [] });
      try {
        const { document, authorizations, step } = await platformTarget(world);
        const paths = Object.keys((document as { paths: object }).paths).filter((path) => path !== '/events');
        const draw = drawFrom(seededRandom(fuzzSeed).stream('raw bytes'));
        const statuses: Record<string, number> = {};
        const faults: string[] = [];
        for (let count = 0; count < fuzzCount(1_500); count += 1) {
          await step(count);
          const bytes = rawRequest(draw, paths, String(authorizations[0]));
          const text = await answerTo(server.port, bytes);
          seen.push(...failures(world.log));
          for (const [status, type] of answersIn(text)) {
            statuses[status] = (statuses[status] ?? 0) + 1;
            const isRight = status < 400 || (status < 500 && type === 'application/problem+json');
            const isToken = bytes.includes('/oauth/token') && type === 'application/json';
            const isPage = bytes.includes('/my-purchase') && type === 'text/html';
            if (!isRight && status !== 503 && !(status < 500 && (isToken || isPage)))
              faults.push(`${status} ${type}: ${JSON.stringify(bytes.toString('latin1').slice(0, 600))}`);
          }
        }
        expect([faults, seen, lines], JSON.stringify(statuses)).toEqual([[], [], []]);
        expect(Number(statuses['400'])).toBeGreaterThan(fuzzCount(100));
        expect((await fetch(`${server.origin}/openapi.json`)).status).toBe(200);
      } finally {
        await server.close();
      }
    }),
  fuzzTimeoutMs,
);
