import { describe, expect, test } from 'vitest';
import { problemOf } from '../../shared/protocol/problem.ts';
import type { ApiAnswer, ApiClient } from '../../simulator/run/api-client.ts';
import { register, registerWithoutErased } from '../../simulator/run/registration.ts';

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
  return { taken, platform, provisioner };
}

describe('a registration', () => {
  test('that the platform refuses changes no credential, and says why in its words', async () => {
    const clients = surfaces('ben');
    await expect(register(clients, fleet)).rejects.toThrow('/registrations answered 409: ben was erased.');
    expect(clients.taken).toEqual([]);
  });

  test('of a fleet that is there at every start leaves out who was erased, whose vehicle is nobody’s', async () => {
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
});
