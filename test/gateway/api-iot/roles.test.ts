import { describe, expect, it } from 'vitest';
import { scopes } from '../../../gateway/api-iot/routes-shared.ts';
import { type Bench, configureBody, vin, withApiIot } from '../../helpers/api-iot.ts';

const all = Object.keys(scopes).join(' ');

/** In this order: no token, a token with each scope alone, one with all of them, a customer's token that claims all of them. */
const tokens: readonly ((bench: Bench) => Promise<string | null>)[] = [
  async () => null,
  ({ tokenWith }) => tokenWith({ sub: 'engine', scope: 'vehicle:configure' }),
  ({ tokenWith }) => tokenWith({ sub: 'engine', scope: 'vehicle:read' }),
  ({ tokenWith }) => tokenWith({ sub: 'provisioner', scope: 'vehicle:provision' }),
  ({ tokenWith }) => tokenWith({ sub: 'developer', scope: all }),
  ({ tokenWith }) => tokenWith({ sub: 'ana', scope: all, roles: ['customer'] }),
];

interface Row {
  readonly path?: string;
  readonly body?: unknown;
  readonly statuses: readonly number[];
}

/** Every operation of the OpenAPI document: one that is missing here fails the test. */
const matrix: Readonly<Record<string, Row>> = {
  'POST /vehicle/{vin}/configure': {
    path: `/vehicle/${vin}/configure`,
    body: configureBody,
    statuses: [401, 202, 403, 403, 202, 403],
  },
  'GET /vehicle/{vin}/status': { path: `/vehicle/${vin}/status`, statuses: [401, 403, 200, 403, 200, 403] },
  'GET /vehicle/{vin}/health': { path: `/vehicle/${vin}/health`, statuses: [401, 403, 200, 403, 200, 403] },
  'GET /vehicle/{vin}/history': { path: `/vehicle/${vin}/history`, statuses: [401, 403, 200, 403, 200, 403] },
  'GET /vehicle/{vin}/history/{commandId}': {
    path: `/vehicle/${vin}/history/cmd_1`,
    statuses: [401, 403, 404, 403, 404, 403],
  },
  'GET /vehicle/{vin}/connections': {
    path: `/vehicle/${vin}/connections`,
    statuses: [401, 403, 200, 403, 200, 403],
  },
  'GET /vehicle/{vin}/telemetry': {
    path: `/vehicle/${vin}/telemetry`,
    statuses: [401, 403, 200, 403, 200, 403],
  },
  'GET /vehicles': { statuses: [401, 403, 200, 403, 200, 403] },
  'POST /provisioning/vehicles': { body: {}, statuses: [401, 403, 403, 422, 422, 403] },
  'GET /callbacks': { path: '/callbacks?status=parked', statuses: [401, 403, 403, 403, 200, 403] },
  'POST /callbacks/{id}/replay': {
    path: '/callbacks/cmd_1.applied/replay',
    statuses: [401, 403, 403, 403, 404, 403],
  },
  'POST /callbacks/{id}/drop': {
    path: '/callbacks/cmd_1.applied/drop',
    statuses: [401, 403, 403, 403, 404, 403],
  },
  'GET /metrics': { statuses: [401, 403, 403, 403, 200, 403] },
  'GET /readyz': { statuses: [200, 200, 200, 200, 200, 200] },
  'GET /livez': { statuses: [200, 200, 200, 200, 200, 200] },
  // Not for tokens: authenticated by the form.
  'POST /oauth/token': { body: {}, statuses: [400, 400, 400, 400, 400, 400] },
};

describe('every route of the API IoT', () => {
  it('is in the matrix, and every one in the matrix is a route', () =>
    withApiIot(async ({ call }) => {
      const document = (await (await call('GET', '/openapi.json', { token: null })).json()) as {
        paths: Record<string, Record<string, unknown>>;
      };
      const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      expect(new Set(operations)).toEqual(new Set(Object.keys(matrix)));
    }));

  it.each(Object.entries(matrix))('%s answers each token as it may', async (operation, row) => {
    const [method = '', template = ''] = operation.split(' ');
    const statuses: number[] = [];
    for (const tokenOf of tokens) {
      await withApiIot(async (bench) => {
        const token = await tokenOf(bench);
        const { status } = await bench.call(method, row.path ?? template, { token, body: row.body });
        statuses.push(status);
        await bench.clock.advance(600_000);
      });
    }
    expect(statuses).toEqual(row.statuses);
  });
});
