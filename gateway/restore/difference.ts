import type { Kysely } from 'kysely';
import type { ListedPayment } from '../../shared/ports/payments.ts';
import type { Activation } from '../activation/activation.ts';
import { finalPhases } from '../activation/phase.ts';
import { isReversed } from '../activation/settlement.ts';
import { loadActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { type Difference, type DifferenceFinding, soldBy } from './finding.ts';

type Compared = Pick<ListedPayment, 'paymentId' | 'status' | 'amountMinor' | 'currency'>;

/**
 * Returns how a payment differs from the database; null: it does not, or the engine's open step asks the payment service by itself.
 */
export function differenceOf(
  { phase, settlement }: Pick<Activation, 'phase' | 'settlement'>,
  payment: Compared,
): Difference | null {
  if (settlement === null) return null;
  const { status, paymentId } = settlement;
  const isKept = payment.status === 'authorised' || payment.status === 'captured';
  const isBack = payment.status === 'voided' || payment.status === 'refunded';
  if (paymentId !== null && paymentId !== payment.paymentId) return isKept ? 'held_there' : null;
  if (payment.amountMinor !== settlement.amountMinor || payment.currency !== settlement.currency)
    return isKept ? 'amount_differs' : null;
  // An order that the platform gave up without an answer has no payment.
  const isGivenUp = status === 'unsettled' && paymentId === null;
  if (isReversed(settlement) || isGivenUp) return isKept ? 'held_there' : null;
  if (status !== 'authorising' && status !== 'authorised' && status !== 'captured') return null;
  if (isBack) {
    if (!finalPhases.has(phase)) return 'reversed_there';
    return status === 'captured' && phase === 'active' ? 'refunded_there' : null;
  }
  if (status === 'authorising') return isKept ? 'authorised_there' : null;
  return status === 'authorised' && payment.status === 'captured' ? 'captured_there' : null;
}

/** Resolves with the difference of one payment; null: none, or an operator has decided about it. */
export async function differenceFinding(
  database: Kysely<PlatformSchema>,
  payment: DifferenceFinding['payment'],
): Promise<DifferenceFinding | null> {
  const activation = (await loadActivation(database, payment.activationId))?.activation ?? null;
  const difference = activation && differenceOf(activation, payment);
  if (!activation?.settlement || !difference) return null;
  const id = `${payment.paymentId}.${difference}`;
  const books = { phase: activation.phase, settlement: activation.settlement.status };
  return { id, kind: 'payment_differs', difference, payment, books, ...soldBy(payment.description) };
}

/** Resolves with when the oldest purchase was made whose money may still differ: it is under way, or its service has not ended; null: none. */
export async function oldestComparedAt(database: Kysely<PlatformSchema>): Promise<number | null> {
  const row = await database
    .selectFrom('activations')
    .select((select) => select.fn.min('requested_at').as('at'))
    .where('settlement', 'is not', null)
    .where((where) =>
      where.or([
        where('ended_at', 'is', null),
        where('settlement', '=', 'unsettled'),
        where(
          'purchase_id',
          'in',
          database.selectFrom('entitlements').select('purchase_id').where('ended_at', 'is', null),
        ),
      ]),
    )
    .executeTakeFirst();
  return row?.at == null ? null : Number(row.at);
}
