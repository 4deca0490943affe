import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { problemName } from '../../shared/protocol/problem.ts';
import type { ApiClient } from './api-client.ts';
import { sendUntilTaken } from './registration-request.ts';

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

/** A surface refused a request. A vehicle's credential is unchanged when it was the platform. */
class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused';
  /** The customer of the refusal whose personal data was erased. */
  readonly erasedCustomerId: string | null;

  constructor(refusal: string, body: unknown, summary: string) {
    const { detail, customerId } = (body ?? {}) as { detail?: string; customerId?: string };
    super(`${refusal}: ${detail ?? JSON.stringify(body)} ${summary}`);
    const isErased = problemName((body as { type?: unknown } | null)?.type) === 'customer-erased';
    this.erasedCustomerId = (isErased && customerId) || null;
  }
}

export interface RegisteredFleet {
  readonly customers: readonly RegisteredCustomer[];
  readonly vehicles: readonly RegisteredVehicle[];
}

interface RegistrationClients {
  readonly platform: ApiClient;
  readonly provisioner: ApiClient;
  readonly clock: Clock;
  readonly log?: Log;
}

/** What both surfaces have taken. */
export interface RegistrationSummary {
  /** At the platform. */
  readonly customers: number;
  /** At the platform. */
  readonly vehicles: number;
  /** Vehicles that the API IoT knows, with their credentials. */
  readonly credentials: number;
  /** Requests that were sent again. */
  readonly retries: number;
}

type Counted = { -readonly [key in keyof RegistrationSummary]: RegistrationSummary[key] };

function describeSummary(done: RegistrationSummary, fleet: RegisteredFleet): string {
  const vehicles = fleet.vehicles.length;
  return `(registered: ${done.customers} of ${fleet.customers.length} customers and ${done.vehicles} of ${vehicles} vehicles at the platform, ${done.credentials} of ${vehicles} vehicles at the API IoT; the same command registers the rest)`;
}

/** Returns the summary as a line for people. */
export function registeredLine({ customers, credentials, retries }: RegistrationSummary): string {
  return `registered: ${customers} customers and ${credentials} vehicles${retries === 0 ? '' : `, after ${retries} retries`}`;
}

/**
 * Makes customers and vehicles known to the platform, and then the vehicles with their credentials to the API IoT: what the platform
 * refuses takes no vehicle's password away. A request that a busy surface does not take is sent again (`sendUntilTaken`); each may be
 * repeated without harm.
 */
export async function register(
  clients: RegistrationClients,
  fleet: RegisteredFleet,
): Promise<RegistrationSummary> {
  const done: Counted = { customers: 0, vehicles: 0, credentials: 0, retries: 0 };

  async function send(client: ApiClient, path: string, body: unknown): Promise<void> {
    const { answer, refusal, retries } = await sendUntilTaken(clients, client, path, body);
    done.retries += retries;
    if (refusal !== null) {
      throw new RegistrationRefused(refusal, answer?.body ?? null, describeSummary(done, fleet));
    }
  }

  for (const customers of batches(fleet.customers)) {
    await send(clients.platform, '/registrations', { customers, vehicles: [] });
    done.customers += customers.length;
  }
  for (const vehicles of batches(fleet.vehicles)) {
    await send(clients.platform, '/registrations', {
      customers: [],
      vehicles: vehicles.map(({ credentialDigest: _, ...vehicle }) => vehicle),
    });
    done.vehicles += vehicles.length;
  }
  for (const vehicles of batches(fleet.vehicles)) {
    await send(clients.provisioner, '/provisioning/vehicles', {
      vehicles: vehicles.map(({ vin, model, credentialDigest }) => ({ vin, model, credentialDigest })),
    });
    done.credentials += vehicles.length;
  }
  return done;
}

/** Registers as `register` does, for a fleet that starts again: without customers who were erased meanwhile, and without their name on a vehicle. */
export async function registerWithoutErased(
  clients: RegistrationClients,
  fleet: RegisteredFleet,
): Promise<RegistrationSummary> {
  try {
    return await register(clients, fleet);
  } catch (error) {
    const id = error instanceof RegistrationRefused ? error.erasedCustomerId : null;
    if (id === null) throw error;
    return await registerWithoutErased(clients, {
      customers: fleet.customers.filter((customer) => customer.id !== id),
      vehicles: fleet.vehicles.map(({ customerId, ...vehicle }) =>
        customerId === undefined || customerId === id ? vehicle : { ...vehicle, customerId },
      ),
    });
  }
}
