import type { Kysely, Transaction } from 'kysely';
import type { Activation } from '../activation/activation.ts';
import { storedActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { Diagnostics } from '../support/diagnostics.ts';
import { contradictionCode } from '../support/ticket.ts';
import { workOnService } from '../support/ticket-look-ups.ts';
import type { TicketProblem } from '../support/ticket-store.ts';
import type { Difference } from './reconcile.ts';

/** How often reconciliation switches one feature again before a technician has to look at the vehicle. */
export interface ContradictionLimit {
  /** Commands of reconciliation that the vehicle confirmed, and then reported the opposite. */
  readonly repeatMax: number;
  /** Those of so long count. */
  readonly windowMs: number;
}

const dayMs = 86_400_000;

export const standardContradictions: ContradictionLimit = { repeatMax: 3, windowMs: dayMs };

/** What reconciliation needs to hand a vehicle that contradicts itself to the support desk. */
export interface ContradictionDeps {
  readonly limit: ContradictionLimit;
  /** Asks the API IoT for what a ticket says of the vehicle. */
  readonly diagnose: (activation: Activation) => Promise<Diagnostics>;
  /** Opens the ticket of this activation. Resolves with its id. */
  readonly openTicket: (
    transaction: Transaction<PlatformSchema>,
    activation: Activation,
    diagnostics: Diagnostics,
    at: number,
    problem: TicketProblem,
  ) => Promise<string>;
}

const confirmed = { reactivate: ['activation', 'active'], revoke: ['revocation', 'dormant'] } as const;

/**
 * Resolves with the last of `repeatMax` commands by which reconciliation switched the feature and which the vehicle confirmed, within
 * the window, since the feature is owned as it is now, and since a technician ended the last ticket of the service. Null: fewer.
 */
export async function contradictedActivation(
  database: Kysely<PlatformSchema>,
  { repeatMax, windowMs }: ContradictionLimit,
  { type, reported }: Difference,
  place: { readonly vin: string; readonly serviceId: string; readonly ownedSince: number },
  now: number,
): Promise<Activation | null> {
  const { vin, serviceId, ownedSince } = place;
  const ends = (await workOnService(database, vin, serviceId)).map(({ resolving }) => resolving.metAt ?? 0);
  const since = Math.max(now - windowMs, type === 'reactivate' ? ownedSince : 0, ...ends);
  const [kind, phase] = confirmed[type];
  const rows = await database
    .selectFrom('activations')
    .select(['state', 'version', 'purchase_id', 'parent_id'])
    .where('vin', '=', vin)
    .where('feature', '=', reported.feature)
    // A background activation without a parent comes from reconciliation.
    .where('priority', '=', 1)
    .where('parent_id', 'is', null)
    .where('kind', '=', kind)
    .where('phase', '=', phase)
    .where('ended_at', '>=', since)
    .orderBy('ended_at', 'desc')
    .limit(repeatMax)
    .execute();
  const [last] = rows;
  return last === undefined || rows.length < repeatMax ? null : storedActivation(last).activation;
}

/** Returns what the ticket says of it. */
export function contradictionProblem(
  { repeatMax }: ContradictionLimit,
  { type, reported }: Difference,
): TicketProblem {
  const wanted = type === 'reactivate' ? 'active' : 'dormant';
  const times = repeatMax === 1 ? 'once' : `${repeatMax} times`;
  return {
    code: contradictionCode,
    message: `the vehicle confirmed ${times} that ${reported.feature} is ${wanted}, and reports it ${reported.state} again (version ${reported.version}); reconciliation sends no further command until a technician acts`,
  };
}
