import { expect, test } from 'vitest';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { quantile } from '../../../simulator/reports/quantile.ts';
import { reportOf } from '../../../simulator/reports/report.ts';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import { terminalReport } from '../../../simulator/reports/terminal.ts';
import { moment, money, span } from '../../../simulator/reports/verdict.ts';
import { corrupted, only, sampleEvidence } from './sample.ts';
import { startedAt } from './sample-names.ts';

function sampleReport(evidence = sampleEvidence()): RunReport {
  return reportOf(evidence, runChecks(evidence), { world: 'virtual' });
}

test('the report has the statistics of the sample run', () => {
  const { checks, activations, courses, ...figures } = sampleReport();
  expect(figures).toEqual({
    seed: 7,
    scenario: 'sample',
    description: null,
    actions: [],
    world: 'virtual',
    replay: 'fleetwake run sample --seed 7',
    bus: null,
    versions: {},
    startedAt,
    tookMs: 60_000,
    timeScale: 100,
    constants: sampleEvidence().plan.constants,
    vehicles: 3,
    purchases: 5,
    outcomes: {
      active: 2,
      failed: 2,
      cancelled: 0,
      declined: 1,
      payment_failed: 0,
      pending: 0,
      refused: 0,
      unanswered: 0,
    },
    attempts: { '0': 1, '1': 1, '2': 1, '6': 1 },
    timeToActiveMs: { p50: 500, p95: 800, p99: 800, longest: 800 },
    money: {
      EUR: {
        authorisedMinor: 2_980,
        atOnceMinor: 2_980,
        capturedMinor: 4_470,
        voidedMinor: 1_490,
        refundedMinor: 1_490,
        keptMinor: 2_980,
      },
    },
    notices: {
      payment_confirmed: { email: 4, push: 3 },
      activation_started: { email: 3, push: 2 },
      activation_successful: { email: 2, push: 2 },
      activation_failed: { email: 2, push: 1 },
    },
    noticesGivenUp: 0,
    reactivations: { done: 0, failed: 0, open: 0 },
    tickets: { HIGH: 2, MEDIUM: 0 },
    revocations: { done: 0, superseded: 0, open: 1 },
    faults: {
      vehicles: { offline: 1 },
      apiIot: { server_error: 1, response_lost: 0, rate_limited: 0, slow: 2 },
      payments: {},
      channels: {},
    },
    schedules: {
      services: [],
      vehicles: [{ type: 'offline', vehicles: 1, window: { fromMs: 100, toMs: null } }],
      away: [{ atMs: 100, vehicles: 1 }],
    },
    expectedRules: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    expectations: [],
    ok: true,
  });
  expect(checks).toHaveLength(11);
  expect(activations).toHaveLength(5);
  expect(courses).toHaveLength(4);
});

test('every purchase of the plan has exactly one outcome', () => {
  const evidence = corrupted(({ answers, database: { purchases } }) => {
    Object.assign(
      only(answers, ({ plannedId }) => plannedId === 'p-001'),
      { status: null, purchaseId: null },
    );
    Object.assign(
      only(answers, ({ plannedId }) => plannedId === 'p-002'),
      { status: 409, purchaseId: null },
    );
    only(purchases, ({ id }) => id === 'pur_c').status = 'payment_failed';
    only(purchases, ({ id }) => id === 'pur_e').status = 'pending';
  });
  expect(sampleReport(evidence).outcomes).toEqual({
    active: 0,
    failed: 0,
    cancelled: 0,
    declined: 1,
    payment_failed: 1,
    pending: 1,
    refused: 1,
    unanswered: 1,
  });
});

test('one broken rule is enough for a report that is not ok', () => {
  const evidence = corrupted(({ database: { notices } }) => {
    only(notices, ({ id }) => id === 'ntc_a_activation_successful_push').status = 'waiting';
  });
  const report = sampleReport(evidence);
  expect(report.ok).toBe(false);
  expect(report.checks.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual([10]);
});

test('revocations are counted by how they ended', () => {
  const evidence = corrupted(({ database: { activations } }) => {
    const open = only(activations, ({ kind }) => kind === 'revocation');
    activations.push(
      { ...open, id: 'act_s', phase: 'dormant' },
      { ...open, id: 'act_t', phase: 'superseded' },
    );
  });
  expect(sampleReport(evidence).revocations).toEqual({ done: 1, superseded: 1, open: 1 });
});

test('the terminal shows statistics, one line per rule and the verdict', () => {
  expect(terminalReport(sampleReport(), { color: false })).toBe(
    [
      'Scenario sample, seed 7: 3 vehicles, 5 purchases, 1.7 h',
      'Back-off 20 s to 5 min, command time-out 5 min, 10 commands a vehicle in 1 h',
      '',
      'Outcomes        2 active, 2 failed, 1 declined',
      'Attempts        1 × 0, 1 × 1, 1 × 2, 1 × 6',
      'Time to active  p50 50 s, p95 1.3 min, p99 1.3 min, longest 1.3 min',
      'Money           authorised 29.80 EUR, captured 44.70 EUR, voided 14.90 EUR, refunded 14.90 EUR, kept 29.80 EUR',
      'Notices         payment confirmed 4 by e-mail and 3 by push',
      '                activation started 3 by e-mail and 2 by push',
      '                activation successful 2 by e-mail and 2 by push',
      '                activation failed 2 by e-mail and 1 by push',
      'Tickets         2 HIGH, 0 MEDIUM',
      'Revocations     0 done, 0 superseded, 1 open',
      'Vehicle faults  1 offline',
      'API IoT faults  1 server error, 2 slow',
      '',
      '✓  1  No charge for an activation that was not delivered (4 examined)',
      '✓  2  Charges, tickets and notifications: exactly once per activation (4 examined)',
      '✓  3  Every activation ends within the time limit of its policy (4 examined)',
      '✓  4  Active activations: confirmed by the vehicle, paid, entitlement granted; feature active (2 examined)',
      '✓  5  Failed activations: ticket opened, payment reversed, then customer notified; feature dormant (2 examined)',
      '✓  6  Attempts: within the limit, not before the back-off ends, only one after a permanent failure (4 examined)',
      '✓  7  No vehicle receives more commands per hour than the quota allows (2 examined)',
      '✓  8  Customers receive the specified notifications, and none about retries (19 examined)',
      '✓  9  Every vehicle is at the highest version that it could apply (3 examined)',
      '✓ 10  No purchase, command, result, notification or event is lost between components (4 examined)',
      '✓ 11  Same seed, same plan, and the run follows the plan (a live run reproduces only the plan) (8 examined)',
      '',
      'All 11 rules hold.',
      'The run was compressed 100 times: it took 1 min of virtual time',
      '',
    ].join('\n'),
  );
});

test('the terminal shows every violation that the report keeps, how many more there are, and how to run it again', () => {
  const report = sampleReport();
  const checks = report.checks.map((check) =>
    check.id === 7 ? { ...check, ok: false, violations: ['first', 'second'], violationCount: 5 } : check,
  );
  const lines = terminalReport({ ...report, checks, ok: false }, { color: false }).split('\n');
  const at = lines.findIndex((line) => line.startsWith('✗'));
  expect(lines.slice(at, at + 4)).toEqual([
    '✗  7  No vehicle receives more commands per hour than the quota allows (2 examined)',
    '       first',
    '       second',
    '       … and 3 more',
  ]);
  expect(lines.slice(-4)).toEqual([
    '',
    '1 rule is broken. The same plan again: fleetwake run sample --seed 7',
    'The run was compressed 100 times: it took 1 min of virtual time',
    '',
  ]);
});

test('colours are there only where they are asked for', () => {
  const ansi = '\u001b[';
  expect(terminalReport(sampleReport(), { color: false })).not.toContain(ansi);
  const colored = terminalReport(sampleReport(), { color: true });
  expect(colored).toContain(`${ansi}32m✓${ansi}0m  1  No charge for`);
  expect(colored).toContain(`${ansi}32mAll 11 rules hold.${ansi}0m\n`);
});

test('a run in which nothing happened has a report too', () => {
  const report = sampleReport();
  const empty: RunReport = {
    ...report,
    timeScale: 1,
    attempts: {},
    money: {},
    outcomes: {
      active: 0,
      failed: 0,
      cancelled: 0,
      declined: 0,
      payment_failed: 0,
      pending: 0,
      refused: 0,
      unanswered: 0,
    },
    timeToActiveMs: { p50: null, p95: null, p99: null, longest: null },
    faults: { vehicles: {}, apiIot: {}, payments: {}, channels: {} },
  };
  const lines = terminalReport(empty, { color: false }).split('\n');
  expect(lines.slice(1, 6)).toEqual([
    'Back-off 200 ms to 3 s, command time-out 3 s, 10 commands a vehicle in 36 s',
    '',
    'Outcomes        none',
    'Attempts        none',
    'Time to active  p50 none, p95 none, p99 none, longest none',
  ]);
});

test('a quantile is a value that was measured, by nearest rank', () => {
  const values = [50, 10, 40, 20, 30];
  expect([0.01, 0.2, 0.21, 0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([
    10, 10, 20, 30, 50, 50,
  ]);
  expect(values).toEqual([50, 10, 40, 20, 30]);
  expect(quantile([], 0.5)).toBeNull();
});

test('instants count from the start, and amounts may be negative', () => {
  const run = { startedAt: 1_000, plan: { timeScale: 1 } };
  expect([moment(run, 13_345), moment(run, 750)]).toEqual(['+12.345 s', '-0.250 s']);
  const compressed = { startedAt: 1_000, plan: { timeScale: 100 } };
  expect([moment(compressed, 13_345), span(compressed, 46), span(compressed, 28_001)]).toEqual([
    '+1234.500 s',
    '4.6 s',
    '2800.1 s',
  ]);
  expect([money(4_990, 'EUR'), money(-4_990, 'EUR'), money(0, 'JPY')]).toEqual([
    '49.90 EUR',
    '-49.90 EUR',
    '0 JPY',
  ]);
});
