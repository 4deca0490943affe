import { platformScopes, roleScopes } from '../../gateway/platform/scopes.ts';
import type { Document } from '../gateway/http/document-check.ts';
import { order, origin, register, vin, type World } from '../helpers/platform-under-test.ts';
import type { KnownValues } from './drawn-values.ts';
import type { FuzzTarget } from './http-fuzz.ts';

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

/** A platform with a customer, a vehicle and purchases, as a target; its payment service declines some payments and leaves some unanswered. */
export async function platformTarget(world: World): Promise<FuzzTarget> {
  await register(world);
  const ids = await purchases(world);
  const customer = await world.tokenWith({ sub: 'ana', roles: ['customer'] }, ...roleScopes.customer);
  return {
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
    send: (request) => world.app.fetch(request),
    step: async (count) => {
      world.engine.payment = count % 7 === 0 ? 'declined' : count % 11 === 0 ? 'unanswered' : 'authorised';
      world.log.length = 0;
      if (count % 20 === 0) await world.clock.advance(20_000);
    },
  };
}
