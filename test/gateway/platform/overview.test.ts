import { describe, expect, it } from 'vitest';
import type { Activation } from '../../../gateway/activation/activation.ts';
import type { SettlementStatus } from '../../../gateway/activation/settlement.ts';
import { bucketCount, figuresOf, type OverviewRow } from '../../../gateway/platform/overview.ts';
import { order, register, vin, withPlatform } from '../../helpers/platform-under-test.ts';

const now = 1_800_000_000_000;

/** A purchase 10 minutes ago, as far as the figures read it. */
function row(
  status: string,
  settlement: SettlementStatus,
  { tookMs = null as number | null, attempts = 1, currency = 'EUR' } = {},
): OverviewRow {
  const boughtAt = now - 600_000;
  const activation = {
    attempts: Array.from({ length: attempts }, (_, index) => ({ number: index + 1 })),
    delivery: tookMs === null || status === 'failed' ? null : { at: boughtAt + tookMs },
    settlement: { status: settlement, amountMinor: 1_000, currency },
  } as unknown as Activation;
  return { boughtAt, status, endedAt: tookMs === null ? null : boughtAt + tookMs, activation };
}

describe('the figures of an overview', () => {
  it('count outcomes, retries, times, and money by where it is', () => {
    const figures = figuresOf(
      [
        row('active', 'captured', { tookMs: 1_000 }),
        row('active', 'capturing', { tookMs: 3_000, attempts: 3 }),
        row('payment_failed', 'uncollectible', { tookMs: 2_000 }),
        row('failed', 'voided', { tookMs: 60_000, attempts: 4 }),
        row('failed', 'refunding', { tookMs: 60_000 }),
        row('pending', 'authorised', { currency: 'USD' }),
        row('declined', 'declined'),
        row('cancelled', 'voided', { tookMs: 5_000 }),
      ],
      now,
      3_600_000,
    );
    expect({
      ...figures,
      buckets: figures.buckets.filter(({ active, failed }) => active + failed > 0),
    }).toEqual({
      purchases: 8,
      outcomes: { active: 3, failed: 2, cancelled: 1, declined: 1, open: 1 },
      retries: 5,
      timeToActiveMs: { p50: 1_000, p95: 3_000 },
      money: [
        {
          currency: 'EUR',
          heldMinor: 1_000,
          capturedMinor: 2_000,
          returnedMinor: 2_000,
          toSettleMinor: 1_000,
        },
        { currency: 'USD', heldMinor: 1_000, capturedMinor: 0, returnedMinor: 0, toSettleMinor: 0 },
      ],
      buckets: [{ from: now - 600_000, active: 3, failed: 2 }],
    });
    expect(figures.buckets).toHaveLength(bucketCount);
  });

  it('have no time where nothing became active', () => {
    const { timeToActiveMs, money } = figuresOf([], now, 3_600_000);
    expect([timeToActiveMs, money]).toEqual([null, []]);
  });
});

describe('GET /overview', () => {
  it('answers with open work and the purchases of the window, and refuses a window of more than a day', () =>
    withPlatform(async (world) => {
      const { status, body } = await world.call('GET', '/overview?windowMs=60000');
      expect([status, body.windowMs, body.isComplete, body.purchases, body.incident]).toEqual([
        ...[200, 60_000, true, 0],
        null,
      ]);
      expect(body.open.map(({ phase }: { phase: string }) => phase)).toEqual([
        'awaiting_payment',
        'queued_for_activation',
        'sending_command',
        'waiting_response',
        'waiting_backoff',
        'querying_vehicle_state',
        'reversing_payment',
      ]);
      expect([body.tickets, body.deadNotices, body.openSettlements]).toEqual([
        { open: 0, high: 0, overdue: 0 },
        ...[0, 0],
      ]);
      expect((await world.call('GET', '/overview?windowMs=86400001')).status).toBe(422);
    }));
});

describe('GET /overview/vehicles', () => {
  it('lists each vehicle with open work once', () =>
    withPlatform(async (world) => {
      await register(world);
      expect((await world.call('GET', '/overview/vehicles')).body).toEqual({ vins: [], isComplete: true });
      await world.call('POST', '/purchases', order);
      expect((await world.call('GET', '/overview/vehicles')).body).toEqual({ vins: [vin], isComplete: true });
    }));
});
