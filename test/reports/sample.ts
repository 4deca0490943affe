import type { Activation, Attempt } from '../../gateway/activation/activation.ts';
import type { Failure } from '../../gateway/activation/failure.ts';
import { standardPolicy } from '../../gateway/activation/policy.ts';
import type { ActivationRow, NoticeKind, NoticeRow, PurchaseRow } from '../../gateway/store/schema.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { BrokerMessage, Evidence } from '../../simulator/reports/evidence.ts';
import type { Plan } from '../../simulator/scenarios/plan.ts';
import type { LedgerEntry } from '../../simulator/stand-ins/payments/ledger-rules.ts';

/**
 * A small run written down by hand, in which every rule holds. Three vehicles, five purchases:
 * - `pur_a`: the first request fails, the second attempt is applied: active, captured.
 * - `pur_b`: the vehicle is gone for good: six attempts, failed, voided, a revocation that stays open.
 * - `pur_c`: taken at once and applied: active.
 * - `pur_d`: the card is declined.
 * - `pur_e`: taken at once, and the vehicle lacks the feature: failed without an attempt, refunded.
 */
export const startedAt = 1_800_000_000_000;
export const vinA = 'WFWAUR1E3TA000003';
export const vinB = 'WFWAUR1E5TA000004';
export const vinC = 'WFWBRE2E6TB000001';

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
    vehicles: [
      {
        vin: vinA,
        features: [
          { feature: 'heated_seats', state: 'active', version: 1 },
          { feature: 'adaptive_cruise', state: 'active', version: 1 },
          { feature: 'remote_start', state: 'dormant', version: 0 },
        ],
        displayed: [
          'Receiving configuration',
          'Feature enabled',
          'Receiving configuration',
          'Feature enabled',
        ],
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
    ],
    mails: sampleNotices().flatMap(({ row, at }) =>
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
    ),
    pushes: sampleNotices().flatMap(({ row, at }) =>
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
    ),
    events: sampleRecord().map((row) => ({ id: row.id, type: `fleetwake.${row.type}` })),
    crashes: 0,
    httpFaults: { server_error: 1, response_lost: 0, rate_limited: 0, slow: 2 },
  };
}

function samplePlan(): Plan {
  const vehicle = { region: 'ES', latitude: 40.4, longitude: -3.7, chargePercent: 80 };
  const wish = {
    duration: { unit: 'months', count: 1 },
    method: 'pm_card_visa',
    preDelivery: false,
    intent: 'ordinary',
  } as const;
  return {
    scenario: 'sample',
    seed: 7,
    timeScale: 100,
    constants: {
      maxRetries: 5,
      baseDelayMs: 200,
      maxDelayMs: 3_000,
      pollEveryMs: 300,
      resultGraceMs: 200,
      deadlineMs: 864_000,
      commandTimeoutMs: 3_000,
      quotaLimit: 10,
      quotaWindowMs: 36_000,
    },
    telemetryEveryMs: 2_000,
    slackMs: 1_000,
    vehicles: [
      { ...vehicle, vin: vinA, model: 'aurora-2026', customerId: 'customer-0001', faults: [] },
      {
        ...vehicle,
        vin: vinB,
        model: 'aurora-2026',
        customerId: 'customer-0002',
        faults: [{ type: 'offline', attributes: { afterMs: 100, forMs: null } }],
      },
      { ...vehicle, vin: vinC, model: 'borealis-2026', customerId: 'customer-0001', faults: [] },
    ],
    customers: [
      {
        id: 'customer-0001',
        name: 'Ada Bauer',
        email: 'customer-0001@example.com',
        language: 'en',
        push: true,
      },
      {
        id: 'customer-0002',
        name: 'Hugo Conti',
        email: 'customer-0002@example.com',
        language: 'en',
        push: false,
      },
    ],
    purchases: [
      {
        ...wish,
        id: 'p-001',
        atMs: 100,
        customerId: 'customer-0001',
        vin: vinA,
        serviceId: 'heated-seats',
        feature: 'heated_seats',
      },
      {
        ...wish,
        id: 'p-002',
        atMs: 200,
        customerId: 'customer-0002',
        vin: vinB,
        serviceId: 'heated-seats',
        feature: 'heated_seats',
      },
      {
        ...wish,
        id: 'p-003',
        atMs: 300,
        customerId: 'customer-0001',
        vin: vinA,
        serviceId: 'adaptive-cruise',
        feature: 'adaptive_cruise',
      },
      {
        ...wish,
        id: 'p-004',
        atMs: 400,
        customerId: 'customer-0001',
        vin: vinA,
        serviceId: 'remote-start',
        feature: 'remote_start',
        intent: 'declined',
      },
      {
        ...wish,
        id: 'p-005',
        atMs: 500,
        customerId: 'customer-0001',
        vin: vinC,
        serviceId: 'sport-mode',
        feature: 'sport_mode',
        intent: 'unsupported',
      },
    ],
    apiIotFaults: [],
    faultSeed: 99,
  };
}

function answer(plannedId: string, atMs: number, status: number, purchaseId: string) {
  return { plannedId, at: startedAt + atMs, status, problem: null, purchaseId };
}

const movements = {
  authorised: { from: 'customer', to: 'customer_hold' },
  charged: { from: 'customer', to: 'merchant' },
  captured: { from: 'customer_hold', to: 'merchant' },
  voided: { from: 'customer_hold', to: 'customer' },
  refunded: { from: 'merchant', to: 'customer' },
} as const;

export function entry(
  sequence: number,
  atMs: number,
  kind: LedgerEntry['kind'],
  activationId: string,
): LedgerEntry {
  return {
    sequence,
    at: startedAt + atMs,
    kind,
    ...movements[kind],
    amountMinor: 1_490,
    currency: 'EUR',
    paymentId: `pay_${activationId}`,
    activationId,
    key: null,
  };
}

function customer(id: string, endpoint: string | null) {
  const push_subscription =
    endpoint === null ? null : JSON.stringify({ endpoint, keys: { p256dh: 'B', auth: 'A' } });
  return {
    id,
    name: id,
    email: `${id}@example.com`,
    language: 'en',
    push_subscription,
    created_at: startedAt,
  };
}

function purchase(
  letter: string,
  customerId: string,
  vin: string,
  serviceId: string,
  capture: PurchaseRow['capture'],
  status: PurchaseRow['status'],
): PurchaseRow {
  return {
    id: `pur_${letter}`,
    customer_id: customerId,
    vin,
    service_id: serviceId,
    service_name: serviceId,
    feature: serviceId.replace('-', '_'),
    duration: '{"unit":"months","count":1}',
    amount_minor: 1_490,
    currency: 'EUR',
    capture,
    pre_delivery: 0,
    activation_id: `act_${letter}`,
    status,
    created_at: startedAt + 100,
  };
}

const timedOut: Failure = {
  category: 'vehicle_offline',
  code: 'timed_out',
  message: 'the vehicle was offline until the command timed out',
  temporary: true,
  mayHaveSucceeded: true,
};
const unavailable: Failure = {
  category: 'api_iot_error',
  code: 'unavailable',
  message: 'not now',
  temporary: true,
  mayHaveSucceeded: true,
};
const incompatible: Failure = {
  category: 'vehicle_incompatible',
  code: 'vehicle-incompatible',
  message: 'the vehicle has no sport_mode',
  temporary: false,
  mayHaveSucceeded: false,
};

/** Attempts of `act_b`: a command each, 3 s until it times out, and the back-off. */
export const attemptStartsMs = [230, 3_430, 6_830, 10_630, 15_230, 21_230] as const;

function attempt(
  number: number,
  startMs: number,
  endMs: number,
  failure: Failure | null,
  commandId: string | null,
): Attempt {
  return {
    number,
    startedAt: startedAt + startMs,
    commandId,
    version: commandId === null ? null : number,
    expiresAt: commandId === null ? null : startedAt + startMs + 3_000,
    endedAt: startedAt + endMs,
    failure,
  };
}

function activation(
  letter: string,
  vin: string,
  feature: string,
  settlement: NonNullable<Activation['settlement']>['status'],
  more: Pick<Activation, 'phase' | 'attempts' | 'failure'>,
  requestedMs: number,
  endedMs: number,
): ActivationRow {
  const state: Activation = {
    id: `act_${letter}`,
    kind: 'activation',
    vin,
    serviceId: feature.replace('_', '-'),
    feature,
    policy: standardPolicy,
    requestedAt: startedAt + requestedMs,
    deadlineAt: null,
    dueAt: null,
    vehicleChecked: true,
    postponed: 0,
    delivery: null,
    revocationOwed: false,
    lateSuccessAt: null,
    settlement: {
      status: settlement,
      capture: 'on_delivery',
      amountMinor: 1_490,
      currency: 'EUR',
      method: 'pm_card_visa',
      paymentId: `pay_${letter}`,
      unanswered: 0,
      dueAt: null,
      problem: null,
    },
    ...more,
  };
  return {
    id: state.id,
    purchase_id: `pur_${letter}`,
    parent_id: null,
    vin,
    service_id: state.serviceId,
    feature,
    kind: 'activation',
    phase: state.phase,
    settlement,
    priority: 0,
    state: JSON.stringify(state),
    version: 9,
    due_at: null,
    requested_at: state.requestedAt,
    ended_at: startedAt + endedMs,
  };
}

function sampleActivations(): ActivationRow[] {
  const triedB = attemptStartsMs.map((startMs, index) =>
    attempt(index + 1, startMs, startMs + 3_000, timedOut, `cmd_b${index + 1}`),
  );
  const ended = { failure: null, attempts: [] } as const;
  const rows = [
    activation(
      'a',
      vinA,
      'heated_seats',
      'captured',
      {
        phase: 'active',
        failure: null,
        attempts: [
          attempt(1, 130, 140, unavailable, null),
          { ...attempt(2, 340, 900, null, 'cmd_a2'), version: 1 },
        ],
      },
      100,
      900,
    ),
    activation(
      'b',
      vinB,
      'heated_seats',
      'voided',
      { phase: 'failed', failure: timedOut, attempts: triedB },
      200,
      26_010,
    ),
    activation(
      'c',
      vinA,
      'adaptive_cruise',
      'captured',
      {
        phase: 'active',
        failure: null,
        attempts: [{ ...attempt(1, 600, 800, null, 'cmd_c1'), version: 1 }],
      },
      300,
      800,
    ),
    activation('d', vinA, 'remote_start', 'declined', { ...ended, phase: 'declined' }, 400, 410),
    activation(
      'e',
      vinC,
      'sport_mode',
      'refunded',
      { phase: 'failed', failure: incompatible, attempts: [] },
      500,
      570,
    ),
  ];
  const revocation: ActivationRow = {
    ...activation(
      'r',
      vinB,
      'heated_seats',
      'declined',
      { ...ended, phase: 'queued_for_activation' },
      25_900,
      0,
    ),
    purchase_id: 'pur_b',
    parent_id: 'act_b',
    kind: 'revocation',
    settlement: null,
    priority: 1,
    ended_at: null,
  };
  return [...rows, revocation];
}

function entitlement(letter: string, vin: string, feature: string, fromMs: number) {
  return {
    id: `ent_${letter}`,
    vin,
    feature,
    service_id: feature.replace('_', '-'),
    customer_id: 'customer-0001',
    purchase_id: `pur_${letter}`,
    source: 'purchase' as const,
    valid_from: startedAt + fromMs,
    valid_until: null,
    ended_at: null,
  };
}

function sampleRecord() {
  const lines: [string, number, string, object][] = [
    ['a', 130, 'activation.sending_command', { attempt: 1 }],
    ['a', 140, 'activation.failure', { attempt: 1, failure: unavailable }],
    ['a', 340, 'activation.sending_command', { attempt: 2 }],
    ['a', 900, 'activation.active', {}],
    ...attemptStartsMs.flatMap((startMs, index): [string, number, string, object][] => [
      ['b', startMs, 'activation.sending_command', { attempt: index + 1 }],
      ['b', startMs + 3_000, 'activation.failure', { attempt: index + 1, failure: timedOut }],
    ]),
    ['b', 26_010, 'activation.failed', {}],
    ['c', 600, 'activation.sending_command', { attempt: 1 }],
    ['c', 800, 'activation.active', {}],
    ['d', 410, 'activation.declined', {}],
    ['e', 540, 'activation.failure', { failure: incompatible }],
    ['e', 570, 'activation.failed', {}],
  ];
  return lines.map(([letter, atMs, type, data], index) => ({
    seq: index + 1,
    id: `rec_${index + 1}`,
    purchase_id: `pur_${letter}`,
    activation_id: `act_${letter}`,
    at: startedAt + atMs,
    type,
    actor: 'engine',
    data: JSON.stringify(data),
  }));
}

const subjects: Readonly<Record<NoticeKind, string>> = {
  payment_confirmed: 'Receipt: Heated seats for your Aurora',
  activation_started: 'Activating your service: Heated seats',
  activation_successful: 'Your Heated seats is now active',
  activation_failed: 'Service activation issue - You have NOT been charged',
};
const titles: Readonly<Record<NoticeKind, string>> = {
  payment_confirmed: 'Service purchased',
  activation_started: 'Activating...',
  activation_successful: 'Service ready to use',
  activation_failed: 'Activation issue - not charged',
};

function sampleNotices(): { row: NoticeRow; at: number }[] {
  const told: [string, string, [NoticeKind, number][]][] = [
    [
      'a',
      'customer-0001',
      [
        ['payment_confirmed', 120],
        ['activation_started', 150],
        ['activation_successful', 950],
      ],
    ],
    [
      'b',
      'customer-0002',
      [
        ['payment_confirmed', 220],
        ['activation_started', 250],
        ['activation_failed', 26_050],
      ],
    ],
    [
      'c',
      'customer-0001',
      [
        ['payment_confirmed', 320],
        ['activation_started', 650],
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
    kinds.flatMap(([kind, atMs]) =>
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
            created_at: startedAt + atMs - 10,
            sent_at: startedAt + atMs,
            last_error: null,
          },
        }),
      ),
    ),
  );
}

function ticket(letter: string, vin: string, priority: 'HIGH' | 'MEDIUM', openedMs: number) {
  const unread = { unavailable: 'the API IoT did not answer' };
  return {
    id: `tkt_${letter}`,
    activation_id: `act_${letter}`,
    purchase_id: `pur_${letter}`,
    vin,
    customer_id: 'customer-0001',
    service_id: 'heated-seats',
    priority,
    status: 'open' as const,
    assigned_to: 'on-duty',
    opened_at: startedAt + openedMs,
    response_due_at: startedAt + openedMs + 3_600_000,
    closed_at: null,
    fields: JSON.stringify({
      ticketId: `tkt_${letter}`,
      vin,
      customerId: 'customer-0001',
      customerEmail: 'customer-0001@example.com',
      serviceId: 'heated-seats',
      serviceName: 'Heated seats',
      paymentTransactionId: `pay_${letter}`,
      paymentAmount: { amountMinor: 1_490, currency: 'EUR' },
      activationRequestTime: startedAt + 200,
      retryAttempts: [],
      lastErrorCode: 'timed_out',
      lastErrorMessage: 'the vehicle was offline until the command timed out',
      vehicleStatusSnapshot: unread,
      vehicleOnlineStatus: false,
      networkSignalStrength: unread,
      vehicleFirmwareVersion: '4.2.0',
      configurationPayload: unread,
      priority,
    }),
  };
}

function command(
  id: string,
  key: string,
  vin: string,
  feature: string,
  version: number,
  acceptedMs: number,
  state: CommandResource['state'],
): CommandResource {
  return {
    id,
    vin,
    reference: key.split(':')[0] ?? '',
    key,
    state,
    features: [{ feature, target: 'active', version }],
    acceptedAt: startedAt + acceptedMs,
    expiresAt: startedAt + acceptedMs + 3_000,
    endedAt: startedAt + acceptedMs + (state === 'applied' ? 200 : 3_000),
    results: null,
    late: false,
    clock: null,
  };
}

function sampleCommands(): CommandResource[] {
  return [
    command('cmd_a2', 'act_a:2', vinA, 'heated_seats', 1, 350, 'applied'),
    command('cmd_c1', 'act_c:1', vinA, 'adaptive_cruise', 1, 610, 'applied'),
    ...attemptStartsMs.map((startMs, index) =>
      command(
        `cmd_b${index + 1}`,
        `act_b:${index + 1}`,
        vinB,
        'heated_seats',
        index + 1,
        startMs + 10,
        'timed_out',
      ),
    ),
  ];
}

export function sentCommand(
  atMs: number,
  id: string,
  vin: string,
  feature: string,
  version: number,
  target: 'active' | 'dormant' = 'active',
): BrokerMessage {
  const at = startedAt + atMs;
  const display = { receiving: 'Receiving configuration', applied: 'Feature enabled' };
  const payload = {
    id,
    vin,
    features: [{ feature, target, version }],
    sentAt: at,
    expiresAt: at + 3_000,
    ...(target === 'active' ? { display } : {}),
  };
  return { at, topic: `vehicles/${vin}/cmd/configure`, payload: JSON.stringify(payload) };
}

export function saidResult(
  atMs: number,
  commandId: string,
  vin: string,
  feature: string,
  outcome: string,
  version: number,
): BrokerMessage {
  const at = startedAt + atMs;
  const payload = { commandId, vin, results: [{ feature, outcome, version }], clock: at };
  return { at, topic: `vehicles/${vin}/evt/result`, payload: JSON.stringify(payload) };
}

export function saidStatus(
  atMs: number,
  vin: string,
  features: readonly { feature: string; state: 'active' | 'dormant'; version: number }[],
): BrokerMessage {
  const at = startedAt + atMs;
  const payload = { vin, online: true, clock: at, model: 'aurora-2026', firmware: '4.2.0', features };
  return { at, topic: `vehicles/${vin}/evt/status`, payload: JSON.stringify(payload) };
}

function sampleBroker(): BrokerMessage[] {
  return [
    saidStatus(0, vinA, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]),
    saidStatus(0, vinB, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]),
    saidStatus(0, vinC, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]),
    sentCommand(360, 'cmd_a2', vinA, 'heated_seats', 1),
    saidResult(550, 'cmd_a2', vinA, 'heated_seats', 'applied', 1),
    saidStatus(551, vinA, [{ feature: 'heated_seats', state: 'active', version: 1 }]),
    sentCommand(620, 'cmd_c1', vinA, 'adaptive_cruise', 1),
    saidResult(790, 'cmd_c1', vinA, 'adaptive_cruise', 'applied', 1),
    ...attemptStartsMs.map((startMs, index) =>
      sentCommand(startMs + 20, `cmd_b${index + 1}`, vinB, 'heated_seats', index + 1),
    ),
  ];
}
