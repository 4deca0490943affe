import { problemName } from '../../shared/protocol/problem.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';

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

/** A surface said no. Nothing of a vehicle's credential was changed when it was the platform. */
class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused';
  /** Where the no was about a customer whose personal data was erased. */
  readonly erasedCustomerId: string | null;

  constructor(path: string, { status, body }: ApiAnswer) {
    const { detail, customerId } = (body ?? {}) as { detail?: string; customerId?: string };
    super(`${path} answered ${status}: ${detail ?? JSON.stringify(body)}`);
    const isErased = problemName((body as { type?: unknown } | null)?.type) === 'customer-erased';
    this.erasedCustomerId = (isErased && customerId) || null;
  }
}

async function send(client: ApiClient, path: string, body: unknown): Promise<void> {
  const answer = await client.send('POST', path, body);
  if (answer.status >= 300) throw new RegistrationRefused(path, answer);
}

export interface RegisteredFleet {
  readonly customers: readonly RegisteredCustomer[];
  readonly vehicles: readonly RegisteredVehicle[];
}

interface RegistrationClients {
  readonly platform: ApiClient;
  readonly provisioner: ApiClient;
}

/**
 * Makes customers and vehicles known to the platform, and then the vehicles with their credentials to the API IoT: what the platform
 * refuses takes no vehicle's password away.
 */
export async function register(clients: RegistrationClients, fleet: RegisteredFleet): Promise<void> {
  for (const customers of batches(fleet.customers))
    await send(clients.platform, '/registrations', { customers, vehicles: [] });
  for (const vehicles of batches(fleet.vehicles)) {
    await send(clients.platform, '/registrations', {
      customers: [],
      vehicles: vehicles.map(({ credentialDigest: _, ...vehicle }) => vehicle),
    });
  }
  for (const vehicles of batches(fleet.vehicles)) {
    await send(clients.provisioner, '/provisioning/vehicles', {
      vehicles: vehicles.map(({ vin, model, credentialDigest }) => ({ vin, model, credentialDigest })),
    });
  }
}

/** As `register`, for a fleet that is there at every start: the vehicle of a customer who was erased meanwhile is nobody's. */
export async function registerWithoutErased(
  clients: RegistrationClients,
  fleet: RegisteredFleet,
): Promise<void> {
  try {
    await register(clients, fleet);
  } catch (error) {
    const id = error instanceof RegistrationRefused ? error.erasedCustomerId : null;
    if (id === null) throw error;
    await registerWithoutErased(clients, {
      customers: fleet.customers.filter((customer) => customer.id !== id),
      vehicles: fleet.vehicles.map(({ customerId, ...vehicle }) =>
        customerId === undefined || customerId === id ? vehicle : { ...vehicle, customerId },
      ),
    });
  }
}
