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

/** Returns the items in lists of the size that one request takes. */
export function batches<T>(items: readonly T[]): T[][] {
  const all: T[][] = [];
  for (let start = 0; start < items.length; start += batchMax) all.push(items.slice(start, start + batchMax));
  return all;
}

/** A row that a surface refused while it took others. */
export interface RefusedRow {
  /** The id of a customer, or the VIN of a vehicle. */
  readonly id: string;
  readonly kind: 'customer' | 'vehicle';
  /** The surface's own words. */
  readonly reason: string;
  /** The customer of the refusal whose personal data was erased. */
  readonly erasedCustomerId: string | null;
}

interface ProblemBody {
  readonly type?: unknown;
  readonly detail?: string;
  readonly customerId?: string;
}

function erasedIn(problem: ProblemBody | null): string | null {
  return problemName(problem?.type) === 'customer-erased' ? (problem?.customerId ?? null) : null;
}

const shownMax = 5;

/** A surface refused a request, or rows of it. A vehicle's credential is unchanged when it was the platform. */
class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused';
  /** The customers of the refusal whose personal data was erased. */
  readonly erasedCustomerIds: readonly string[];

  constructor(message: string, erasedCustomerIds: readonly (string | null)[]) {
    super(message);
    this.erasedCustomerIds = erasedCustomerIds.filter((id) => id !== null);
  }
}

function refusedRequest(refusal: string, body: unknown, summary: string): RegistrationRefused {
  const problem = body as ProblemBody | null;
  const message = `${refusal}: ${problem?.detail ?? JSON.stringify(body)} ${summary}`;
  return new RegistrationRefused(message, [erasedIn(problem)]);
}

function refusedRows(rows: readonly RefusedRow[], summary: string): RegistrationRefused {
  const shown = rows.slice(0, shownMax).map(({ kind, id, reason }) => `${kind} ${id}: ${reason}`);
  const more = rows.length > shownMax ? [`and ${rows.length - shownMax} more`] : [];
  return new RegistrationRefused(
    `${rows.length} rows were refused: ${[...shown, ...more].join('; ')} ${summary}`,
    rows.map(({ erasedCustomerId }) => erasedCustomerId),
  );
}

export interface RegisteredFleet {
  readonly customers: readonly RegisteredCustomer[];
  readonly vehicles: readonly RegisteredVehicle[];
  /** Who registers them. */
  readonly registeredBy?: string;
  /**
   * Registered customers stay as they are, and registered vehicles keep their owner; `password`: a vehicle that is registered with
   * another password is refused too.
   */
  readonly keeps?: 'customers' | 'password';
}

interface RegistrationClients {
  /** Null where an engine of the user's own knows customers and vehicles: only the API IoT receives them then. */
  readonly platform: ApiClient | null;
  /** Null where an API IoT of another maker knows its vehicles. */
  readonly provisioner: ApiClient | null;
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

/** Returns the rows of a batch that its answer names as refused, by their place in it. */
function refusedIn(body: unknown): Map<string, ProblemBody> | null {
  const { results } = (body ?? {}) as {
    readonly results?: readonly { pointer: string; status: string; problem?: ProblemBody }[];
  };
  if (!Array.isArray(results)) return null;
  const refused = results.filter(({ status }) => status === 'refused');
  return new Map(refused.map(({ pointer, problem = {} }) => [pointer, problem]));
}

/**
 * Makes customers and vehicles known to the platform, and then the vehicles with their credentials to the API IoT: what the platform
 * refuses takes no vehicle's password away. A row that is refused keeps no other from being registered. A request that a busy
 * surface does not take is sent again (`sendUntilTaken`); each may be repeated without harm. Rejects where a whole request is refused.
 */
export async function registerRows(
  clients: RegistrationClients,
  fleet: RegisteredFleet,
): Promise<{ readonly summary: RegistrationSummary; readonly refused: readonly RefusedRow[] }> {
  const done: Counted = { customers: 0, vehicles: 0, credentials: 0, retries: 0 };
  const refused: RefusedRow[] = [];

  /** Sends rows of one list. Resolves with those that were taken. */
  async function send<Row>(
    client: ApiClient,
    path: string,
    list: 'customers' | 'vehicles',
    rows: readonly Row[],
    shape: (rows: readonly Row[]) => unknown,
  ): Promise<Row[]> {
    const { answer, refusal, retries } = await sendUntilTaken(clients, client, path, shape(rows));
    done.retries += retries;
    const problems = refusedIn(answer?.body);
    if (refusal !== null && problems === null)
      throw refusedRequest(refusal, answer?.body ?? null, describeSummary(done, fleet));
    return rows.filter((row, index) => {
      const problem = problems?.get(`/${list}/${index}`);
      if (problem === undefined) return true;
      const { id, vin } = row as { readonly id?: string; readonly vin?: string };
      const kind = list === 'customers' ? 'customer' : 'vehicle';
      const reason = problem.detail ?? 'refused';
      refused.push({ id: id ?? vin ?? '', kind, reason, erasedCustomerId: erasedIn(problem) });
      return false;
    });
  }

  const { platform } = clients;
  const existing = fleet.keeps === undefined ? {} : { existing: 'keep' };
  for (const customers of batches(fleet.customers)) {
    if (platform === null) break;
    const taken = await send(platform, '/registrations', 'customers', customers, (rows) => ({
      ...{ customers: rows, vehicles: [] },
      ...existing,
    }));
    done.customers += taken.length;
  }
  const known: RegisteredVehicle[] = platform ? [] : [...fleet.vehicles];
  for (const vehicles of batches(fleet.vehicles)) {
    if (platform === null) break;
    const taken = await send(platform, '/registrations', 'vehicles', vehicles, (rows) => ({
      customers: [],
      vehicles: rows.map(({ credentialDigest: _, ...vehicle }) => vehicle),
      ...existing,
    }));
    known.push(...taken);
    done.vehicles += taken.length;
  }
  const { provisioner } = clients;
  for (const vehicles of batches(known)) {
    if (provisioner === null) break;
    const path = '/provisioning/vehicles';
    const taken = await send(provisioner, path, 'vehicles', vehicles, (rows) => ({
      vehicles: rows.map(({ vin, model, credentialDigest }) => ({ vin, model, credentialDigest })),
      ...(fleet.keeps === 'password' ? { existing: 'refuse' } : {}),
      ...(fleet.registeredBy === undefined ? {} : { registeredBy: fleet.registeredBy }),
    }));
    done.credentials += taken.length;
    // Another fleet starts with these vehicles. Both begin with the first one, so that the faster one gets all of them.
    if (fleet.keeps === 'password' && taken.length < vehicles.length) break;
  }
  return { summary: done, refused };
}

/** Registers as `registerRows` does. Rejects where any row was refused, after all others were registered. */
export async function register(
  clients: RegistrationClients,
  fleet: RegisteredFleet,
): Promise<RegistrationSummary> {
  const { summary, refused } = await registerRows(clients, fleet);
  if (refused.length > 0) throw refusedRows(refused, describeSummary(summary, fleet));
  return summary;
}

/** Registers as `register` does, for a fleet that starts again: without customers who were erased meanwhile, and without their name on a vehicle. */
export async function registerWithoutErased(
  clients: RegistrationClients,
  fleet: RegisteredFleet,
): Promise<RegistrationSummary> {
  try {
    return await register(clients, fleet);
  } catch (error) {
    const ids = new Set(error instanceof RegistrationRefused ? error.erasedCustomerIds : []);
    if (ids.size === 0) throw error;
    return await registerWithoutErased(clients, {
      ...fleet,
      customers: fleet.customers.filter(({ id }) => !ids.has(id)),
      vehicles: fleet.vehicles.map(({ customerId, ...vehicle }) =>
        customerId === undefined || ids.has(customerId) ? vehicle : { ...vehicle, customerId },
      ),
    });
  }
}
