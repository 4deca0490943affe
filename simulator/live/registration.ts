import type { ApiClient } from './api-client.ts';

export interface RegisteredCustomer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly language: string;
  readonly pushSubscription?: unknown;
}

export interface RegisteredVehicle {
  readonly vin: string;
  readonly model: string;
  readonly modelName: string;
  readonly customerId?: string;
  readonly credentialDigest: string;
}

/** Both surfaces take up to 1,000 of each in one request. */
const batchMax = 1_000;

function batches<T>(items: readonly T[]): T[][] {
  const all: T[][] = [];
  for (let start = 0; start < items.length; start += batchMax) all.push(items.slice(start, start + batchMax));
  return all;
}

async function send(client: ApiClient, path: string, body: unknown): Promise<void> {
  const answer = await client.send('POST', path, body);
  if (answer.status >= 300)
    throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

/** Makes customers and vehicles known to the platform, and the vehicles with their credentials to the API IoT. */
export async function register(
  clients: { readonly platform: ApiClient; readonly provisioner: ApiClient },
  fleet: {
    readonly customers: readonly RegisteredCustomer[];
    readonly vehicles: readonly RegisteredVehicle[];
  },
): Promise<void> {
  for (const vehicles of batches(fleet.vehicles)) {
    await send(clients.provisioner, '/provisioning/vehicles', {
      vehicles: vehicles.map(({ vin, model, credentialDigest }) => ({ vin, model, credentialDigest })),
    });
  }
  for (const customers of batches(fleet.customers))
    await send(clients.platform, '/registrations', { customers, vehicles: [] });
  for (const vehicles of batches(fleet.vehicles)) {
    await send(clients.platform, '/registrations', {
      customers: [],
      vehicles: vehicles.map(({ credentialDigest: _, ...vehicle }) => vehicle),
    });
  }
}
