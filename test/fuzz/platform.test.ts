import { expect, it } from 'vitest';
import { platformScopes, roleScopes } from '../../gateway/platform/scopes.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { Document } from '../gateway/http/document-check.ts';
import { order, origin, register, vin, type World, withPlatform } from '../helpers/platform-under-test.ts';
import { drawFrom, type KnownValues } from './drawn-values.ts';
import { fuzzHttp } from './http-fuzz.ts';
import { fuzzCount, fuzzSeed, fuzzTimeoutMs, withoutTrace } from './watch.ts';

/** A purchase in each of the states that a request may meet, with a ticket. */
async function purchases(world: World): Promise<string[]> {
  const ids: string[] = [];
  for (const [serviceId, deed] of [
    ['heated-seats', 'deliver'],
    ['ambient-light', 'reject'],
    ['remote-start', null],
  ] as const) {
    const { offers } = (await world.call('GET', '/catalogue')).body.services.find(
      (one: { id: string }) => one.id === serviceId,
    );
    const bought = await world.call('POST', '/purchases', {
      ...order,
      serviceId,
      duration: offers[0].duration,
    });
    if (bought.status !== 201) throw new Error(JSON.stringify(bought.body));
    const activationId = bought.body.activation.id as string;
    if (deed !== null) await world.engine[deed](activationId);
    ids.push(bought.body.id as string, activationId);
  }
  const { tickets } = (await world.call('GET', '/tickets')).body;
  return [...ids, ...tickets.map((ticket: { id: string }) => ticket.id)];
}

function knownOf(ids: readonly string[]): KnownValues {
  return {
    vin: [vin, '11111111111111111', 'WDBEA30D3HA391172'],
    id: [...ids, 'ana', 'auth0|507f'],
    customerId: ['ana', 'auth0|507f', null],
    serviceId: ['heated-seats', 'ambient-light', 'range-boost', 'adaptive-cruise'],
    duration: [{ unit: 'months', count: 1 }, { unit: 'permanent' }, { unit: 'days', count: 3 }],
    paymentMethod: ['pm_card_visa', 'pm_card_chargeDeclined'],
    by: ['technician-1'],
    technician: ['technician-1'],
    assignee: ['technician-1'],
    model: ['aurora-2026', 'cirrus-2025'],
    email: ['ana@example.com', 'tom&jerry@b\u00fccher.example'],
    language: ['en', 'es-MX'],
    appointmentAt: [1_900_000_000_000, 1_900_000_000],
    cursor: ['1800000000000.act_1', '12'],
    grant_type: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    p256dh: ['B'.repeat(87)],
    auth: ['A'.repeat(22)],
    pushSubscription: [
      null,
      {
        endpoint: 'https://push.example.com/1',
        expirationTime: null,
        keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) },
      },
    ],
  };
}

it(
  'no request to the platform API gets an undocumented answer, and none leaves anything behind',
  () =>
    withPlatform(async (world) => {
      await register(world);
      const ids = await purchases(world);
      const customer = await world.tokenWith({ sub: 'ana', roles: ['customer'] }, ...roleScopes.customer);
      const target = {
        document: (await world.call('GET', '/openapi.json')).body as Document,
        known: knownOf(ids),
        authorizations: [
          `Bearer ${await world.token(...Object.keys(platformScopes))}`,
          `Bearer ${customer}`,
          `Bearer ${await world.token('catalogue:read')}`,
          'Bearer garbage',
          'Basic eDp5',
          null,
        ],
        origin,
        send: (request: Request) => world.app.fetch(request),
        step: async (count: number) => {
          world.engine.payment =
            count % 7 === 0 ? 'declined' : count % 11 === 0 ? 'unanswered' : 'authorised';
          world.log.length = 0;
          if (count % 20 === 0) await world.clock.advance(20_000);
        },
      };
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
