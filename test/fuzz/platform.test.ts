import { expect, it } from 'vitest';
import { seededRandom } from '../../shared/virtual/random.ts';
import { withPlatform } from '../helpers/platform-under-test.ts';
import { drawFrom } from './drawn-values.ts';
import { fuzzHttp } from './http-fuzz.ts';
import { platformTarget } from './platform-target.ts';
import { fuzzCount, fuzzSeed, fuzzTimeoutMs, withoutTrace } from './watch.ts';

it(
  'no request to the platform API gets an undocumented answer, and none leaves anything behind',
  () =>
    withPlatform(async (world) => {
      const target = await platformTarget(world);
      const draw = drawFrom(seededRandom(fuzzSeed).stream('platform'));
      await withoutTrace(async () => {
        const { statuses, faults } = await fuzzHttp(draw, target, fuzzCount(6_000));
        const unexpected = world.log.filter(({ event }) => event === 'http.request_failed');
        expect([faults, unexpected], JSON.stringify(statuses)).toEqual([[], []]);
        // The requests reach what they are for: most are not turned away before.
        expect(Number(statuses['200']) + Number(statuses['201'])).toBeGreaterThan(fuzzCount(600));
      });
    }),
  fuzzTimeoutMs,
);
