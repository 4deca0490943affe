import type { Transaction } from 'kysely';
import { peoplesStatuses } from '../activation/settlement.ts';
import type { PlatformSchema } from '../store/schema.ts';

/** What still needs the customer's name and address, by id; at most so many of a kind. */
export interface Obstacles {
  readonly activations: readonly string[];
  readonly payments: readonly string[];
  readonly settlements: readonly string[];
  readonly tickets: readonly string[];
  readonly notices: readonly string[];
}

const namedMax = 5;

const openSteps = ['authorising', 'capturing', 'voiding', 'refunding'];

type Wanted = 'activation_under_way' | 'payment_under_way' | 'settlement_open';

async function activationsOf(
  transaction: Transaction<PlatformSchema>,
  customerId: string,
  wanted: Wanted,
): Promise<string[]> {
  const all = transaction
    .selectFrom('activations as a')
    .innerJoin('purchases as p', 'p.id', 'a.purchase_id')
    .select('a.id')
    // What follows a purchase is its holder's matter once the vehicle was transferred.
    .where((of) =>
      of.or([
        of.and([
          of('p.customer_id', '=', customerId),
          of.or([of('p.holder_id', 'is', null), of('a.id', '=', of.ref('p.activation_id'))]),
        ]),
        of.and([of('p.holder_id', '=', customerId), of('a.id', '!=', of.ref('p.activation_id'))]),
      ]),
    )
    .orderBy('a.id')
    .limit(namedMax);
  // Deactivations and revocations need no customer data, and a revocation may wait for its vehicle without limit.
  const rows =
    wanted === 'activation_under_way'
      ? all.where('a.ended_at', 'is', null).where('a.kind', '=', 'activation')
      : all
          .where('a.ended_at', 'is not', null)
          .where('a.settlement', 'in', wanted === 'payment_under_way' ? openSteps : [...peoplesStatuses]);
  return (await rows.execute()).map(({ id }) => id);
}

async function idsOf(
  transaction: Transaction<PlatformSchema>,
  table: 'tickets' | 'notices',
  status: 'open' | 'waiting',
  customerId: string,
): Promise<string[]> {
  const rows = await transaction
    .selectFrom(table)
    .select('id')
    .where('status', '=', status)
    .where('customer_id', '=', customerId)
    .orderBy('id')
    .limit(namedMax)
    .execute();
  return rows.map(({ id }) => id);
}

export async function obstaclesOf(
  transaction: Transaction<PlatformSchema>,
  customerId: string,
): Promise<Obstacles> {
  return {
    activations: await activationsOf(transaction, customerId, 'activation_under_way'),
    payments: await activationsOf(transaction, customerId, 'payment_under_way'),
    settlements: await activationsOf(transaction, customerId, 'settlement_open'),
    tickets: await idsOf(transaction, 'tickets', 'open', customerId),
    notices: await idsOf(transaction, 'notices', 'waiting', customerId),
  };
}

const sentences: Readonly<Record<keyof Obstacles, (ids: string) => string>> = {
  activations: (ids) => `an activation is under way (${ids}): wait for its end, or cancel the purchase`,
  payments: (ids) => `the payment service was not done with ${ids}: wait until it is`,
  settlements: (ids) => `money is still owed (${ids}): end the settlement (fleetwake settlement)`,
  tickets: (ids) => `a ticket is open (${ids}): close it`,
  notices: (ids) => `a notification is not delivered yet (${ids}): wait until it is delivered or dead`,
};

/** Returns a sentence that names each obstacle and its fix; null if there is none. */
export function obstacleText(obstacles: Obstacles): string | null {
  const told = (Object.keys(sentences) as (keyof Obstacles)[]).flatMap((kind) =>
    obstacles[kind].length === 0 ? [] : [sentences[kind](obstacles[kind].join(', '))],
  );
  return told.length === 0 ? null : told.join('; ');
}
