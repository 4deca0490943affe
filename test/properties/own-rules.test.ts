import { beforeAll, describe, expect, test } from 'vitest';
import type { Activation } from '../../gateway/activation/activation.ts';
import type { SyncQuery } from '../../simulator/check/activation-changes.ts';
import { judge } from '../../simulator/check/judge.ts';
import { judgeLoop, type LoopFacts } from '../../simulator/check/loop-rules.ts';
import { judgeServices } from '../../simulator/check/service-rules.ts';
import { constantsOf } from '../../simulator/check/settings.ts';
import { calmTestCase, type TestCase } from '../../simulator/check/test-case.ts';
import { runTestCase, type TestCaseRun } from '../../simulator/check/test-case-run.ts';
import { noUserActions } from '../../simulator/check/user-actions.ts';
import { newWatch } from '../../simulator/check/watch.ts';
import { runChecks } from '../../simulator/reports/checks/all.ts';
import type { Evidence } from '../../simulator/reports/evidence.ts';
import type { DependencyOverrides } from '../../simulator/virtual-system/dependency-overrides.ts';
import type { Draft } from '../simulator/reports/sample.ts';

/** The rules of the virtual run's own: each has a run that breaks it and no other. */
const vin = 'WFWAUR1E3TA000003';
const schedule = calmTestCase([{}]);

function watchOf() {
  const watch = newWatch({
    now: () => 0,
    constants: constantsOf(schedule),
    onMove: () => {},
    onMoney: () => {},
    parametersOf: (_, model) => ({ zones: model === 'aurora-2026' ? 'front,rear' : 'front' }),
    modelsSince: () => ['aurora-2026'],
  });
  /** The rows of a table, as the next look finds them. */
  const rows =
    (...found: object[]): SyncQuery =>
    <Row>() =>
      found as Row[];
  return {
    move: (before: Activation | null, after: Activation) =>
      watch.afterPlatform(
        rows({
          seq: 1,
          id: after.id,
          before: before === null ? null : JSON.stringify(before),
          after: JSON.stringify(after),
        }),
      ),
    money: (...kinds: string[]) =>
      watch.afterPayments(
        rows(
          ...kinds.map((kind, index) => ({ sequence: index + 1, kind, activation: 'act_1', amount: 990 })),
        ),
      ),
    acceptances: (...instants: number[]) =>
      watch.afterApiIot(
        rows(...instants.map((at, index) => ({ seq: index + 1, id: `cmd_${index}`, vin, key: null, at }))),
      ),
    says: (channel: string, message: object) =>
      watch.onMessage(`vehicles/${vin}/${channel}`, JSON.stringify(message)),
    broken: () => watch.violations().map(({ rule, sentence }) => ({ rule, sentence })),
  };
}

const status = (version: number) => ({
  vin,
  online: true,
  clock: 1_800_000_000_000,
  model: 'aurora-2026',
  firmware: '4.2.0',
  features: [{ feature: 'heated_seats', state: 'dormant', version }],
});

describe('At every commit and message', () => {
  let states: readonly Activation[] = [];
  beforeAll(async () => {
    states = (await runTestCase(schedule)).moves.map(({ after }) => after);
  });

  test('valid saved state: an activation counts its postponements below zero', () => {
    const watch = watchOf();
    const active = states.at(-1);
    if (!active) throw new Error('the run saved no activation');
    watch.move(null, { ...active, postponed: -1 });
    expect(watch.broken()).toEqual([
      { rule: 'valid saved state', sentence: `${active.id}: postponed counts from 0, not -1` },
    ]);
  });

  test('legal transition: an activation goes back from active to queued', () => {
    const watch = watchOf();
    const active = states.at(-1);
    const queued = states.find(({ phase }) => phase === 'queued_for_activation');
    if (!active || !queued) throw new Error('the run saved no such activation');
    watch.move(active, queued);
    const broken = watch.broken();
    expect(new Set(broken.map(({ rule }) => rule))).toEqual(new Set(['legal transition']));
    expect(broken[0]?.sentence).toBe(`${active.id}: no way leads from active to queued_for_activation`);
  });

  test('quota: an eleventh command is accepted within the hour, and not one at its end', () => {
    const eleven = (lastAt: number) => [...Array.from({ length: 10 }, (_, index) => index), lastAt];
    const early = watchOf();
    early.acceptances(...eleven(3_599_999));
    expect(early.broken()).toEqual([
      { rule: 'quota', sentence: `${vin}: 11 commands accepted within an hour, the last is cmd_10` },
    ]);
    const late = watchOf();
    late.acceptances(...eleven(3_600_000));
    expect(late.broken()).toEqual([]);
  });

  test('amount within the price: a payment is charged twice', () => {
    const watch = watchOf();
    watch.money('charged', 'charged');
    expect(watch.broken()).toEqual([
      {
        rule: 'amount within the price',
        sentence: 'act_1: charged leads to 1980 captured and 0 held of 990',
      },
    ]);
  });

  test('no capture before delivery: a hold is captured and the vehicle reported nothing', () => {
    const watch = watchOf();
    watch.money('authorised', 'captured');
    expect(watch.broken()).toEqual([
      {
        rule: 'no capture before delivery',
        sentence: 'act_1: captured, but the vehicle never reported applied',
      },
    ]);
  });

  test('no unaccepted command: the broker carries a command that the API IoT never accepted', () => {
    const watch = watchOf();
    watch.says('cmd/configure', { id: 'cmd_z', features: [] });
    expect(watch.broken()).toEqual([
      {
        rule: 'no unaccepted command',
        sentence: 'the broker carried cmd_z, which the API IoT never accepted',
      },
    ]);
  });

  test('versions increase: a vehicle reports version 1 after version 2', () => {
    const watch = watchOf();
    for (const version of [1, 2, 2]) watch.says('evt/status', status(version));
    expect(watch.broken()).toEqual([]);
    watch.says('evt/status', status(1));
    expect(watch.broken()).toEqual([
      { rule: 'versions increase', sentence: `${vin} heated_seats: version 1 after 2` },
    ]);
  });
});

describe('The loop', () => {
  const quiet: LoopFacts = {
    isFleetConnected: true,
    isSettled: true,
    standstill: null,
    loop: { now: () => 500_000, unhandled: [], foreign: [], open: () => [] },
    trace: [],
  };
  const warnings = (count: number): LoopFacts['trace'] =>
    Array.from({ length: count }, (_, index) => ({
      at: 7_000 + index,
      process: 'platform',
      level: 'warn',
      event: 'engine.try_failed',
      fields: {},
    }));

  test('breaks nothing where nothing is wrong', () => {
    const open = () => [{ name: 'platform: POST', sinceAt: 100_000 }];
    expect(judgeLoop({ ...quiet, trace: warnings(12), loop: { ...quiet.loop, open } })).toEqual([]);
  });

  const cases: readonly [string, Partial<LoopFacts>, string][] = [
    [
      'fleet connected',
      { isFleetConnected: false },
      'the vehicles were not connected before the workload began',
    ],
    ['no deadlock', { standstill: 'limit' }, 'the run ended as limit'],
    ['no deadlock', { isSettled: false }, 'the run reached its end with work that had not ended'],
    ['no unhandled rejection', { loop: { ...quiet.loop, unhandled: ['lost'] } }, 'lost'],
    [
      'no real-time resource',
      { loop: { ...quiet.loop, foreign: [{ type: 'Timeout', stack: ['at engine.ts:1'] }] } },
      'Timeout was made by at engine.ts:1',
    ],
    [
      'no real-time resource',
      { loop: { ...quiet.loop, foreign: [{ type: 'ZLIB', stack: [] }] } },
      'ZLIB was made by Node itself',
    ],
    [
      'no warning storm',
      { trace: warnings(13) },
      'platform engine.try_failed at 7 s: 13 times in one second',
    ],
    [
      'no hanging call',
      { loop: { ...quiet.loop, open: () => [{ name: 'platform: POST', sinceAt: 99_999 }] } },
      'platform: POST has been open for 400001 ms',
    ],
  ];
  test.each(cases)('%s', (rule, change, sentence) => {
    expect(judgeLoop({ ...quiet, ...change })).toEqual([{ rule, sentence }]);
  });
});

describe('Service lifecycle', () => {
  /** Fails for good, its money goes back, and a technician tries by hand. */
  const retried: TestCase = calmTestCase([
    {
      faults: [{ type: 'result', nth: 1, kind: 'fatal' }],
      support: [
        { act: 'start', afterMs: 1_000 },
        { act: 'retry', afterMs: 1_000 },
      ],
    },
  ]);
  const ended: TestCase = calmTestCase([
    { hours: 1, life: [{ type: 'cancel', afterMs: 20_000, which: 'first' }] },
  ]);
  let runs: { readonly retried: TestCaseRun; readonly ended: TestCaseRun };
  beforeAll(async () => {
    runs = { retried: await runTestCase(retried), ended: await runTestCase(ended) };
  });

  function judged(run: TestCaseRun, change: (evidence: Draft<Evidence>) => void) {
    const evidence = structuredClone(run.evidence) as Draft<Evidence>;
    change(evidence);
    const checks = runChecks(evidence as Evidence).filter(({ ok }) => !ok);
    return { own: judgeServices(evidence as Evidence, run.userActions, run.schedule), checks };
  }

  test('holds in both runs', () => {
    for (const run of [runs.retried, runs.ended])
      expect(judged(run, () => {})).toEqual({ own: [], checks: [] });
  });

  test('a manual retry starts before the payment is reversed', () => {
    const { own, checks } = judged(runs.retried, ({ database: { activations }, ledger }) => {
      const retry = activations.find(({ state }) => state.includes('"origin":"support"'));
      const reversal = ledger.find(({ kind }) => kind === 'voided');
      if (!retry || !reversal) throw new Error('the run has no manual retry after a void');
      retry.requested_at = reversal.at - 1;
    });
    expect(own).toEqual([
      expect.stringMatching(/^act_\w+: manual retry before the payment of act_\w+ was reversed$/),
    ]);
    expect(checks).toEqual([]);
  });

  test('a service ends without a deactivation', () => {
    const { own, checks } = judged(runs.ended, ({ database: { activations } }) => {
      const index = activations.findIndex(({ kind }) => kind === 'deactivation');
      const row = activations[index];
      if (!row) throw new Error('the run has no deactivation');
      row.requested_at -= 60_000;
    });
    expect(own).toEqual([expect.stringMatching(/^ent_\w+: ended, but no deactivation followed$/)]);
    expect(checks).toEqual([]);
  });

  test('a service is cancelled without a request of the customer', () => {
    const { evidence, schedule: played } = runs.ended;
    const own = judgeServices(evidence, noUserActions, played);
    expect(own).toEqual([expect.stringMatching(/^ent_\w+: cancelled, but no customer requested it$/)]);
  });

  test('a purchase grants its duration twice', () => {
    const { own, checks } = judged(runs.ended, ({ database: { entitlements } }) => {
      const [first] = entitlements;
      if (!first) throw new Error('the run has no entitlement');
      entitlements.push({ ...first, id: 'ent_z', source: 'goodwill' });
    });
    expect(own).toEqual([
      expect.stringMatching(/^ent_z: granted, but pur_\w+ already had its duration with ent_\w+$/),
    ]);
    expect(checks).toEqual([]);
  });
});

describe('The run as a whole', () => {
  test('same seed, same trace: the log of a process depends on how often it ran before', async () => {
    let runs = 0;
    const overrides: DependencyOverrides = {
      platform: (ports) => {
        runs += 1;
        ports.log.info('test.counted', { runs });
        return ports;
      },
    };
    const { run, broken } = await judge(schedule, { twice: true, overrides });
    expect(broken?.rule).toBe('same seed, same trace');
    expect(run?.violations).toEqual([]);
    expect((await judge(schedule, { overrides })).broken).toBeNull();
  });

  test('run completes: the wiring of a run throws', async () => {
    const fail = (): never => {
      throw new Error('cannot be wired');
    };
    const catalogue = {
      ...(await import('../../simulator/virtual-system/shipped-files.ts')).shippedCatalogue(),
      services: fail,
    };
    const { run, broken } = await judge(schedule, { catalogue });
    expect(run).toBeNull();
    expect(broken?.rule).toBe('run completes');
    expect(broken?.sentence).toContain('cannot be wired');
  });
});
