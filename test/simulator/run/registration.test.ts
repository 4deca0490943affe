import { describe, expect, test } from 'vitest';
import { TokenUnavailable } from '../../../gateway/oauth/access-token.ts';
import { TransportError } from '../../../shared/ports/http.ts';
import { problemOf } from '../../../shared/protocol/problem.ts';
import type { ApiAnswer, ApiClient } from '../../../simulator/run/api-client.ts';
import { register, registerRows, registerWithoutErased } from '../../../simulator/run/registration.ts';

const fleet = {
  customers: ['ana', 'ben', 'eva'].map((id) => ({
    id,
    name: id,
    email: `${id}@example.com`,
    language: 'en',
  })),
  vehicles: [
    { vin: 'V1', model: 'm', modelName: 'M', customerId: 'ana', credentialDigest: 'd1' },
    { vin: 'V2', model: 'm', modelName: 'M', customerId: 'ben', credentialDigest: 'd2' },
    { vin: 'V3', model: 'm', modelName: 'M', credentialDigest: 'd3' },
  ],
};

interface Body {
  readonly customers?: readonly { readonly id: string }[];
  readonly vehicles: readonly { readonly vin: string; readonly customerId?: string }[];
}

/** Both surfaces of a platform where these were erased; `taken` is what they took, in its order. */
function surfaces(...erased: readonly string[]) {
  const taken: string[] = [];
  const client = (take: (body: Body) => ApiAnswer): ApiClient => {
    const send = async (_: string, __: string, body: unknown) => take(body as Body);
    return { send, get: (path: string) => send('GET', path, null) };
  };
  const answer = (status: number, body: unknown): ApiAnswer => ({
    status,
    body,
    text: JSON.stringify(body),
    headers: new Headers(),
  });
  const platform = client(({ customers = [], vehicles }) => {
    const known = [...customers.map(({ id }) => id), ...vehicles.map(({ customerId }) => customerId)];
    const customerId = erased.find((id) => known.includes(id));
    if (customerId !== undefined) {
      return answer(409, problemOf('customer-erased', `${customerId} was erased.`, { customerId }));
    }
    taken.push(...customers.map(({ id }) => id), ...vehicles.map((one) => `${one.vin} of ${one.customerId}`));
    return answer(200, {});
  });
  const provisioner = client(({ vehicles }) => {
    taken.push(...vehicles.map(({ vin }) => `credential of ${vin}`));
    return answer(200, {});
  });
  return { taken, platform, provisioner, clock: at0() };
}

/** A clock whose timers fire at once and move it; `waits` are their delays. */
function at0() {
  let now = 1_800_000_000_000;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    setTimer(delayMs: number, callback: () => void) {
      waits.push(delayMs);
      now += delayMs;
      queueMicrotask(callback);
      return { cancel() {} };
    },
  };
}

/** The platform of `clients`, which first ends as each of these says: a status with a Retry-After, or an error. */
function busyAtFirst(
  clients: ReturnType<typeof surfaces>,
  ...ends: readonly (readonly [status: number, retryAfter?: string] | Error)[]
) {
  const left = [...ends];
  const { platform } = clients;
  return {
    ...clients,
    platform: {
      ...platform,
      async send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<ApiAnswer> {
        const end = left.shift();
        if (end === undefined) return await platform.send(method, path, body);
        if (end instanceof Error) throw end;
        const [status, retryAfter] = end;
        const headers = new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter });
        return { status, headers, body: { detail: 'Busy.' }, text: '' };
      },
    },
  };
}

describe('a registration', () => {
  test('that the platform refuses changes no credential, and says why in its words', async () => {
    const clients = surfaces('ben');
    await expect(register(clients, fleet)).rejects.toThrow('/registrations answered 409: ben was erased.');
    expect(clients.clock.waits).toEqual([]);
    expect(clients.taken).toEqual([]);
  });

  test('registers every row that its surface takes, and names those that it refuses', async () => {
    const clients = surfaces();
    const { platform } = clients;
    const choosy: ApiClient = {
      ...platform,
      async send(method, path, body, key) {
        const { vehicles } = body as Body;
        const answer = await platform.send(method, path, body, key);
        if (!vehicles.some(({ vin }) => vin === 'V2')) return answer;
        const problem = problemOf('invalid-request', 'The model is unknown.');
        const results = vehicles.map(({ vin }, index) => ({
          pointer: `/vehicles/${index}`,
          id: vin,
          ...(vin === 'V2' ? { status: 'refused', problem } : { status: 'registered' }),
        }));
        return { ...answer, status: 207, body: { customers: 0, vehicles: 2, results } };
      },
    };
    const choosing = { ...clients, platform: choosy };
    expect(await registerRows(choosing, fleet)).toEqual({
      summary: { customers: 3, vehicles: 2, credentials: 2, retries: 0 },
      refused: [{ id: 'V2', kind: 'vehicle', reason: 'The model is unknown.', erasedCustomerId: null }],
    });
    expect(clients.taken.slice(-2)).toEqual(['credential of V1', 'credential of V3']);
    await expect(register(choosing, fleet)).rejects.toThrow(
      '1 rows were refused: vehicle V2: The model is unknown. (registered: 3 of 3 customers and 2 of 3 vehicles at the platform, 2 of 3 vehicles at the API IoT; the same command registers the rest)',
    );
  });

  test('of a fleet that another one is ahead of ends with the first vehicle that the other one has', async () => {
    const vehicles = Array.from({ length: 2_500 }, (_, index) => ({
      ...{ vin: `V${index}`, model: 'm', modelName: 'M', credentialDigest: `d${index}` },
    }));
    const { taken: _, provisioner: __, ...clients } = surfaces();
    const sent: number[] = [];
    const provisioner: ApiClient = {
      get: () => Promise.reject(new Error('nothing is read')),
      async send(_method, _path, body) {
        const rows = (body as Body).vehicles;
        sent.push(rows.length);
        // The other fleet has claimed the second thousand.
        const results = rows.map(({ vin }, index) => ({
          pointer: `/vehicles/${index}`,
          status: vin.length > 4 ? 'refused' : 'created',
          ...(vin.length > 4 ? { problem: { detail: 'held' } } : {}),
        }));
        const isHeld = results.some(({ status }) => status === 'refused');
        const answer = { results, ...(isHeld ? problemOf('vehicle-held', 'held') : {}) };
        return {
          status: isHeld ? 409 : 200,
          body: answer,
          text: JSON.stringify(answer),
          headers: new Headers(),
        };
      },
    };
    const { refused } = await registerRows(
      { ...clients, platform: null, provisioner },
      { customers: [], vehicles, keeps: 'password' },
    );
    expect([sent, refused.length]).toEqual([[1_000, 1_000], 1_000]);
  });

  test('of a fleet at every start leaves out erased customers, whose vehicles have no customer', async () => {
    const clients = surfaces('ana', 'ben');
    await registerWithoutErased(clients, fleet);
    expect(clients.taken).toEqual([
      'eva',
      'V1 of undefined',
      'V2 of undefined',
      'V3 of undefined',
      'credential of V1',
      'credential of V2',
      'credential of V3',
    ]);
  });

  test('is sent again where a surface is busy, after a back-off and never before its Retry-After', async () => {
    const clients = busyAtFirst(
      surfaces(),
      [503, '2'],
      [429, '0'],
      [502],
      new TransportError('timeout', 'no answer within 10 s', true),
      new TokenUnavailable(new Response('', { status: 503, headers: { 'retry-after': '30' } })),
      [504, 'nonsense'],
    );
    expect(await register(clients, fleet)).toEqual({ customers: 3, vehicles: 3, credentials: 3, retries: 6 });
    expect(clients.clock.waits).toEqual([2_000, 1_000, 2_000, 4_000, 30_000, 15_000]);
    expect(clients.taken).toHaveLength(9);
  });

  test('ends within two minutes where a surface stays busy, and says what was registered', async () => {
    const always = Array.from({ length: 100 }, () => [503] as const);
    const clients = busyAtFirst(surfaces(), ...always);
    await expect(register(clients, fleet)).rejects.toThrow(
      '/registrations answered 503 after 12 tries: Busy. (registered: 0 of 3 customers and 0 of 3 vehicles at the platform, 0 of 3 vehicles at the API IoT; the same command registers the rest)',
    );
    expect(clients.clock.waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, ...Array(6).fill(15_000)]);
  });

  test('does not wait longer than its bound for a surface that asks for it', async () => {
    const { provisioner, ...clients } = surfaces();
    const busy = busyAtFirst({ ...clients, provisioner, platform: provisioner }, [429, '3600']).platform;
    await expect(register({ ...clients, provisioner: busy }, fleet)).rejects.toThrow(
      '/provisioning/vehicles answered 429 after 1 tries, and asked for a wait of 3600 s: Busy. (registered: 3 of 3 customers and 3 of 3 vehicles at the platform, 0 of 3 vehicles at the API IoT; the same command registers the rest)',
    );
    expect(clients.clock.waits).toEqual([]);
  });

  test('ends at once where nothing listens', async () => {
    const clients = busyAtFirst(surfaces(), new TransportError('refused', 'connection refused', false));
    await expect(register(clients, fleet)).rejects.toThrow('connection refused');
    expect(clients.clock.waits).toEqual([]);
  });
});
