import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { openControlKeys } from '../../simulator/live/control-server.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const free = (...names: readonly string[]) => names.flatMap((name) => [`--${name}-port`, '0']);

/** A client that has nothing of Fleetwake's: `fetch` alone. What it meets is `status` and body, or `no answer`. */
async function call(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number | string; body: unknown }> {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  } catch {
    return { status: 'no answer', body: null };
  }
}

interface Places {
  readonly payments: string;
  readonly control: string;
  readonly environment: string;
}

/** A client that asks the API IoT about one vehicle, which it has registered. */
async function clientOf(folder: string, apiIot: string) {
  const { developerSecret, provisionerSecret } = await openKeys(`${folder}/.fleetwake`);
  const tokenOf = async (client: string, secret: string) => {
    const headers = { authorization: `Basic ${btoa(`${client}:${secret}`)}` };
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    const { body } = await call(`${apiIot}/oauth/token`, { method: 'POST', headers, body: form });
    return (body as { access_token: string }).access_token;
  };
  const json = { 'content-type': 'application/json' };
  const vin = '1M8GDM9AXKP042788';
  const vehicle = { vin, model: 'aurora-2026', credentialDigest: '0'.repeat(64) };
  await call(`${apiIot}/provisioning/vehicles`, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${await tokenOf('provisioner', provisionerSecret)}` },
    body: JSON.stringify({ vehicles: [vehicle] }),
  });
  const authorization = `Bearer ${await tokenOf('developer', developerSecret)}`;
  return {
    status: () => call(`${apiIot}/vehicle/${vin}/status`, { headers: { authorization } }),
    configure: (key: string) =>
      call(`${apiIot}/vehicle/${vin}/configure`, {
        method: 'POST',
        headers: { ...json, authorization, 'idempotency-key': key },
        body: JSON.stringify({ reference: key, features: [{ feature: 'heated_seats', target: 'active' }] }),
      }),
    /** The keys of the commands that were accepted. */
    async accepted() {
      const { body } = await call(`${apiIot}/vehicle/${vin}/history`, { headers: { authorization } });
      return (body as { commands: readonly { key: string }[] }).commands.map(({ key }) => key);
    },
  };
}

type Meets = (
  type: string,
  record: { readonly target: object; readonly attributes?: object },
  request: () => Promise<{ status: unknown }>,
) => Promise<object>;

/** `met` adds a fault for the next request that matches, sends the request, and returns what the client met and how often the fault struck. */
async function atControl(
  folder: string,
  control: string,
): Promise<{ met: Meets; add: (fault: object) => ReturnType<typeof call> }> {
  const { secret } = await openControlKeys(`${folder}/.fleetwake`);
  const faults = (method: string, body?: object) =>
    call(`${control}/faults`, {
      method,
      headers: { authorization: `Bearer ${secret}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const add = (fault: object) => faults('POST', fault);
  return {
    add,
    async met(type, record, request) {
      const fault = { name: type, layer: 'services', type, schedule: { first: 1 }, ...record };
      expect(await add(fault)).toMatchObject({ status: 201 });
      const answer = await request();
      const { body } = await faults('GET');
      expect(await faults('DELETE')).toEqual({ status: 200, body: { removed: 1 } });
      return { ...answer, struck: (body as { faults: readonly { struck: number }[] }).faults[0]?.struck };
    },
  };
}

test.each([
  ['up', ['up', '--port', '0', ...free('api-iot', 'mqtt', 'mail', 'control'), '--vehicles', '1', '--json']],
  [
    'gateway --roles api-iot,broker --control-port',
    ['gateway', '--roles', 'api-iot,broker', ...free('api-iot', 'mqtt'), '--control-port', '0'],
  ],
] as const)('any client of the API IoT meets its faults at `fleetwake %s`', async (_, parameters) => {
  await withTemporaryFolder((folder) =>
    withFleetwake(folder, parameters, async (running) => {
      await until(() => running.stdout().endsWith('\n') || running.process.exitCode !== null, 'it runs');
      const { apiIot, control, platform } = JSON.parse(running.stdout()) as Record<string, string>;
      if (apiIot === undefined || control === undefined) throw new Error('it says no place');
      const { status, configure, accepted } = await clientOf(folder, apiIot);
      expect((await status()).status).toBe(200);
      const { met, add } = await atControl(folder, control);
      const target = { service: 'api_iot' };
      const detail = (type: string) => ({ detail: `fault "${type}"` });
      expect(await met('server_error', { target, attributes: { status: 503 } }, status)).toMatchObject({
        status: 503,
        body: { type: 'urn:fleetwake:problem:unavailable', ...detail('server_error') },
        struck: 1,
      });
      expect(
        await met('rate_limited', { target, attributes: { retryAfterSeconds: 7 } }, status),
      ).toMatchObject({ status: 429, body: detail('rate_limited'), struck: 1 });
      expect(await met('unauthorized', { target }, status)).toMatchObject({
        status: 401,
        body: detail('unauthorized'),
        struck: 1,
      });
      const slow = { target, attributes: { latencyMs: 50, jitterMs: 0 } };
      expect(await met('slow', slow, status)).toMatchObject({ status: 200, struck: 1 });
      const onConfigure = { target: { ...target, method: 'POST', path: '/vehicle/*/configure' } };
      const unanswered = { status: 'no answer', struck: 1 };
      expect(await met('unreachable', onConfigure, () => configure('never'))).toMatchObject(unanswered);
      expect(await met('response_lost', onConfigure, () => configure('lost'))).toMatchObject(unanswered);
      expect(await accepted()).toEqual(['lost']);
      expect(await configure('lost')).toMatchObject({ status: 202, body: { key: 'lost' } });
      if (parameters[0] !== 'gateway') {
        const onPlatform = { target: { service: 'platform', path: '/livez' }, attributes: { status: 502 } };
        const alive = () => call(`${platform}/livez`);
        expect(await met('server_error', onPlatform, alive)).toMatchObject({ status: 502, struck: 1 });
        expect((await alive()).status).toBe(200);
        return;
      }
      const payments = {
        name: 'no',
        layer: 'services',
        type: 'unauthorized',
        target: { service: 'payments' },
      };
      expect(await add(payments)).toMatchObject({
        status: 422,
        body: {
          detail:
            'The fault cannot be added: the service payments does not run in this process: let unauthorized happen where it runs, or start without an address of your own for it.',
        },
      });
    }),
  );
});

test('any client of the payment service meets its faults at `fleetwake stand-ins --control-port`', async () => {
  await withTemporaryFolder((folder) =>
    withFleetwake(
      folder,
      ['stand-ins', ...free('payments', 'smtp', 'mail', 'push'), '--control-port', '0', '--json'],
      async (running) => {
        await until(() => running.stdout().endsWith('\n') || running.process.exitCode !== null, 'it runs');
        const { payments, control, environment } = JSON.parse(running.stdout()) as Places;
        const settings = await readFile(`${folder}/${environment}`, 'utf8');
        const authorization = `Bearer ${/^PAYMENTS_KEY=(.+)$/m.exec(settings)?.[1]}`;
        const pay = (id: string) =>
          call(`${payments}/v1/payment_intents`, {
            method: 'POST',
            headers: { authorization, 'idempotency-key': id },
            body: new URLSearchParams({
              amount: '1490',
              currency: 'eur',
              payment_method: 'pm_card_visa',
              confirm: 'true',
              'metadata[order]': id,
            }),
          });
        const { met } = await atControl(folder, control);
        const target = { service: 'payments' };
        expect(await met('server_error', { target, attributes: { status: 503 } }, () => pay('a'))).toEqual({
          status: 503,
          body: { error: { type: 'api_error', message: 'fault "server_error"' } },
          struck: 1,
        });
        expect(await met('response_lost', { target }, () => pay('b'))).toMatchObject({
          status: 'no answer',
          struck: 1,
        });
        const { body } = await call(`${payments}/ledger`, { headers: { authorization } });
        const { entries } = body as { entries: readonly { key: string }[] };
        expect(entries.map((entry) => entry.key)).toEqual(['b']);
      },
    ),
  );
});
