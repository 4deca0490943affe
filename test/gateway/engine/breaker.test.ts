import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { breaker, standardBreaker } from '../../../gateway/engine/breaker.ts';
import { standardSettings } from '../../../gateway/engine/engine.ts';
import { isSystemic, systemicCauseOf } from '../../../gateway/engine/systemic-cause.ts';
import { loadActivation } from '../../../gateway/store/activations.ts';
import { closeIncident, listIncidents, openIncidentOf, openPause } from '../../../gateway/store/incidents.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { memoryBus } from '../../../shared/memory/bus.ts';
import { type Log, silentLog } from '../../../shared/ports/log.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import {
  bootEngine,
  newEngine,
  type Outside,
  phaseOf,
  placeOrder,
  recordOf,
  withOutside,
} from '../../helpers/engine-under-test.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

const credentials: Failure = {
  category: 'authorization_failure',
  code: 'credentials_refused',
  message: 'the token endpoint refused the client credentials',
  temporary: false,
  mayHaveSucceeded: false,
};
const busy: Failure = {
  category: 'api_iot_error',
  code: 'http_503',
  message: 'the API IoT answered 503',
  temporary: true,
  mayHaveSucceeded: false,
};
const refused = { ok: false, failure: credentials } as const;

type Call = Parameters<typeof isSystemic>[0][number];
const call = (vin: string, cause: Call['cause'], kind: Call['kind'] = 'read'): Call => ({ vin, kind, cause });
const times = (count: number, make: (index: number) => Call) =>
  Array.from({ length: count }, (_, index) => make(index));

describe('A cause is systemic', () => {
  it.each<[string, Call[], boolean]>([
    [
      'three refused credentials in a row, of one vehicle',
      times(3, () => call('a', 'credentials_refused')),
      true,
    ],
    ['two of them', times(2, () => call('a', 'credentials_refused')), false],
    [
      'not when the reads between went well',
      [call('a', null), call('a', null), call('a', 'credentials_refused', 'configure')],
      false,
    ],
    [
      'when three vehicles in a row are refused the command alone',
      ['a', 'b', 'c'].flatMap((vin) => [call(vin, null), call(vin, 'forbidden', 'configure')]),
      true,
    ],
    ['three unknown vehicles in a row', times(3, (index) => call(`${index}`, 'unknown_vehicles')), true],
    ['not one unknown vehicle, however often', times(9, () => call('a', 'unknown_vehicles')), false],
    [
      'not unknown vehicles with a known one between',
      [
        ...times(2, (index) => call(`${index}`, 'unknown_vehicles')),
        call('k', null),
        call('c', 'unknown_vehicles'),
      ],
      false,
    ],
    [
      'twenty server errors of ten vehicles',
      times(20, (index) => call(`${index % 10}`, 'server_errors')),
      true,
    ],
    ['not of nine', times(40, (index) => call(`${index % 9}`, 'server_errors')), false],
    [
      'not a third of the calls',
      times(60, (index) => call(`${index % 10}`, index % 3 === 2 ? 'server_errors' : null)),
      false,
    ],
    [
      'half of the calls',
      times(40, (index) => call(`${index % 20}`, index % 2 === 1 ? 'unreachable' : null)),
      true,
    ],
  ])('%s', (_, calls, expected) => expect(isSystemic(calls)).toBe(expected));

  it('is named by the failure; what one vehicle or request causes has none', () => {
    const cause = (change: Partial<Failure>) => systemicCauseOf({ ...credentials, ...change });
    expect([
      cause({}),
      cause({ code: 'missing-scope' }),
      cause({ category: 'unknown_vehicle' }),
      cause({ category: 'api_iot_error', code: 'http_503' }),
      cause({ category: 'api_iot_error', code: 'key-in-flight' }),
      cause({ category: 'api_iot_error', code: 'key-mismatch' }),
      cause({ category: 'transient_network' }),
      cause({ category: 'timeout', code: 'transport_busy' }),
      cause({ category: 'vehicle_incompatible' }),
      cause({ category: 'invalid_configuration' }),
    ]).toEqual([
      'credentials_refused',
      'forbidden',
      'unknown_vehicles',
      'server_errors',
      null,
      null,
      'unreachable',
      null,
      null,
      null,
    ]);
  });
});

/** A breaker that is open since 0, and what it logs. */
function opened() {
  const clock = manualClock(0);
  const lines: string[] = [];
  const guard = breaker({
    clock,
    settings: standardBreaker,
    onOpened: ({ cause }) => void lines.push(`opened ${cause}`),
    onClosed: ({ cause }) => void lines.push(`closed ${cause}`),
  });
  for (const one of times(3, () => call('a', 'credentials_refused'))) guard.observe(one);
  return { clock, lines, guard };
}

describe('An open breaker', () => {
  it('lets one activation probe after 30 s, and after each further wait, twice as long up to 2 min', async () => {
    const { clock, lines, guard } = opened();
    expect(guard.incident()).toEqual({
      cause: 'credentials_refused',
      since: 0,
      probeAt: 30_000,
      closesBy: 'any',
      calls: 3,
    });
    expect(guard.admit('act_1')).toBe(30_000);
    const probes: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const at = guard.incident()?.probeAt ?? 0;
      await clock.advance(at - clock.now());
      probes.push(at / 1_000);
      const probe = guard.probeDue();
      if (probe === null) throw new Error('no probe is due');
      guard.grantProbe('act_1', probe);
      expect([guard.probeDue(), guard.admit('act_1'), guard.admit('act_1')]).toEqual([null, null, null]);
      expect(guard.admit('act_2')).toBe(guard.incident()?.probeAt);
      guard.observe(call('a', 'credentials_refused'));
    }
    expect(probes).toEqual([30, 60, 120, 240, 360, 480]);
    expect(lines).toEqual(['opened credentials_refused']);
  });

  it('closes with the first success, and lets the others continue one after the other, faster and faster', async () => {
    const { clock, lines, guard } = opened();
    await clock.advance(30_000);
    guard.observe(call('a', null));
    expect(guard.incident()).toBeNull();
    expect(['act_1', 'act_2', 'act_3', 'act_2'].map((id) => guard.admit(id))).toEqual([
      null,
      30_200,
      30_400,
      30_200,
    ]);
    await clock.advance(6_000);
    expect(['act_2', 'act_3', 'act_4', 'act_5'].map((id) => guard.admit(id))).toEqual([
      null,
      null,
      null,
      36_050,
    ]);
    await clock.advance(30_000);
    expect(guard.admit('act_5')).toBeNull();
    expect(['act_6', 'act_7'].map((id) => guard.admit(id))).toEqual([null, null]);
    expect(lines).toEqual(['opened credentials_refused', 'closed credentials_refused']);
  });

  it('closes by a command alone where reads went well all the time', () => {
    const clock = manualClock(0);
    const guard = breaker({ clock, settings: standardBreaker, onOpened() {}, onClosed() {} });
    for (const vin of ['a', 'b', 'c']) {
      guard.observe(call(vin, null));
      guard.observe(call(vin, 'forbidden', 'configure'));
    }
    guard.observe(call('d', null));
    expect(guard.incident()?.cause).toBe('forbidden');
    guard.observe(call('d', null, 'configure'));
    expect(guard.incident()).toBeNull();
  });
});

/** An API IoT that refuses our credentials until `isBack`. */
function revokedCredential(outside: Outside) {
  const { api } = outside.vehicle;
  const state = { isBack: false };
  const guardOf =
    <Arguments extends unknown[], Result>(real: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> =>
      state.isBack ? real(...given) : (refused as Result);
  Object.assign(api, {
    configure: guardOf(api.configure),
    status: guardOf(api.status),
    health: guardOf(api.health),
    history: guardOf(api.history),
  });
  return state;
}

/** Each incident: its cause, and who closed it. */
const incidentsOf = async ({ database }: Outside) =>
  (await listIncidents(database.reader, { status: 'all', limit: 10, before: null })).map((row) => [
    row.cause,
    row.closed_by,
  ]);

const incidentLines = async ({ database }: Outside) =>
  (
    await database.reader
      .selectFrom('record')
      .select('type')
      .where('type', 'like', 'incident.%')
      .orderBy('seq')
      .execute()
  ).map(({ type }) => type);

const vinOf = (index: number) => makeVin('WVWZZZ1J', 'ZW', index + 1);

describe('A revoked API IoT credential', () => {
  it('fails no purchase and moves no money: 150 activations wait, and all are active after it is back', () =>
    withOutside(async (outside) => {
      const credential = revokedCredential(outside);
      const alarms: string[] = [];
      const log: Log = { info() {}, warn() {}, error: (event) => void alarms.push(event) };
      const engine = await bootEngine(outside, undefined, { log });
      const ids: string[] = [];
      for (let index = 0; index < 150; index += 1) {
        const id = await placeOrder(outside, { id: `act_${index}`, vin: vinOf(index) });
        await engine.begin(id);
        ids.push(id);
      }
      await outside.clock.advance(3_600_000);
      expect(alarms).toEqual(['api_iot.breaker_opened']);
      const open = await openIncidentOf(outside.database.reader);
      expect(open).toMatchObject({ cause: 'credentials_refused', closes_by: 'any', closed_at: null });
      for (const id of ids) {
        const stored = await loadActivation(outside.database.reader, id);
        expect([stored?.activation.phase, stored?.activation.attempts]).toEqual([
          'queued_for_activation',
          [],
        ]);
      }
      credential.isBack = true;
      await outside.clock.advance(5 * 60_000);
      const phases = await Promise.all(ids.map((id) => phaseOf(outside, id)));
      expect(phases.filter((phase) => phase === 'active')).toHaveLength(150);
      expect(outside.tickets).toEqual([]);
      expect(outside.payments.moves.filter((move) => /:(void|refund)/.test(move))).toEqual([]);
      expect(await incidentsOf(outside)).toEqual([['credentials_refused', 'engine']]);
      expect(await incidentLines(outside)).toEqual(['incident.opened', 'incident.closed']);
      await engine.stop();
    }));

  it('ends an activation at its deadline with the money back', () =>
    withOutside(async (outside) => {
      revokedCredential(outside);
      const engine = await bootEngine(outside);
      const id = await placeOrder(outside, { policy: { ...standardPolicy, deadlineMs: 600_000 } });
      await engine.begin(id);
      await outside.clock.advance(700_000);
      expect(await phaseOf(outside, id)).toBe('failed');
      expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
      expect(await recordOf(outside, id)).toContain('activation.rate_limited');
      expect(outside.tickets).toEqual(['act_1']);
      await engine.stop();
    }));
});

describe('Two engine processes', () => {
  it('have one incident and one alarm, probe by turns, and both continue when one of them finds that the cause has ended', () =>
    withOutside(async (outside) => {
      const credential = revokedCredential(outside);
      const alarms: string[] = [];
      const log: Log = { info() {}, warn() {}, error: (event) => void alarms.push(event) };
      const calls: number[] = [];
      const vehicles = { ...outside.vehicle.api };
      const status = vehicles.status;
      vehicles.status = (...given) => {
        calls.push(outside.clock.now());
        return status(...given);
      };
      const settings = { ...standardSettings, sweepEveryMs: 15_000 };
      const first = await bootEngine(outside, undefined, { log, vehicles, settings });
      const second = await bootEngine(outside, undefined, { log, vehicles, settings });
      for (let index = 0; index < 40; index += 1) {
        const id = await placeOrder(outside, { id: `act_${index}`, vin: vinOf(index) });
        await (index % 2 === 0 ? first : second).begin(id);
      }
      await outside.clock.advance(20_000);
      calls.length = 0;
      const openedAt = (await openIncidentOf(outside.database.reader))?.opened_at ?? 0;
      await outside.clock.advance(10 * 60_000);
      // After 30, 60, 120, 240, 360, 480 and 600 s: as often as one process alone would.
      expect(calls.map((at) => Math.round((at - openedAt) / 1_000)).length).toBeLessThanOrEqual(8);
      expect(alarms).toEqual(['api_iot.breaker_opened']);
      expect(await incidentsOf(outside)).toEqual([['credentials_refused', null]]);
      credential.isBack = true;
      await outside.clock.advance(6 * 60_000);
      for (let index = 0; index < 40; index += 1)
        expect(await phaseOf(outside, `act_${index}`)).toBe('active');
      expect(await incidentsOf(outside)).toEqual([['credentials_refused', 'engine']]);
      expect(await incidentLines(outside)).toEqual(['incident.opened', 'incident.closed']);
      await first.stop();
      await second.stop();
    }));

  it('follow an incident from their start on: a restarted engine loses no attempt', () =>
    withOutside(async (outside) => {
      const credential = revokedCredential(outside);
      const first = await bootEngine(outside);
      for (let index = 0; index < 5; index += 1)
        await first.begin(await placeOrder(outside, { id: `act_${index}`, vin: vinOf(index) }));
      await outside.clock.advance(1_000);
      await first.stop();
      let calls = 0;
      const vehicles = { ...outside.vehicle.api };
      const { status } = vehicles;
      vehicles.status = (...given) => {
        calls += 1;
        return status(...given);
      };
      const second = await bootEngine(outside, undefined, { vehicles });
      await second.begin(await placeOrder(outside, { id: 'act_9', vin: vinOf(9) }));
      await outside.clock.advance(20_000);
      expect(calls).toBe(0);
      credential.isBack = true;
      await outside.clock.advance(5 * 60_000);
      expect(await phaseOf(outside, 'act_9')).toBe('active');
      await second.stop();
    }));

  it.each([
    ['this process', 0],
    ['another process', 1],
  ])('continue at once, one after the other, after an operator has ended the incident in %s', (_, inOther) =>
    withOutside(async (outside) => {
      const credential = revokedCredential(outside);
      // Neither finds it out by its sweep.
      const changes = {
        settings: { ...standardSettings, sweepEveryMs: 3_600_000 },
        bus: memoryBus({ clock: outside.clock, log: silentLog }),
      };
      const engine = await bootEngine(outside, undefined, changes);
      for (let index = 0; index < 5; index += 1)
        await engine.begin(await placeOrder(outside, { id: `act_${index}`, vin: vinOf(index) }));
      // Probes come every 2 min by now.
      await outside.clock.advance(10 * 60_000 + 5_000);
      credential.isBack = true;
      const open = await openIncidentOf(outside.database.reader);
      const by = { actor: 'operator:ana', at: outside.clock.now() };
      await outside.database.write((transaction) =>
        closeIncident(transaction, systemIds(), open?.id ?? '', by),
      );
      await (inOther === 1 ? newEngine(outside, undefined, changes) : engine).resume();
      await outside.clock.advance(5_000);
      const phases = await Promise.all([0, 1, 2, 3, 4].map((index) => phaseOf(outside, `act_${index}`)));
      expect(phases).toEqual(phases.map(() => 'waiting_response'));
      await outside.clock.advance(60_000);
      for (let index = 0; index < 5; index += 1)
        expect(await phaseOf(outside, `act_${index}`)).toBe('active');
      expect(await incidentsOf(outside)).toEqual([['credentials_refused', 'operator:ana']]);
      await engine.stop();
    }),
  );
});

const ana = 'operator:ana';
const ids = systemIds();

/** An operator pauses, as `POST /incidents` does. */
const pauseAt = ({ database, clock }: Outside) =>
  database.write((transaction) =>
    openPause(transaction, ids, { actor: ana, at: clock.now(), reason: 'maintenance' }),
  );

describe('An engine that an operator has paused', () => {
  it('sends no command and spends no attempt, however long it takes and also after a restart, and continues when it is resumed', () =>
    withOutside(async (outside) => {
      const lines: string[] = [];
      const log: Log = { ...silentLog, warn: (event) => void lines.push(event) };
      const first = await bootEngine(outside, undefined, { log });
      const pause = await pauseAt(outside);
      await first.pause();
      const orders = Array.from({ length: 5 }, (_, index) => `act_${index}`);
      for (const [index, id] of orders.entries())
        await first.begin(await placeOrder(outside, { id, vin: vinOf(index) }));
      await outside.clock.advance(3_600_000);
      await first.stop();
      const second = await bootEngine(outside, undefined, { log });
      await outside.clock.advance(3_600_000);
      for (const id of orders) {
        const stored = await loadActivation(outside.database.reader, id);
        expect([stored?.activation.phase, stored?.activation.attempts]).toEqual([
          'queued_for_activation',
          [],
        ]);
      }
      const postponed = await outside.database.reader
        .selectFrom('record')
        .select('data')
        .where('type', '=', 'activation.postponed')
        .execute();
      expect(postponed.map(({ data }) => JSON.parse(data).reason)).toEqual(orders.map(() => 'paused'));
      const at = outside.clock.now();
      await outside.database.write((transaction) =>
        closeIncident(transaction, ids, pause?.id ?? '', { actor: ana, at }),
      );
      await second.resume();
      await outside.clock.advance(60_000);
      for (const id of orders) expect(await phaseOf(outside, id)).toBe('active');
      expect(await incidentsOf(outside)).toEqual([['paused', ana]]);
      expect(lines).toEqual(['engine.paused', 'engine.paused', 'engine.resumed']);
      await second.stop();
    }));

  it('takes the result of a command that is under way, and stays paused', () =>
    withOutside(async (outside) => {
      const engine = await bootEngine(outside);
      outside.vehicle.script = ['accepted'];
      const id = await placeOrder(outside);
      await engine.begin(id);
      await outside.clock.advance(1_000);
      await pauseAt(outside);
      await engine.pause();
      const at = outside.clock.now();
      for (const [key, command] of outside.vehicle.commands)
        outside.vehicle.commands.set(key, { ...command, state: 'applied', endedAt: at, clock: at });
      await outside.clock.advance(120_000);
      expect(await phaseOf(outside, id)).toBe('active');
      expect(await incidentsOf(outside)).toEqual([['paused', null]]);
      await engine.stop();
    }));

  it('makes no attempt for a requeued activation that has failed before', () =>
    withOutside(async (outside) => {
      const engine = await bootEngine(outside);
      outside.vehicle.script = [{ ok: false, failure: busy }, 'applied'];
      const id = await placeOrder(outside);
      await engine.begin(id);
      await outside.clock.advance(1_000);
      await pauseAt(outside);
      await engine.pause();
      await outside.clock.advance(600_000);
      await engine.requeue(id);
      await outside.clock.advance(600_000);
      const stored = await loadActivation(outside.database.reader, id);
      expect([stored?.activation.phase, stored?.activation.attempts.length]).toEqual(['waiting_backoff', 1]);
      await engine.stop();
    }));

  it('ends an activation at its deadline with the money back', () =>
    withOutside(async (outside) => {
      const engine = await bootEngine(outside);
      await pauseAt(outside);
      await engine.pause();
      const id = await placeOrder(outside, { policy: { ...standardPolicy, deadlineMs: 600_000 } });
      await engine.begin(id);
      await outside.clock.advance(700_000);
      expect(await phaseOf(outside, id)).toBe('failed');
      expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
      await engine.stop();
    }));
});
