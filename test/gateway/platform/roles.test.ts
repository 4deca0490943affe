import { describe, expect, it } from 'vitest';
import { platformScopes, roleScopes } from '../../../gateway/platform/scopes.ts';
import { order, vin, type World } from '../../helpers/platform-under-test.ts';
import { bearer, boVin, withPeople } from './people.ts';

/** In this order: no token, the customer whose things they are, another customer, and the three kinds of client. */
const callers = [null, 'ana', 'bo', 'support', 'operator', 'shop'] as const;

interface Row {
  readonly path?: (ids: Ids) => string;
  readonly body?: unknown;
  readonly statuses: readonly [number, number, number, number, number, number];
}

interface Ids {
  readonly purchase: string;
  readonly activation: string;
  readonly ticket: string;
}

const open: Row['statuses'] = [200, 200, 200, 200, 200, 200];
const missing: Row['statuses'] = [404, 404, 404, 404, 404, 404];
/** An operator alone may; there is no such thing here. */
const operatorActs: Row['statuses'] = [401, 403, 403, 403, 404, 403];
const tickets: Row['statuses'] = [401, 403, 403, 200, 200, 403];
/** Bodies are empty: an allowed caller gets 422. */
const ticketMove: Row = { body: {}, statuses: [401, 403, 403, 422, 403, 403] };
const moves = 'assign start comment retry payload inspection escalate contact resolve keep close reopen';

const purchase = ({ purchase: id }: Ids) => `/purchases/${id}`;

/** Every operation of the OpenAPI document: one that is missing here fails the test. */
const matrix: Readonly<Record<string, Row>> = {
  'PUT /customers/{id}': {
    path: () => '/customers/ana',
    body: { name: 'Ana', email: 'ana@example.com' },
    statuses: [401, 200, 404, 403, 403, 200],
  },
  'GET /customers/{id}': { path: () => '/customers/ana', statuses: [401, 200, 404, 200, 403, 200] },
  'GET /customers/{id}/personal-data': {
    path: () => '/customers/ana/personal-data',
    statuses: [401, 200, 404, 403, 200, 200],
  },
  // Ana's ticket is open: an allowed caller gets 409.
  'DELETE /customers/{id}/personal-data': {
    path: () => '/customers/ana/personal-data',
    statuses: [401, 409, 404, 403, 409, 409],
  },
  'PUT /vehicles/{vin}': {
    path: () => `/vehicles/${vin}`,
    body: { model: 'aurora-2026', modelName: 'Aurora' },
    statuses: [401, 403, 403, 403, 403, 200],
  },
  'GET /vehicles/{vin}': { path: () => `/vehicles/${vin}`, statuses: [401, 200, 404, 200, 200, 200] },
  'POST /registrations': { body: {}, statuses: [401, 403, 403, 403, 403, 200] },
  'GET /catalogue': { statuses: [401, 200, 200, 200, 200, 200] },
  'POST /purchases': {
    body: { ...order, serviceId: 'ambient-light' },
    statuses: [401, 201, 404, 403, 403, 201],
  },
  'GET /purchases': { statuses: [401, 200, 200, 200, 200, 200] },
  'GET /purchases/{id}': { path: purchase, statuses: [401, 200, 404, 200, 200, 200] },
  'GET /purchases/{id}/record': {
    path: (ids) => `${purchase(ids)}/record`,
    statuses: [401, 200, 404, 200, 200, 200],
  },
  'GET /purchases/{id}/record/export': {
    path: (ids) => `${purchase(ids)}/record/export`,
    statuses: [401, 200, 404, 200, 200, 200],
  },
  // It has failed: an allowed caller gets 409.
  'POST /purchases/{id}/cancel': {
    path: (ids) => `${purchase(ids)}/cancel`,
    statuses: [401, 409, 404, 403, 403, 409],
  },
  'GET /activations': { statuses: [401, 200, 200, 200, 200, 200] },
  'GET /activations/{id}': {
    path: ({ activation }) => `/activations/${activation}`,
    statuses: [401, 200, 404, 200, 200, 200],
  },
  'GET /tickets': { statuses: tickets },
  'GET /tickets/{id}': { path: ({ ticket }) => `/tickets/${ticket}`, statuses: tickets },
  ...Object.fromEntries(
    moves
      .split(' ')
      .map((move): [string, Row] => [
        `POST /tickets/{id}/${move}`,
        { ...ticketMove, path: ({ ticket }) => `/tickets/${ticket}/${move}` },
      ]),
  ),
  'GET /notices': { path: () => '/notices?status=dead', statuses: [401, 403, 403, 403, 200, 403] },
  'POST /notices/{id}/resend': { path: () => '/notices/ntc_1/resend', statuses: operatorActs },
  'POST /notices/{id}/drop': { path: () => '/notices/ntc_1/drop', statuses: operatorActs },
  'GET /webhook-events': {
    path: () => '/webhook-events?status=parked',
    statuses: [401, 403, 403, 403, 200, 403],
  },
  'POST /webhook-events/{id}/replay': { path: () => '/webhook-events/rec_1/replay', statuses: operatorActs },
  'POST /webhook-events/{id}/drop': { path: () => '/webhook-events/rec_1/drop', statuses: operatorActs },
  'POST /webhook-events/resume': { statuses: [401, 403, 403, 403, 200, 403] },
  'GET /restore': { statuses: [401, 403, 403, 403, 200, 403] },
  'POST /restore/findings/{id}': {
    path: () => '/restore/findings/pi_1',
    body: { choice: 'ignore', by: 'operator-1' },
    statuses: [401, 403, 403, 403, 404, 403],
  },
  'POST /restore/resume': { statuses: [401, 403, 403, 403, 200, 403] },
  'GET /overview': { statuses: [401, 403, 403, 403, 200, 403] },
  'GET /overview/vehicles': { statuses: [401, 403, 403, 403, 200, 403] },
  'POST /activations/{id}/requeue': { path: () => '/activations/act_none/requeue', statuses: operatorActs },
  'GET /incidents': { statuses: [401, 403, 403, 403, 200, 403] },
  'POST /incidents': { body: { reason: 'maintenance' }, statuses: [401, 403, 403, 403, 201, 403] },
  'POST /incidents/{id}/end': { path: () => '/incidents/inc_1/end', statuses: operatorActs },
  'GET /settlements': {
    path: () => '/settlements?status=unsettled',
    statuses: [401, 403, 403, 403, 200, 403],
  },
  'POST /events/tickets': { statuses: [401, 201, 201, 403, 201, 201] },
  'GET /settlements/{id}': {
    path: ({ activation }) => `/settlements/${activation}`,
    statuses: [401, 403, 403, 403, 200, 403],
  },
  // Its money is back: nothing waits for an operator.
  'POST /settlements/{id}/resolve': {
    path: ({ activation }) => `/settlements/${activation}/resolve`,
    body: { by: 'operator-1', resolution: 'retry' },
    statuses: [401, 403, 403, 403, 409, 403],
  },
  'GET /events': { statuses: [401, 200, 200, 403, 200, 200] },
  'GET /metrics': { statuses: [401, 403, 403, 403, 200, 403] },
  // Not for tokens: signed by the API IoT, authenticated by the form, open.
  'POST /callbacks/api-iot': { body: {}, statuses: [403, 403, 403, 403, 403, 403] },
  'POST /callbacks/payments': { body: {}, statuses: [403, 403, 403, 403, 403, 403] },
  // Not for tokens: the link of a notification is the key.
  'GET /my-purchase/{token}': { path: () => '/my-purchase/x', statuses: missing },
  'POST /oauth/token': { body: {}, statuses: [400, 400, 400, 400, 400, 400] },
  'GET /healthz': { statuses: open },
  'GET /livez': { statuses: open },
  'GET /readyz': { statuses: open },
};

/** Ana's purchase that failed, with its ticket. */
async function failedPurchase(world: World): Promise<Ids> {
  const { body } = await world.call('POST', '/purchases', order);
  await world.engine.reject(body.activation.id);
  const { body: bought } = await world.call('GET', `/purchases/${body.id}`);
  return { purchase: bought.id, activation: bought.activation.id, ticket: bought.ticketId };
}

/** The body of a stream never ends: it is left as soon as the answer has begun. */
async function statusOf(world: World, who: string | null, operation: string, row: Row, ids: Ids) {
  const [method = '', template = ''] = operation.split(' ');
  const authorization = who === null ? null : await bearer(world, who);
  const answer = await world.fetch(row.path?.(ids) ?? template, {
    method,
    headers: {
      ...(authorization === null ? {} : { authorization }),
      ...(row.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(row.body === undefined ? {} : { body: JSON.stringify(row.body) }),
  });
  await answer.body?.cancel();
  return answer.status;
}

describe('every route of the platform API', () => {
  it('is in the matrix, and every one in the matrix is a route', () =>
    withPeople(async ({ fetch }) => {
      const document = (await (await fetch('/openapi.json')).json()) as {
        paths: Record<string, Record<string, unknown>>;
      };
      const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      expect(new Set(operations)).toEqual(new Set(Object.keys(matrix)));
    }));

  it.each(Object.entries(matrix))('%s answers each role as it may', async (operation, row) => {
    const statuses: number[] = [];
    for (const who of callers) {
      // What one has done must not decide what the next is answered.
      await withPeople(async (world) => {
        statuses.push(await statusOf(world, who, operation, row, await failedPurchase(world)));
      });
    }
    expect(statuses).toEqual(row.statuses);
  });

  it('has scopes that each belong to a role', () => {
    const given = new Set<string>(Object.values(roleScopes).flat());
    expect(Object.keys(platformScopes).filter((scope) => !given.has(scope))).toEqual([]);
  });

  it('is closed to a customer’s token if it does not separate customers, with any scope', () =>
    withPeople(async (world) => {
      const claims = { roles: ['customer'], sub: 'ana' };
      const token = await world.tokenWith(claims, ...Object.keys(platformScopes));
      const answer = await world.call('GET', '/tickets', undefined, { authorization: `Bearer ${token}` });
      expect([answer.status, answer.body.scope]).toEqual([403, 'tickets:read']);
      const { status } = await world.call('GET', `/vehicles/${boVin}`, undefined, {
        authorization: `Bearer ${token}`,
      });
      expect(status).toBe(404);
    }));
});
