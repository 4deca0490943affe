import { expect, test } from 'vitest';
import { corrupted } from './sample.ts';
import { failedReport, passedReport, reportFrom } from './sample-report.ts';

test('each purchase of the plan has a line with what became of it', () => {
  expect(
    passedReport().activations.map(({ purchase, service, outcome, atMs, tookMs, attempts, failure }) => [
      purchase,
      service,
      outcome,
      atMs,
      tookMs,
      attempts,
      failure,
    ]),
  ).toEqual([
    ['p-001', 'heated-seats', 'active', 100, 800, 2, null],
    [
      'p-002',
      'heated-seats',
      'failed',
      200,
      25_810,
      6,
      'timed_out: the vehicle was offline until the command timed out',
    ],
    ['p-003', 'adaptive-cruise', 'active', 300, 500, 1, null],
    ['p-004', 'remote-start', 'declined', 400, 10, 0, null],
    ['p-005', 'sport-mode', 'failed', 500, 70, 0, 'vehicle-incompatible: the vehicle has no sport_mode'],
  ]);
});

test('an unanswered purchase has a line without an activation', () => {
  const report = reportFrom(
    corrupted(({ answers }) => {
      Object.assign(answers[0] ?? {}, { status: null, purchaseId: null });
    }),
  );
  expect(report.activations[0]).toMatchObject({
    purchase: 'p-001',
    activation: null,
    outcome: 'unanswered',
    atMs: 100,
    tookMs: null,
    attempts: 0,
  });
});

test('failed and slow activations have a course from the purchase to the end, from all evidence sources, in order of time', () => {
  const { courses } = passedReport();
  expect(courses.map(({ purchase, why }) => `${purchase} ${why}`)).toEqual([
    'p-002 failed',
    'p-005 failed',
    'p-001 slow',
    'p-003 slow',
  ]);
  expect(courses.map(({ traceId }) => traceId)).toEqual([
    '0af7651916cd43dd8448eb211c80319c',
    // Refused before a command was sent.
    null,
    '0af7651916cd43dd8448eb211c80319c',
    '0af7651916cd43dd8448eb211c80319c',
  ]);
  const told = courses.find(({ purchase }) => purchase === 'p-001')?.entries ?? [];
  expect(told.map(({ atMs, where, what }) => `${atMs} ${where}: ${what}`)).toMatchInlineSnapshot(`
    [
      "100 customer: buys heated-seats for WFWAUR1E3TA000003",
      "110 payments: authorised 14.90 EUR",
      "120 mail: Receipt: Heated seats for your Aurora",
      "120 push: Service purchased",
      "130 platform: sending command (attempt 1)",
      "140 platform: failure (attempt 1, unavailable)",
      "150 mail: Activating your service: Heated seats",
      "150 push: Activating...",
      "340 platform: sending command (attempt 2)",
      "350 API IoT: accepts the command of attempt 2",
      "360 MQTT: the command of attempt 2 reaches the vehicle",
      "550 API IoT: the command of attempt 2 ends applied",
      "550 vehicle: answers attempt 2: applied",
      "900 platform: active",
      "950 mail: Your Heated seats is now active",
      "950 push: Service ready to use",
      "1000 payments: captured 14.90 EUR",
    ]
  `);
});

test('the windows of service faults come again until the run heals', () => {
  expect(passedReport().schedules).toEqual({
    services: [
      ...[100, 10_100, 20_100].map((fromMs) => ({
        where: 'API IoT',
        name: 'down & "out" <now>',
        type: 'server_error',
        toxicity: 0.25,
        fromMs,
        toMs: fromMs + 2_000,
      })),
      { where: 'payments', name: 'slow', type: 'slow', toxicity: 1, fromMs: 0, toMs: 25_000 },
    ],
    vehicles: [{ type: 'offline', vehicles: 1, window: { fromMs: 100, toMs: null } }],
    away: [{ atMs: 100, vehicles: 1 }],
  });
});

test('vehicles that go and come are counted at each step', () => {
  const report = reportFrom(
    corrupted(({ plan: { vehicles } }) => {
      const outages = [
        { afterMs: 0, forMs: 1_000 },
        { afterMs: 500, forMs: 500 },
        { afterMs: 700, forMs: 2_000 },
      ];
      for (const [index, attributes] of outages.entries()) {
        const vehicle = vehicles[index];
        if (vehicle) vehicle.faults = [{ type: 'offline', attributes }];
      }
    }),
  );
  expect(report.schedules.away).toEqual([
    { atMs: 0, vehicles: 1 },
    { atMs: 500, vehicles: 2 },
    { atMs: 700, vehicles: 3 },
    { atMs: 1_000, vehicles: 1 },
    { atMs: 2_700, vehicles: 0 },
  ]);
  expect(report.schedules.vehicles).toEqual([
    { type: 'offline', vehicles: 3, window: { fromMs: 0, toMs: 2_700 } },
  ]);
});

test('vehicles go and come after the run has healed as before: that ends the faults of the services alone', () => {
  const report = reportFrom(
    corrupted((evidence) => {
      const [vehicle] = evidence.plan.vehicles;
      const schedule = { afterMs: 1_000, forMs: 3_000, everyMs: 10_000 };
      const fault = { layer: 'link', type: 'offline', name: 'away', toxicity: 1, attributes: {} } as const;
      for (const one of evidence.plan.vehicles) one.faults = [];
      if (vehicle) vehicle.faults = [{ ...fault, schedule }];
      evidence.healedAt = evidence.startedAt + 12_000;
      evidence.takenAt = evidence.startedAt + 33_000;
    }),
  );
  expect(report.schedules.away).toEqual([
    { atMs: 1_000, vehicles: 1 },
    { atMs: 4_000, vehicles: 0 },
    { atMs: 11_000, vehicles: 1 },
    { atMs: 14_000, vehicles: 0 },
    { atMs: 21_000, vehicles: 1 },
    { atMs: 24_000, vehicles: 0 },
    { atMs: 31_000, vehicles: 1 },
  ]);
});

test('a run passes when the expected rules and all expectations hold, and only then', () => {
  expect(passedReport().ok).toBe(true);
  const failed = failedReport();
  expect(failed.ok).toBe(false);
  expect(failed.checks.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual([9, 10]);
  expect(failed.expectations.filter(({ ok }) => !ok).map(({ text }) => text)).toEqual(['active >= 99 %']);
});
