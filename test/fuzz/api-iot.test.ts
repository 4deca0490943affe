import { expect, it } from 'vitest';
import { parseTopic } from '../../shared/protocol/topics.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { Document } from '../gateway/http/document-check.ts';
import { type Bench, origin, otherVin, vin, withApiIot } from '../helpers/api-iot.ts';
import { type Draw, drawFrom, hostileText, type KnownValues, mutated } from './drawn-values.ts';
import { fuzzHttp } from './http-fuzz.ts';
import { fuzzCount, fuzzSeed, fuzzTimeoutMs, withoutTrace } from './watch.ts';

const scope = 'vehicle:configure vehicle:read vehicle:provision';

const known: KnownValues = {
  vin: [vin, otherVin],
  feature: ['heated_seats', 'ambient_light', 'remote_start'],
  reference: ['act_1'],
  model: ['alpha'],
  credentialDigest: ['a'.repeat(64)],
  callbackUrl: ['http://127.0.0.1:9/'],
  cursor: ['1800000000000.cmd_1'],
  grant_type: ['client_credentials'],
  client_id: ['engine'],
  client_secret: ['engine-secret'],
};

it(
  'no request to the API IoT gets an undocumented answer, and none leaves anything behind',
  () =>
    withApiIot(async (bench) => {
      const document = (await (await bench.call('GET', '/openapi.json')).json()) as Document;
      let authorization = '';
      const renew = async () => {
        authorization = `Bearer ${await bench.tokenWith({ sub: 'engine', scope })}`;
      };
      await renew();
      const target = {
        document,
        known,
        get authorizations() {
          return [authorization, 'Bearer garbage', 'Basic eDp5', null];
        },
        origin,
        send: (request: Request) => bench.api.fetch(request),
        step: async (count: number) => {
          bench.lines.length = 0;
          bench.sent.length = 0;
          bench.link.published.length = 0;
          if (count % 100 === 0) await renew();
          if (count % 10 === 0) await bench.clock.advance(10_000);
        },
      };
      const draw = drawFrom(seededRandom(fuzzSeed).stream('api-iot'));
      await withoutTrace(async () => {
        const { statuses, faults } = await fuzzHttp(draw, target, fuzzCount(4_000));
        expect(faults, JSON.stringify(statuses)).toEqual([]);
        expect(Number(statuses['200']) + Number(statuses['202'])).toBeGreaterThan(fuzzCount(400));
      });
      // What was accepted ends, so that no timer is left.
      await bench.clock.advance(3_600_000);
    }),
  fuzzTimeoutMs,
);

const topicsOf = (one: string) => [
  `vehicles/${one}/evt/result`,
  `vehicles/${one}/evt/status`,
  `vehicles/${one}/telemetry`,
  `vehicles/${one}/cmd/configure`,
];

function message(
  draw: Draw,
  bench: Bench,
  commandIds: readonly string[],
): { topic: string; payload: unknown } {
  const one = draw.pick([vin, vin, otherVin, 'WFWAUR1E0TA999999']);
  const topic = draw.chance(0.95)
    ? draw.pick(topicsOf(one))
    : draw.pick(['', '/', 'vehicles', 'vehicles//evt/result', `vehicles/${hostileText(draw)}/evt/status`]);
  const clock = bench.clock.now();
  const feature = draw.pick(['heated_seats', 'ambient_light']);
  const payloads: Record<string, unknown> = {
    result: {
      commandId: commandIds.length === 0 ? 'cmd_0' : draw.pick(commandIds),
      vin: one,
      results: [
        { feature, outcome: draw.pick(['applied', 'failed', 'rejected']), version: 1, reason: 'busy' },
      ],
      clock,
    },
    status: {
      vin: one,
      online: draw.chance(0.8),
      clock,
      model: 'alpha',
      firmware: '4.2',
      features: [{ feature, state: 'active', version: 1 }],
    },
    telemetry: { vin: one, clock, signals: { 'Vehicle.Speed': 12.5, 'Vehicle.IsMoving': true } },
  };
  const channel = parseTopic(topic)?.channel ?? 'status';
  const value = payloads[channel] ?? payloads.status;
  if (draw.chance(0.05))
    return { topic, payload: draw.pick(['', '{', 'null', '[]', '\ufeff{}', '1e999', 'x'.repeat(70_000)]) };
  return { topic, payload: JSON.stringify(draw.chance(0.6) ? mutated(draw, value) : value) };
}

it(
  'no message on any topic of the vehicles stops the API IoT, and none leaves anything behind',
  () =>
    withApiIot(async (bench) => {
      const draw = drawFrom(seededRandom(fuzzSeed).stream('mqtt'));
      let commandIds: string[] = [];
      await withoutTrace(async () => {
        for (let count = 0; count < fuzzCount(4_000); count += 1) {
          if (count % 200 === 0) {
            await bench.clock.advance(3_600_000);
            await bench.status({ features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }] });
            const accepted = await bench.configure();
            expect(accepted.status).toBe(202);
            commandIds = [((await accepted.json()) as { id: string }).id];
            await bench.clock.advance(0);
          }
          const { topic, payload } = message(draw, bench, commandIds);
          await bench.link.bring(topic, payload, draw.chance(0.1));
          if (count % 50 === 0) {
            await bench.clock.advance(1_000);
            const twin = await bench.call('GET', `/vehicle/${vin}/status`);
            expect([twin.status, (await bench.call('GET', `/vehicle/${vin}/health`)).status]).toEqual([
              200, 200,
            ]);
          }
          expect(bench.lines.filter(({ level }) => level === 'error')).toEqual([]);
          bench.lines.length = 0;
          bench.link.published.length = 0;
        }
      });
      const { refusedMessages } = bench.api.counters();
      expect(
        Math.min(refusedMessages.not_json, refusedMessages.wrong_shape, refusedMessages.unknown_vehicle),
      ).toBeGreaterThan(10);
      await bench.clock.advance(3_600_000);
    }),
  fuzzTimeoutMs,
);
