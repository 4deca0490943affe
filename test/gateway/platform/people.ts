import { roleScopes } from '../../../gateway/platform/scopes.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { origin, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';

/** Bo's own vehicle; `vin` is Ana's. */
export const boVin = 'WDBEA30D3HA391172';

const secretOf = (clientId: string) => `${clientId}-secret`;

/** A client of each role, as an installation has. */
export const clients = (['service', 'support', 'operator'] as const).map((role) => {
  const clientId = role === 'service' ? 'shop' : role;
  return { clientId, role, secretDigest: systemSecrets.digest(secretOf(clientId)), scopes: roleScopes[role] };
});

export const customerIdType = 'urn:fleetwake:params:oauth:token-type:customer-id';

export async function askToken(
  { fetch }: World,
  clientId: string,
  form: Readonly<Record<string, string>>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const basic = Buffer.from(`${clientId}:${secretOf(clientId)}`).toString('base64');
  const answer = await fetch('/oauth/token', {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export const exchange = (customerId: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: customerId,
  subject_token_type: customerIdType,
});

/** `Bearer …` of a client, or of a customer for whom the shop asks. */
export async function bearer(world: World, who: string): Promise<string> {
  const isClient = clients.some(({ clientId }) => clientId === who);
  const form = isClient ? { grant_type: 'client_credentials' } : exchange(who);
  const { status, body } = await askToken(world, isClient ? who : 'shop', form);
  if (status !== 200) throw new Error(`${origin} gave ${who} no token: ${JSON.stringify(body)}`);
  return `Bearer ${String(body.access_token)}`;
}

/** A call with the token of a person. */
export const as = async (world: World, who: string, method: string, path: string, body?: unknown) =>
  world.call(method, path, body, { authorization: await bearer(world, who) });

/** Ana and Bo, each with a vehicle, and a vehicle without a customer. */
export const withPeople = (run: (world: World) => Promise<void>): Promise<void> =>
  withPlatform(
    async (world) => {
      await register(world);
      const answer = await world.call('POST', '/registrations', {
        customers: [{ id: 'bo', name: 'Bo Lund', email: 'bo@example.com' }],
        vehicles: [{ vin: boVin, model: 'aurora-2026', modelName: 'Boreal', customerId: 'bo' }],
      });
      if (answer.status !== 200) throw new Error(`registration: ${JSON.stringify(answer.body)}`);
      await run(world);
    },
    { clients },
  );
