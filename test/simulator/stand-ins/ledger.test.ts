import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PaymentRequest } from '../../../shared/ports/payments.ts';
import { balances, hasLapsed, holdMs, judge } from '../../../simulator/stand-ins/payments/ledger-rules.ts';
import { type OpenStandIn, openStandIn, paymentsOver } from '../../helpers/open-payments.ts';

const price = 4990;

/** Commands on one activation: which step, under which of a few keys, and whether its answer is lost. */
const commands = fc.array(
  fc.record({
    step: fc.constantFrom('authorise', 'capture', 'void', 'refund', 'week' as const),
    key: fc.integer({ min: 1, max: 2 }),
    lost: fc.boolean(),
  }),
  { maxLength: 12 },
);

const setups = fc.record({
  method: fc.constantFrom(
    'pm_card_visa',
    'pm_card_captureDeclined',
    'pm_card_refundFail',
    'pm_card_chargeDeclined',
  ),
  capture: fc.constantFrom('on_delivery' as const, 'immediately' as const),
});

type Setup = typeof setups extends fc.Arbitrary<infer T> ? T : never;
type Command = typeof commands extends fc.Arbitrary<(infer T)[]> ? T : never;

/** What the money must be, said in the fewest words: where the price lies. */
type Place = 'nowhere' | 'held' | 'taken' | 'back';

function nextPlace(place: Place, step: Command['step'], { method, capture }: Setup): Place {
  if (step === 'authorise' && place === 'nowhere' && method !== 'pm_card_chargeDeclined') {
    return capture === 'immediately' ? 'taken' : 'held';
  }
  if (step === 'capture' && place === 'held') return method === 'pm_card_captureDeclined' ? 'back' : 'taken';
  if ((step === 'void' || step === 'week') && place === 'held') return 'back';
  if (step === 'refund' && place === 'taken') return method === 'pm_card_refundFail' ? 'taken' : 'back';
  return place;
}

/** Steps under a key of their own. The key of an unknown payment's request stays free. */
const isOrder = (step: Command['step']) => step === 'capture' || step === 'void' || step === 'refund';

async function runCommands(standIn: OpenStandIn, setup: Setup, list: readonly Command[]): Promise<Place> {
  let place: Place = 'nowhere';
  let paymentId = 'pi_unknown';
  let lost = false;
  const payments = paymentsOver(async (request) => {
    const response = await standIn.fetch(request);
    if (lost) throw new Error('lost');
    return response;
  }, standIn.clock);
  const authorise = () =>
    payments.authorise({
      key: 'act:authorise',
      amountMinor: price,
      currency: 'EUR',
      activationId: 'act',
      description: '',
      ...setup,
    });
  let weeks = 0;
  // A repeat under an answered key gets the first answer, also a refusal, even if the step would succeed now.
  const answeredKeys = new Set<string>();
  for (const command of list) {
    // A key is kept for 24 hours, at Stripe too: a client must not repeat an authorisation under the same key a week later.
    if (command.step === 'authorise' && weeks > 0) continue;
    if (command.step === 'week') {
      weeks += 1;
      answeredKeys.clear();
    }
    lost = command.lost;
    const key = `act:${command.step}:${command.key}`;
    if (!answeredKeys.has(key)) place = nextPlace(place, command.step, setup);
    if (place !== 'nowhere' && isOrder(command.step)) answeredKeys.add(key);
    if (command.step === 'week') await standIn.clock.advance(holdMs);
    else if (command.step === 'authorise') {
      const answer = await authorise().catch(() => null);
      if (answer?.ok) paymentId = answer.paymentId;
      if (answer === null) {
        // The engine asks again with the same key until it is answered; nothing may happen twice by that.
        lost = false;
        const again = await authorise();
        if (again.ok) paymentId = again.paymentId;
      }
    } else {
      const request: PaymentRequest = {
        key,
        paymentId,
        activationId: 'act',
      };
      const answer = await payments[command.step](request).catch(() => null);
      if (answer?.ok) expect((await payments.retrieve(paymentId)).paymentId).toBe(paymentId);
    }
    const net = await standIn.ledger.net('act');
    expect([net.heldMinor, net.netMinor]).toEqual([
      place === 'held' ? price : 0,
      place === 'taken' ? price : 0,
    ]);
  }
  return place;
}

describe('the ledger', () => {
  test('after random sent, repeated and lost requests the amount stays within [0, price], and the ledger balances', async () => {
    const reached = new Set<Place>();
    await fc.assert(
      fc.asyncProperty(setups, commands, async (setup, list) => {
        const standIn = await openStandIn();
        try {
          reached.add(await runCommands(standIn, setup, list));
          const entries = await standIn.ledger.allEntries();
          for (const total of balances(entries).values()) {
            expect(total.customer + total.customer_hold + total.merchant).toBe(0);
          }
          expect(entries.map((entry) => entry.sequence)).toEqual(entries.map((_, index) => index + 1));
          expect(new Set(entries.map((entry) => entry.kind)).size).toBe(entries.length);
        } finally {
          await standIn.close();
        }
      }),
      {
        numRuns: 150,
        examples: [
          [
            { method: 'pm_card_visa', capture: 'on_delivery' },
            (['authorise', 'refund', 'capture', 'refund'] as const).map((step) => ({
              step,
              key: 1,
              lost: false,
            })),
          ],
        ],
      },
    );
    expect([...reached].toSorted((a, b) => a.localeCompare(b))).toEqual(['back', 'held', 'nowhere', 'taken']);
  });

  test('each step is judged in each state', () => {
    const states = (
      ['requires_capture', 'succeeded', 'canceled', 'requires_payment_method'] as const
    ).flatMap((status) => [false, true].map((refunded) => ({ status, refunded, holdExpiresAt: null })));
    const table = states.map((state) => [
      `${state.status}${state.refunded ? ' refunded' : ''}`,
      ...(['capture', 'cancel', 'refund'] as const).map((step) => {
        const judgement = judge(step, state);
        return judgement.ok ? (judgement.entry ?? 'nothing') : judgement.code;
      }),
    ]);
    const no = 'payment_intent_unexpected_state';
    const twice = 'charge_already_refunded';
    expect(table).toEqual([
      ['requires_capture', 'captured', 'voided', no],
      ['requires_capture refunded', 'captured', 'voided', twice],
      ['succeeded', no, no, 'refunded'],
      ['succeeded refunded', no, no, twice],
      ['canceled', no, no, no],
      ['canceled refunded', no, no, twice],
      ['requires_payment_method', no, 'nothing', no],
      ['requires_payment_method refunded', no, 'nothing', twice],
    ]);
  });

  test('a hold lapses at its instant and not before', () => {
    const held = { status: 'requires_capture', refunded: false, holdExpiresAt: 100 } as const;
    expect([99, 100, 101].map((now) => hasLapsed(held, now))).toEqual([false, true, true]);
    expect(hasLapsed({ ...held, status: 'succeeded' }, 100)).toBe(false);
  });
});
