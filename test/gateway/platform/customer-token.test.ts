import { describe, expect, it } from 'vitest';
import { idOf, order, origin, vin, type World } from '../../helpers/platform-under-test.ts';
import { as, askToken, bearer, boVin, exchange, withPeople } from './people.ts';
import { problem } from './problem.ts';

const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

const boOrder = { ...order, customerId: 'bo', vin: boVin };

describe('a token for one customer', () => {
  it('is exchanged by the shop: 15 minutes, in the customer’s name, and it says who asked', () =>
    withPeople(async (world) => {
      const { status, body } = await askToken(world, 'shop', exchange('ana'));
      const { access_token: token, ...rest } = body;
      expect([status, rest]).toEqual([
        200,
        {
          token_type: 'Bearer',
          expires_in: 900,
          scope:
            'customers:read customers:write personal-data:read personal-data:erase vehicles:read catalogue:read purchases:read purchases:write activations:read events:read',
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
      ]);
      expect(claimsOf(token)).toMatchObject({
        iss: origin,
        aud: 'platform',
        sub: 'ana',
        client_id: 'shop',
        roles: ['customer'],
        act: { sub: 'shop' },
        iat: 1_800_000_000,
        exp: 1_800_000_900,
      });
      const client = await askToken(world, 'support', { grant_type: 'client_credentials' });
      expect(claimsOf(client.body.access_token)).toMatchObject({ sub: 'support', roles: ['support'] });
    }));

  it('can be asked to reach less far, never further', () =>
    withPeople(async (world) => {
      const less = await askToken(world, 'shop', { ...exchange('ana'), scope: 'catalogue:read' });
      expect(less.body.scope).toBe('catalogue:read');
      const further = await askToken(world, 'shop', { ...exchange('ana'), scope: 'vehicles:write' });
      expect([further.status, further.body.error]).toEqual([400, 'invalid_scope']);
    }));

  const { subject_token: _, ...withoutSubject } = exchange('ana');
  it.each([
    ['support', exchange('ana'), 400, 'unauthorized_client', 'it lacks the scope customers:act'],
    ['shop', exchange('nobody'), 400, 'invalid_request', 'No customer has this id.'],
    ['shop', withoutSubject, 400, 'invalid_request', 'Send subject_token'],
    [
      'shop',
      { ...exchange('ana'), subject_token_type: 'urn:x' },
      400,
      'invalid_request',
      'Send subject_token',
    ],
    ['shop', { ...exchange('ana'), actor_token: 'x' }, 400, 'invalid_request', 'Leave actor_token out'],
    ['shop', { ...exchange('ana'), requested_token_type: 'urn:x' }, 400, 'invalid_request', 'can only be'],
    ['shop', { grant_type: 'password' }, 400, 'unsupported_grant_type', 'client_credentials or urn:ietf:'],
  ])('is refused to %s with %o', (client, form, status, error, words) =>
    withPeople(async (world) => {
      const answer = await askToken(world, client, form as Record<string, string>);
      expect([answer.status, answer.body.error]).toEqual([status, error]);
      expect(answer.body.error_description).toContain(words);
    }),
  );

  it('is described in the metadata', () =>
    withPeople(async ({ fetch }) => {
      const metadata = await fetch('/.well-known/oauth-authorization-server');
      expect(await metadata.json()).toMatchObject({
        grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      });
    }));
});

describe('a customer', () => {
  it('gets the same answer for another customer’s data as for missing data, to the letter', () =>
    withPeople(async (world) => {
      const { body } = await as(world, 'ana', 'POST', '/purchases', order);
      const missing = idOf('pur', 999);
      const paths: [string, string, (id: string) => string][] = [
        [body.id, missing, (id) => `/purchases/${id}`],
        [body.id, missing, (id) => `/purchases/${id}/record`],
        [body.activation.id, missing, (id) => `/activations/${id}`],
        ['ana', 'zoe', (id) => `/customers/${id}`],
        [vin, '1M8GDM9AXKP042799', (id) => `/vehicles/${id}`],
      ];
      for (const [id, other, path] of paths) {
        const hidden = await as(world, 'bo', 'GET', path(id));
        const absent = await as(world, 'bo', 'GET', path(other));
        expect([path(id), hidden.status]).toEqual([path(id), 404]);
        expect(JSON.stringify(hidden.body).replaceAll(id, '*')).toBe(
          JSON.stringify(absent.body).replaceAll(other, '*'),
        );
      }
      expect((await as(world, 'bo', 'POST', `/purchases/${body.id}/cancel`)).body).toEqual(
        problem('not-found', `There is no purchase ${body.id}.`),
      );
      expect((await as(world, 'ana', 'GET', `/purchases/${body.id}`)).body.status).toBe('pending');
    }));

  it('lists only the customer’s own data, for any query', () =>
    withPeople(async (world) => {
      const mine = await as(world, 'ana', 'POST', '/purchases', order);
      const other = await as(world, 'bo', 'POST', '/purchases', boOrder);
      const list = async (who: string, path: string) => (await as(world, who, 'GET', path)).body;
      const ids = (body: { purchases?: { id: string }[]; activations?: { id: string }[] }) =>
        (body.purchases ?? body.activations ?? []).map(({ id }) => id);
      expect(ids(await list('ana', '/purchases'))).toEqual([mine.body.id]);
      expect(ids(await list('bo', '/purchases'))).toEqual([other.body.id]);
      expect(ids(await list('bo', '/purchases?customerId=ana'))).toEqual([]);
      expect(ids(await list('shop', '/purchases'))).toEqual([other.body.id, mine.body.id]);
      expect(ids(await list('ana', '/activations'))).toEqual([mine.body.activation.id]);
      expect(ids(await list('bo', '/activations?phase=queued_for_activation'))).toEqual([
        other.body.activation.id,
      ]);
      expect(ids(await list('shop', '/activations'))).toEqual([
        other.body.activation.id,
        mine.body.activation.id,
      ]);
    }));

  it('buys for themselves, for a vehicle that is theirs or has no customer', () =>
    withPeople(async (world) => {
      const buy = async (who: string, body: object) => {
        const answer = await as(world, who, 'POST', '/purchases', body);
        return [answer.status, answer.body.type?.slice('urn:fleetwake:problem:'.length) ?? 'bought'];
      };
      expect(await buy('bo', order)).toEqual([404, 'unknown-vehicle']);
      expect(await buy('bo', { ...order, vin: boVin })).toEqual([404, 'unknown-customer']);
      expect(await buy('bo', { ...order, customerId: 'bo' })).toEqual([404, 'unknown-vehicle']);
      expect(await buy('bo', { ...boOrder, vin: '11111111111111111' })).toEqual([201, 'bought']);
      // A shop sells gifts: the buyer need not be the customer of the vehicle.
      expect(await buy('shop', { ...order, customerId: 'bo' })).toEqual([201, 'bought']);
    }));

  it('does not learn which customer’s activation is in the way', () =>
    withPeople(async (world) => {
      const nobodys = '11111111111111111';
      await as(world, 'bo', 'POST', '/purchases', { ...boOrder, vin: nobodys });
      const refused = async (who: string) =>
        Object.keys((await as(world, who, 'POST', '/purchases', { ...order, vin: nobodys })).body);
      expect(await refused('ana')).toEqual(['type', 'title', 'status', 'detail']);
      expect(await refused('shop')).toEqual([
        'type',
        'title',
        'status',
        'detail',
        'activationId',
        'purchaseId',
      ]);
    }));

  it('renews and cancels what is theirs', () =>
    withPeople(async (world) => {
      const first = await as(world, 'ana', 'POST', '/purchases', order);
      await world.engine.deliver(first.body.activation.id);
      const renewal = await as(world, 'ana', 'POST', '/purchases', order);
      expect(renewal.status).toBe(201);
      const cancelled = await as(world, 'ana', 'POST', `/purchases/${renewal.body.id}/cancel`);
      expect([cancelled.status, cancelled.body.activation.cancelRequestedAt]).toEqual([
        200, 1_800_000_000_000,
      ]);
      const ended = await as(world, 'ana', 'POST', `/purchases/${first.body.id}/cancel`);
      expect([ended.status, ended.body.serviceStatus]).toEqual([200, 'ended']);
    }));

  it('sees on their vehicle what others bought for it, without the purchase', () =>
    withPeople(async (world) => {
      const gift = await as(world, 'shop', 'POST', '/purchases', { ...order, customerId: 'bo' });
      await world.engine.deliver(gift.body.activation.id);
      const services = async (who: string) =>
        (await as(world, who, 'GET', `/vehicles/${vin}`)).body.services.map(
          ({ serviceId, status, purchaseId }: Record<string, unknown>) => [serviceId, status, purchaseId],
        );
      expect(await services('ana')).toEqual([['heated-seats', 'active', null]]);
      expect(await services('shop')).toEqual([['heated-seats', 'active', gift.body.id]]);
    }));

  it('reads why it failed in words, without what our systems said to each other', () =>
    withPeople(async (world) => {
      const { body } = await as(world, 'ana', 'POST', '/purchases', order);
      await world.engine.reject(body.activation.id);
      const path = `/activations/${body.activation.id}`;
      const failure = {
        category: 'vehicle_incompatible',
        code: 'rejected',
        message: 'unsupported hardware',
        temporary: false,
        mayHaveSucceeded: false,
      };
      const told = {
        ...failure,
        code: 'vehicle_incompatible',
        message: 'the vehicle does not support the service',
      };
      for (const [who, expected] of [
        ['support', failure],
        ['ana', told],
      ] as const) {
        const { body: activation } = await as(world, who, 'GET', path);
        expect([activation.failure, activation.attempts[0].failure]).toEqual([expected, expected]);
      }
    }));

  it('has Idempotency-Keys of their own, also if two customers use the same keys', () =>
    withPeople(async (world) => {
      const buy = async (who: string, body: object) =>
        world.call('POST', '/purchases', body, {
          authorization: await bearer(world, who),
          'idempotency-key': 'order-1',
        });
      const mine = await buy('ana', order);
      const other = await buy('bo', boOrder);
      expect([mine.status, other.status, other.headers.get('idempotency-replayed')]).toEqual([
        201,
        201,
        null,
      ]);
      const again = await buy('ana', order);
      expect([again.body.id, again.headers.get('idempotency-replayed')]).toEqual([mine.body.id, 'true']);
    }));

  it('follows events of what is theirs alone', () =>
    withPeople(async (world) => {
      await as(world, 'bo', 'POST', '/purchases', boOrder);
      const mine = await as(world, 'ana', 'POST', '/purchases', order);
      await as(world, 'bo', 'POST', '/purchases', { ...boOrder, serviceId: 'ambient-light' });
      const last = await as(world, 'ana', 'POST', '/purchases', { ...order, serviceId: 'ambient-light' });
      await world.engine.deliver(mine.body.activation.id);
      const blocks = await eventsOf(world, 'ana', 11);
      const lines = blocks.map((data) => JSON.parse(data) as { purchaseId: string; sequence: number });
      expect(lines.map(({ sequence, purchaseId }) => [sequence, purchaseId])).toEqual([
        ...[5, 6, 7, 8].map((sequence) => [sequence, mine.body.id]),
        ...[13, 14, 15, 16].map((sequence) => [sequence, last.body.id]),
        // Between them lie what our systems said to each other, which is not for customers.
        ...[18, 22, 23].map((sequence) => [sequence, mine.body.id]),
      ]);
    }));
});

it('a stream ends with its token, to the second', () =>
  withPeople(async (world) => {
    const headers = { authorization: await bearer(world, 'ana') };
    const answer = await world.fetch('/events', { headers });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let ended: boolean = false;
    const reading = (async () => {
      while (!(await reader.read()).done);
      ended = true;
    })();
    await world.clock.advance(899_999);
    expect(ended).toBe(false);
    await world.clock.advance(1);
    await reading;
    expect(world.clock.pending()).toEqual([]);
    expect((await world.fetch('/events', { headers })).status).toBe(401);
  }));

/** The data of the first events from the beginning. */
async function eventsOf(world: World, who: string, count: number): Promise<string[]> {
  const answer = await world.fetch('/events?after=0', {
    headers: { authorization: await bearer(world, who) },
  });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const found = () => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? '');
  while (found().length < count) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return found();
}
