import { describe, expect, test } from 'vitest';
import { buy, orderBody, withPlatform } from '../helpers/running-platform.ts';
import { failure, success, ticket } from './expected.ts';
import { get, mailsOf, pushesOf, storyOf } from './story.ts';

/** Charged at once, 99.00 EUR, as the catalogue says. */
const sportMode = { serviceId: 'sport-mode' };
const reject = { type: 'reject', attributes: { reason: 'wiring_missing', feature: null } } as const;

describe.concurrent('a service that is charged at once', () => {
  test('and delivered: charged once, with no hold', async () => {
    await withPlatform({}, async (platform) => {
      expect(await storyOf(platform, await buy(platform, sportMode))).toEqual({
        ...success,
        attempts: [null],
        money: ['charged'],
        netMinor: 9900,
        mails: [
          'Receipt: Sport mode for your Aurora 2026',
          'Activating your service: Sport mode',
          'Your Sport mode is now active',
        ],
      });
    });
  });

  test('and not delivered: refunded in full, and the customer is notified "refunded"', async () => {
    await withPlatform({ vehicles: [{ faults: [reject] }] }, async (platform) => {
      const bought = await buy(platform, sportMode);
      expect(await storyOf(platform, bought)).toEqual({
        ...failure,
        attempts: ['rejected'],
        failure: 'vehicle_incompatible',
        money: ['charged', 'refunded'],
        mails: [
          'Receipt: Sport mode for your Aurora 2026',
          'Activating your service: Sport mode',
          'Service activation issue - You have NOT been charged',
        ],
        ticket: ticket('rejected', 1),
      });
      const text = (await mailsOf(platform, bought)).at(-1)?.text ?? '';
      expect(text.split('\n').filter((line) => /refunded|reserv/.test(line))).toEqual([
        'Your payment of 99.00 EUR has been refunded in full.',
      ]);
      const { ticketId } = await get<{ ticketId: string }>(platform, `/purchases/${bought.id}`);
      expect(pushesOf(platform).at(-1)?.body).toBe(
        `Sport mode could not be activated on your Aurora 2026. Your payment of 99.00 EUR has been refunded in full. Reference number: ${ticketId}`,
      );
    });
  });
});

test.concurrent('a card whose service answers four seconds after each step: charged once, delivered once', async () => {
  await withPlatform({}, async (platform) => {
    const bought = await buy(platform, { paymentMethod: 'pm_card_slow' });
    expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
  });
});

test.concurrent('a released hold is notified as "reserved, released"', async () => {
  await withPlatform({ vehicles: [{ faults: [reject] }] }, async (platform) => {
    const bought = await buy(platform);
    await storyOf(platform, bought);
    const text = (await mailsOf(platform, bought)).at(-1)?.text ?? '';
    expect(text.split('\n').filter((line) => /refunded|reserv/.test(line))).toEqual([
      'The amount of 14.90 EUR was only reserved, and the reservation has been released.',
    ]);
  });
});

test.concurrent('a declined card: 402, nothing sent to vehicle or customer, no ticket', async () => {
  await withPlatform({}, async (platform) => {
    const body = orderBody(platform, { paymentMethod: 'pm_card_visa_chargeDeclined' });
    const answer = await platform.clients.platform.send('POST', '/purchases', body);
    const { purchaseId, activationId } = answer.body as { purchaseId: string; activationId: string };
    expect([answer.status, answer.headers.get('content-type'), answer.body]).toEqual([
      402,
      'application/problem+json',
      {
        type: 'urn:fleetwake:problem:payment-declined',
        title: 'The payment was declined',
        status: 402,
        detail:
          'The payment was declined (card_declined: Your card was declined). Nothing was charged; buy again with another payment method.',
        purchaseId,
        activationId,
      },
    ]);
    const bought = { id: purchaseId, activation: { id: activationId, phase: 'declined' } };
    expect(await storyOf(platform, bought)).toEqual({
      phase: 'declined',
      status: 'declined',
      serviceStatus: null,
      attempts: [],
      failure: null,
      money: [],
      netMinor: 0,
      mails: [],
      pushes: [],
      ticket: null,
      isRevoked: false,
      feature: 'dormant',
    });
    // Another card buys it.
    expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
  });
});

test.concurrent('a pre-delivery vehicle that fails opens a MEDIUM ticket', async () => {
  await withPlatform({ vehicles: [{ faults: [reject] }] }, async (platform) => {
    const { ticket: opened } = await storyOf(platform, await buy(platform, { preDelivery: true }));
    expect(opened).toEqual({ priority: 'MEDIUM', lastErrorCode: 'rejected', retries: 1 });
  });
});
