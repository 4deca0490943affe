import { describe, expect, it } from 'vitest';
import type { Purchase } from '../../../gateway/platform/purchase-view.ts';
import { cancelledText } from '../../../simulator/cli/cancelled-words.ts';
import { order, register, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';

/** Buys, lets `before` happen, cancels: the answer. */
async function cancelled(
  before: (world: World, activationId: string) => Promise<unknown>,
  payment: World['engine']['payment'] = 'authorised',
): Promise<Purchase> {
  const answers: Purchase[] = [];
  await withPlatform(async (world) => {
    await register(world);
    world.engine.payment = payment;
    const { body: bought } = await world.call('POST', '/purchases', order);
    await before(world, bought.activation.id);
    const { status, body } = await world.call('POST', `/purchases/${bought.id}/cancel`);
    expect(status).toBe(200);
    answers.push(body);
  });
  const [answer] = answers;
  if (answer === undefined) throw new Error('nothing was answered');
  return answer;
}

const sent = async ({ engine, clock }: World, id: string) => {
  await engine.apply(id, { type: 'vehicle_checked', at: clock.now(), failure: null, message: 'read' });
  await engine.apply(id, { type: 'attempt_started', at: clock.now() });
};

const settled = (purchase: Purchase, settlement: Purchase['activation']['settlement']): Purchase => ({
  ...purchase,
  activation: { ...purchase.activation, settlement },
});

describe('the sentence for an accepted cancellation', () => {
  it('a service that was active ends, and its money stays where it is', async () => {
    const answer = await cancelled(({ engine }, id) => engine.deliver(id));
    const begin = `Heated seats on ${vin} has ended at 2027-01-15T08:00:00.000Z and is switched off once the vehicle is reached; `;
    expect(cancelledText(answer)).toBe(`${begin}the 14.90 EUR stay paid, since it was active\n`);
    expect(
      (['capturing', 'uncollectible', 'voided'] as const).map((status) =>
        cancelledText(settled(answer, status)).slice(begin.length),
      ),
    ).toEqual([
      'the 14.90 EUR are still being charged, since it was active\n',
      'the 14.90 EUR could not be charged, and an operator decides about them\n',
      'nothing was charged for it, and nothing is\n',
    ]);
  });

  it('one that waits stays off, and its money goes back', async () => {
    const answer = await cancelled(async () => {});
    const begin = `Heated seats on ${vin} is cancelled and stays dormant; `;
    expect(cancelledText(answer)).toBe(
      `${begin}the hold of 14.90 EUR is being released, and nothing is charged\n`,
    );
    expect(
      (['voided', 'refunding', 'refunded', 'unsettled'] as const).map((status) =>
        cancelledText(settled(answer, status)).slice(begin.length),
      ),
    ).toEqual([
      'the hold of 14.90 EUR is released, and nothing is charged\n',
      'the refund of 14.90 EUR is in progress\n',
      'the 14.90 EUR are refunded\n',
      'the refund of 14.90 EUR failed, and an operator pays them back in another way\n',
    ]);
  });

  it('one whose command is under way may still be delivered, and then it is paid for', async () => {
    const answer = await cancelled(sent);
    expect(cancelledText(answer)).toBe(
      `Heated seats on ${vin} is cancelled unless the vehicle applies the pending command: then it is active and the 14.90 EUR are charged, else nothing is charged\n`,
    );
    expect(cancelledText(settled(answer, 'captured'))).toBe(
      `Heated seats on ${vin} is cancelled unless the vehicle applies the pending command: then it is active and the 14.90 EUR stay paid, else they are refunded\n`,
    );
    const delivered = await cancelled(async (world, id) => {
      const { cancel } = world.engine;
      world.engine.cancel = async (wished) => {
        const after = await cancel(wished);
        const at = world.clock.now();
        await world.engine.apply(id, { type: 'command_applied', at, attempt: 1, vehicleClock: at });
        return after;
      };
      await sent(world, id);
    });
    expect(cancelledText(delivered)).toBe(
      `Heated seats on ${vin} was delivered before the cancellation request, and is active; the 14.90 EUR are still being charged, since it was active\n`,
    );
  });

  it('a purchase without an answer to its payment is not activated after any answer', async () => {
    const answer = await cancelled(async () => {}, 'unanswered');
    expect(cancelledText(answer)).toBe(
      `Heated seats on ${vin} will not be switched on; the response for the 14.90 EUR is pending, and the payment will be reversed\n`,
    );
  });
});
