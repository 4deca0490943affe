import type { NoticeKind, NoticeRow } from '../../../gateway/store/schema.ts';
import { startedAt } from './sample-names.ts';

export const subjects: Readonly<Record<NoticeKind, string>> = {
  payment_confirmed: 'Receipt: Heated seats for your Aurora',
  activation_started: 'Activating your service: Heated seats',
  activation_successful: 'Your Heated seats is now active',
  activation_failed: 'Service activation issue - You have NOT been charged',
  activation_cancelled: 'Heated seats is cancelled - You have NOT been charged',
  service_renewed: 'Your Heated seats is renewed',
  reversal_failed: 'Your Heated seats is not active - We owe you 14.90 EUR',
  reversal_settled: '14.90 EUR for Heated seats has been paid back',
  reversal_closed: 'About 14.90 EUR for Heated seats',
  capture_failed: 'We could not charge 14.90 EUR for Heated seats',
  capture_settled: '14.90 EUR for Heated seats is settled',
};
export const titles: Readonly<Record<NoticeKind, string>> = {
  payment_confirmed: 'Service purchased',
  activation_started: 'Activating...',
  activation_successful: 'Service ready to use',
  activation_failed: 'Activation issue - not charged',
  activation_cancelled: 'Order cancelled - not charged',
  service_renewed: 'Service renewed',
  reversal_failed: 'We owe you 14.90 EUR',
  reversal_settled: 'Paid back: 14.90 EUR',
  reversal_closed: 'About your 14.90 EUR',
  capture_failed: 'Not charged: 14.90 EUR',
  capture_settled: 'Settled: 14.90 EUR',
};

export function sampleNotices(): { row: NoticeRow & { kind: NoticeKind }; at: number }[] {
  const told: [string, string, [NoticeKind, atMs: number, madeAtMs?: number][]][] = [
    [
      'a',
      'customer-0001',
      [
        ['payment_confirmed', 120],
        ['activation_started', 150, 130],
        ['activation_successful', 950],
      ],
    ],
    [
      'b',
      'customer-0002',
      [
        ['payment_confirmed', 220],
        ['activation_started', 250, 230],
        ['activation_failed', 26_050],
      ],
    ],
    [
      'c',
      'customer-0001',
      [
        ['payment_confirmed', 320],
        ['activation_started', 650, 600],
        ['activation_successful', 850],
      ],
    ],
    [
      'e',
      'customer-0001',
      [
        ['payment_confirmed', 520],
        ['activation_failed', 600],
      ],
    ],
  ];
  return told.flatMap(([letter, customerId, kinds]) =>
    kinds.flatMap(([kind, atMs, madeAtMs = atMs - 10]) =>
      (customerId === 'customer-0001' ? (['email', 'push'] as const) : (['email'] as const)).map(
        (channel) => ({
          at: startedAt + atMs,
          row: {
            id: `ntc_${letter}_${kind}_${channel}`,
            purchase_id: `pur_${letter}`,
            activation_id: `act_${letter}`,
            customer_id: customerId,
            kind,
            channel,
            data: '{}',
            status: 'sent' as const,
            tries: 1,
            due_at: null,
            claimed_until: null,
            created_at: startedAt + madeAtMs,
            sent_at: startedAt + atMs,
            last_error: null,
            occasion: '',
            dropped_at: null,
            address: null,
          },
        }),
      ),
    ),
  );
}
