import type { Activation } from '../../../gateway/activation/activation.ts';
import type { ActivationRow } from '../../../gateway/store/schema.ts';
import type { Evidence, SeenMail, SeenPush, VehicleEvidence } from '../../../simulator/reports/evidence.ts';
import { sampleActivations, sampleRecord } from './sample-course.ts';
import { startedAt, vinA, vinB, vinC } from './sample-names.ts';
import { sampleNotices, subjects, titles } from './sample-notices.ts';
import { samplePlan } from './sample-plan.ts';
import { customer, entitlement, entry, purchase, ticket } from './sample-rows.ts';
import { sampleBroker, sampleCommands } from './sample-wire.ts';

export type Draft<T> = T extends readonly (infer Item)[]
  ? Draft<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Draft<T[Key]> }
    : T;

/** The sample with a change that breaks something. */
export function corrupted(change: (evidence: Draft<Evidence>) => void): Evidence {
  const evidence = structuredClone(sampleEvidence()) as Draft<Evidence>;
  change(evidence);
  return evidence as Evidence;
}

/** The one that is meant; a sample without it is a mistake of the test. */
export function only<T>(items: readonly T[], matches: (item: T) => boolean): T {
  const [found, ...rest] = items.filter(matches);
  if (found === undefined || rest.length > 0)
    throw new Error(`${rest.length + (found ? 1 : 0)} found, not one`);
  return found;
}

/** Changes the activation that is saved as JSON in its row. */
export function changeState(row: Draft<ActivationRow>, change: (state: Draft<Activation>) => void): void {
  const state = JSON.parse(row.state) as Draft<Activation>;
  change(state);
  row.state = JSON.stringify(state);
}

/**
 * A small run written down by hand, in which every rule holds. Three vehicles, five purchases:
 * - `pur_a`: the first request fails, the second attempt is applied: active, captured.
 * - `pur_b`: the vehicle is gone for good: six attempts, failed, voided, a revocation that stays open.
 * - `pur_c`: taken at once and applied: active.
 * - `pur_d`: the card is declined.
 * - `pur_e`: taken at once, and the vehicle lacks the feature: failed without an attempt, refunded.
 */
export function sampleEvidence(): Evidence {
  const plan = samplePlan();
  return {
    plan,
    planAgain: JSON.stringify(plan),
    startedAt,
    takenAt: startedAt + 60_000,
    answers: [
      answer('p-001', 120, 201, 'pur_a'),
      answer('p-002', 220, 201, 'pur_b'),
      answer('p-003', 320, 201, 'pur_c'),
      { ...answer('p-004', 420, 402, 'pur_d'), problem: 'payment-declined' },
      answer('p-005', 520, 201, 'pur_e'),
    ],
    ledger: [
      entry(1, 110, 'authorised', 'act_a'),
      entry(2, 210, 'authorised', 'act_b'),
      entry(3, 310, 'charged', 'act_c'),
      entry(4, 510, 'charged', 'act_e'),
      entry(5, 560, 'refunded', 'act_e'),
      entry(6, 1_000, 'captured', 'act_a'),
      entry(7, 26_000, 'voided', 'act_b'),
    ],
    database: {
      customers: [customer('customer-0001', 'https://push.example/1'), customer('customer-0002', null)],
      purchases: [
        purchase('a', 'customer-0001', vinA, 'heated-seats', 'on_delivery', 'active'),
        purchase('b', 'customer-0002', vinB, 'heated-seats', 'on_delivery', 'failed'),
        purchase('c', 'customer-0001', vinA, 'adaptive-cruise', 'immediately', 'active'),
        purchase('d', 'customer-0001', vinA, 'remote-start', 'on_delivery', 'declined'),
        purchase('e', 'customer-0001', vinC, 'sport-mode', 'immediately', 'failed'),
      ],
      activations: sampleActivations(),
      entitlements: [
        entitlement('a', vinA, 'heated_seats', 900),
        entitlement('c', vinA, 'adaptive_cruise', 800),
      ],
      record: sampleRecord(),
      notices: sampleNotices().map((notice) => notice.row),
      tickets: [ticket('b', vinB, 'HIGH', 25_900), ticket('e', vinC, 'HIGH', 540)],
    },
    apiIot: sampleCommands(),
    broker: sampleBroker(),
    vehicles: sampleVehicles(),
    mails: sampleMails(),
    pushes: samplePushes(),
    events: sampleRecord().map((row) => ({ id: row.id, type: `fleetwake.${row.type}` })),
    crashes: 0,
    httpFaults: { server_error: 1, response_lost: 0, rate_limited: 0, slow: 2 },
  };
}

function answer(plannedId: string, atMs: number, status: number, purchaseId: string) {
  return { plannedId, at: startedAt + atMs, status, problem: null, purchaseId };
}

function sampleVehicles(): VehicleEvidence[] {
  return [
    {
      vin: vinA,
      features: [
        { feature: 'heated_seats', state: 'active', version: 1 },
        { feature: 'adaptive_cruise', state: 'active', version: 1 },
        { feature: 'remote_start', state: 'dormant', version: 0 },
      ],
      displayed: ['Receiving configuration', 'Feature enabled', 'Receiving configuration', 'Feature enabled'],
      resultsLost: 0,
    },
    {
      vin: vinB,
      features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }],
      displayed: [],
      resultsLost: 0,
    },
    {
      vin: vinC,
      features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }],
      displayed: [],
      resultsLost: 0,
    },
  ];
}

function sampleMails(): SeenMail[] {
  return sampleNotices().flatMap(({ row, at }) =>
    row.channel === 'email'
      ? [
          {
            at,
            messageId: `${row.id}@caas.example`,
            to: `${row.customer_id}@example.com`,
            subject: subjects[row.kind],
            text: 'Hello,\n\nHere is what happened.',
          },
        ]
      : [],
  );
}

function samplePushes(): SeenPush[] {
  return sampleNotices().flatMap(({ row, at }) =>
    row.channel === 'push'
      ? [
          {
            at,
            endpoint: 'https://push.example/1',
            noticeId: row.id,
            title: titles[row.kind],
            body: 'Here is what happened.',
          },
        ]
      : [],
  );
}
