import { describe, expect, it } from 'vitest';
import { findCredentialDigest } from '../../../gateway/api-iot/store/vehicles.ts';
import type { VehicleTwin } from '../../../shared/protocol/api-iot.ts';
import type { ConfigureCommand } from '../../../shared/protocol/device-messages.ts';
import { topics } from '../../../shared/protocol/topics.ts';
import { type Bench, otherVin, vin, withApiIot } from '../../helpers/api-iot.ts';
import { until } from '../../helpers/until.ts';

const start = 1_800_000_000_000;

const json = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
const twinOf = (bench: Bench) => json<VehicleTwin>(bench.call('GET', `/vehicle/${vin}/status`));
const healthOf = (bench: Bench) => json<Record<string, unknown>>(bench.call('GET', `/vehicle/${vin}/health`));

function first(commands: readonly ConfigureCommand[]): ConfigureCommand {
  const command = commands[0];
  if (command === undefined) throw new Error('no command was published');
  return command;
}

/** Parts left out by reason, those that happened. */
const leftOut = (bench: Bench) =>
  Object.fromEntries(Object.entries(bench.api.counters().partsLeftOut).filter(([, count]) => count > 0));

/** Refusals by reason, those that happened. */
const refused = (bench: Bench) =>
  Object.fromEntries(Object.entries(bench.api.counters().refusedMessages).filter(([, count]) => count > 0));

describe("a vehicle's answer", () => {
  it('ends the command and moves the reported state', () =>
    withApiIot(async (bench) => {
      await bench.status({
        model: 'alpha',
        firmware: '1.2',
        features: [
          { feature: 'heated_seats', state: 'dormant', version: 0 },
          { feature: 'lights', state: 'dormant', version: 0 },
        ],
      });
      const { id } = await bench.accept();
      expect((await healthOf(bench)).pendingCommands).toBe(1);
      await bench.clock.advance(400);
      await bench.answer(first(bench.commands()));
      expect(await bench.history(id)).toMatchObject({
        state: 'applied',
        endedAt: start + 400,
        late: false,
        clock: start + 407,
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 1 }],
      });
      expect(await twinOf(bench)).toEqual({
        vin,
        online: true,
        lastSeenAt: start + 400,
        model: 'alpha',
        firmware: '1.2',
        clockSkewMs: 7,
        desired: [{ feature: 'heated_seats', state: 'active', version: 1 }],
        reported: [
          { feature: 'heated_seats', state: 'active', version: 1 },
          { feature: 'lights', state: 'dormant', version: 0 },
        ],
        telemetry: {},
        telemetryAt: null,
      });
      expect((await healthOf(bench)).pendingCommands).toBe(0);
    }));

  it.each([
    ['applied', 'applied'],
    ['already_active', 'applied'],
    ['already_dormant', 'failed'],
    ['rejected', 'rejected'],
    ['expired', 'expired'],
    ['failed', 'failed'],
  ] as const)('the result %s of a vehicle makes its command %s', (outcome, state) =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept();
      await bench.answer(first(bench.commands()), outcome);
      expect((await bench.history(id)).state).toBe(state);
    }),
  );

  it('is believed once: a repeat and a second, different answer change nothing', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept();
      const command = first(bench.commands());
      await bench.answer(command);
      const before = await bench.history(id);
      await bench.answer(command);
      await bench.answer(command, 'failed');
      expect(await bench.history(id)).toEqual(before);
      expect(refused(bench)).toEqual({});
    }));

  it('that comes after the time-out is kept as late, moves the twin, and the command is applied after all', () =>
    withApiIot(async (bench) => {
      await bench.status({ features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }] });
      const { id } = await bench.accept();
      await bench.clock.advance(299_999);
      expect((await bench.history(id)).state).toBe('accepted');
      await bench.clock.advance(1);
      expect(await bench.history(id)).toMatchObject({
        state: 'timed_out',
        endedAt: start + 300_000,
        results: null,
      });
      await bench.clock.advance(5_000);
      await bench.answer(first(bench.commands()));
      expect(await bench.history(id)).toMatchObject({
        state: 'applied',
        late: true,
        endedAt: start + 305_000,
      });
      expect((await twinOf(bench)).reported).toEqual([
        { feature: 'heated_seats', state: 'active', version: 1 },
      ]);
    }));

  it('to an older command does not take the twin back', () =>
    withApiIot(async (bench) => {
      await bench.status({ features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }] });
      await bench.accept();
      await bench.accept({
        body: { reference: 'r', features: [{ feature: 'heated_seats', target: 'dormant' }] },
      });
      const [enable, disable] = bench.commands();
      if (enable === undefined || disable === undefined) throw new Error('two commands were expected');
      await bench.answer(disable);
      await bench.answer(enable);
      expect((await twinOf(bench)).reported).toEqual([
        { feature: 'heated_seats', state: 'dormant', version: 2 },
      ]);
    }));
});

describe('input that is refused', () => {
  it('is counted by reason and harms nothing', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept();
      const command = first(bench.commands());
      const result = {
        commandId: id,
        vin,
        clock: start,
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 1 }],
      };
      const { link } = bench;
      await link.bring('vehicles/x', {});
      await link.bring(topics.result(vin), '{');
      await link.bring(topics.result(vin), `"${'x'.repeat(70_000)}"`);
      await link.bring(topics.result(vin), { ...result, results: 'applied' });
      await link.bring(topics.result(vin), { ...result, vin: otherVin });
      await link.bring(topics.result(otherVin), { ...result, vin: otherVin });
      await link.bring(topics.result(vin), { ...result, commandId: 'cmd_none' });
      await link.bring(topics.status('11111111111111111'), {
        vin: '11111111111111111',
        online: true,
        clock: 1,
      });
      await link.bring(topics.configure(vin), result);
      await bench.answer(command, 'applied', 0);
      await bench.answer(command, 'superseded', 1);
      expect(refused(bench)).toEqual({
        unknown_topic: 2,
        not_json: 1,
        too_large: 1,
        wrong_shape: 1,
        wrong_vin: 1,
        foreign_command: 1,
        unknown_command: 1,
        unknown_vehicle: 1,
        wrong_version: 2,
      });
      expect(bench.lines.filter(({ event }) => event === 'api_iot.message_refused')).toHaveLength(11);
      expect((await bench.history(id)).state).toBe('accepted');
      await bench.answer(command);
      expect((await bench.history(id)).state).toBe('applied');
    }));
});

describe('presence', () => {
  it('follows the status; a last will means offline and does not count as a message of the vehicle', () =>
    withApiIot(async (bench) => {
      await bench.status();
      await bench.clock.advance(60_000);
      await bench.status({ online: false, clock: start });
      expect(await healthOf(bench)).toMatchObject({ online: false, lastSeenAt: start });
      expect((await twinOf(bench)).clockSkewMs).toBe(7);
    }));

  it('returns with the next message of the vehicle where the broker publishes the will of every session, and what waits is sent', () =>
    withApiIot(
      async (bench) => {
        const { link } = bench;
        const telemetry = { vin, clock: start, signals: { 'Vehicle.Speed': 0 } };
        await bench.status();
        const { id } = await bench.accept();
        await bench.status({ online: false });
        expect((await healthOf(bench)).online).toBe(false);
        // Neither a retained message nor one of another shape shows that the vehicle is there.
        await link.bring(topics.telemetry(vin), telemetry, true);
        await link.bring(topics.telemetry(vin), '{');
        expect((await healthOf(bench)).online).toBe(false);
        await link.bring(topics.telemetry(vin), telemetry);
        await bench.clock.advance(0);
        expect((await healthOf(bench)).online).toBe(true);
        expect(bench.commands().map((command) => command.id)).toEqual([id, id]);
        await bench.status({ online: false });
        await bench.answer(first(bench.commands()));
        expect((await healthOf(bench)).online).toBe(true);
      },
      { hasWillsOfAllSessions: true },
    ));

  it('telemetry does not make a vehicle online again where the broker publishes a will only for its main session', () =>
    withApiIot(async (bench) => {
      await bench.status();
      await bench.status({ online: false });
      await bench.link.bring(topics.telemetry(vin), { vin, clock: start, signals: { 'Vehicle.Speed': 0 } });
      expect((await healthOf(bench)).online).toBe(false);
    }));

  it('a retained status sets the presence, but does not lower the version', () =>
    withApiIot(async (bench) => {
      const features = [{ feature: 'heated_seats', state: 'dormant', version: 0 }];
      await bench.status({ features });
      await bench.accept();
      await bench.answer(first(bench.commands()));
      await bench.status({ features, online: false }, true);
      const twin = await twinOf(bench);
      expect([twin.online, twin.reported]).toEqual([
        false,
        [{ feature: 'heated_seats', state: 'active', version: 1 }],
      ]);
      await bench.status({ features });
      expect((await twinOf(bench)).reported).toEqual(features);
    }));
});

describe('a command whose message may have been lost is sent again', () => {
  const ids = (bench: Bench) => bench.commands().map((command) => command.id);

  it('when its vehicle comes online, once each time', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept();
      await bench.status();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([id, id]);
      await bench.status();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([id, id]);
      await bench.status({ online: false });
      await bench.status();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([id, id, id]);
      await bench.answer(first(bench.commands()));
      await bench.status({ online: false });
      await bench.status();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([id, id, id]);
    }));

  it('when the link to the broker comes back, also what was accepted meanwhile', () =>
    withApiIot(async (bench) => {
      await bench.status();
      const before = await bench.accept();
      bench.link.down();
      const during = await bench.accept({ vin: otherVin });
      expect(ids(bench)).toEqual([before.id]);
      bench.link.up(false);
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([before.id, before.id, during.id]);
      await bench.status();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([before.id, before.id, during.id, before.id]);
      expect(bench.link.subscribed).toHaveLength(2);
    }));

  it('when the link comes back once more while that is still under way', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept();
      let release = () => {};
      bench.link.onPublish = () =>
        new Promise((resolve) => {
          release = resolve;
        });
      bench.link.up();
      await bench.clock.advance(0);
      bench.link.up();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([id, id]);
      bench.link.onPublish = () => undefined;
      release();
      await bench.clock.advance(0);
      expect(ids(bench)).toEqual([id, id, id]);
    }));

  it('when the service starts again, unless its time is over', () =>
    withApiIot(async (bench) => {
      const old = await bench.accept();
      await bench.clock.advance(200_000);
      const young = await bench.accept({ vin: otherVin });
      await bench.api.stop();
      await bench.clock.advance(100_000);
      await bench.restart();
      expect(ids(bench)).toEqual([young.id]);
      expect((await bench.history(old.id)).state).toBe('timed_out');
    }));
});

describe('a restart', () => {
  it('forgets neither quota, keys, versions nor time-outs', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept({ headers: { 'idempotency-key': 'k' } });
      for (let count = 1; count < 10; count += 1) await bench.accept();
      await bench.restart();
      expect((await bench.configure()).status).toBe(429);
      const replay = await bench.configure({ headers: { 'idempotency-key': 'k' } });
      expect([replay.status, replay.headers.get('location')]).toEqual([202, `/vehicle/${vin}/history/${id}`]);
      await bench.clock.advance(300_000);
      expect((await bench.history(id)).state).toBe('timed_out');
      await bench.clock.advance(3_300_000);
      expect((await bench.accept()).features).toEqual([
        { feature: 'heated_seats', target: 'active', version: 11 },
      ]);
    }));

  it('marks vehicles as offline that a broker without memory does not know', () =>
    withApiIot(async (bench) => {
      await bench.status();
      bench.link.down();
      bench.link.up(true);
      await until(() => bench.link.subscribed.length === 2, 'subscribed again');
      expect((await healthOf(bench)).online).toBe(true);
      bench.link.down();
      bench.link.up(false);
      await until(() => bench.link.subscribed.length === 3, 'subscribed anew');
      expect((await healthOf(bench)).online).toBe(false);
      await bench.status({}, true);
      expect((await healthOf(bench)).online).toBe(true);
    }));

  it('leaves requests that wait with their 202', () =>
    withApiIot(async (bench) => {
      await bench.call('GET', `/vehicle/${vin}/health`);
      const waiting = bench.configure({ headers: { prefer: 'wait=20' } });
      await bench.clock.advance(0);
      await bench.api.stop();
      expect((await waiting).status).toBe(202);
    }));
});

describe('the history', () => {
  it('is given in pages, newest first, each command once', () =>
    withApiIot(async (bench) => {
      const made: string[] = [];
      for (let count = 0; count < 5; count += 1) made.unshift((await bench.accept()).id);
      const pages: string[][] = [];
      let path = `/vehicle/${vin}/history?limit=2`;
      for (;;) {
        const page = await json<{ commands: { id: string }[]; next: string | null }>(bench.call('GET', path));
        pages.push(page.commands.map(({ id }) => id));
        if (page.next === null) break;
        path = `/vehicle/${vin}/history?limit=2&cursor=${page.next}`;
      }
      expect(pages).toEqual([made.slice(0, 2), made.slice(2, 4), made.slice(4)]);
      const empty = await json<unknown>(bench.call('GET', `/vehicle/${otherVin}/history`));
      expect(empty).toEqual({ vin: otherVin, commands: [], next: null });
    }));
});

describe('telemetry', () => {
  const telemetry = (bench: Bench, signals: Record<string, unknown>) =>
    bench.link.bring(topics.telemetry(vin), { vin, clock: bench.clock.now() + 7, signals });

  it('is readable at once, merges partial messages, and survives a restart', () =>
    withApiIot(async (bench) => {
      await telemetry(bench, { 'Vehicle.Speed': 50, 'Vehicle.Connectivity.Cellular.RSRP': -95 });
      expect((await twinOf(bench)).telemetry).toEqual({
        'Vehicle.Speed': 50,
        'Vehicle.Connectivity.Cellular.RSRP': -95,
      });
      await bench.clock.advance(1_000);
      await telemetry(bench, { 'Vehicle.Speed': 60 });
      await bench.restart();
      expect(await twinOf(bench)).toMatchObject({
        telemetry: { 'Vehicle.Speed': 60, 'Vehicle.Connectivity.Cellular.RSRP': -95 },
        telemetryAt: start + 1_000,
        lastSeenAt: start + 1_000,
        clockSkewMs: 7,
      });
      expect((await healthOf(bench)).signalStrengthDbm).toBe(-95);
    }));

  const signals = (prefix: string, count: number, value = 0) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, value]));

  it('keeps the first 256 signals of a vehicle, takes new values of them, and leaves out and counts the others', () =>
    withApiIot(async (bench) => {
      await telemetry(bench, signals('a', 200));
      await telemetry(bench, signals('b', 100));
      const expected = { ...signals('a', 200), ...signals('b', 56) };
      expect((await twinOf(bench)).telemetry).toEqual(expected);
      expect(leftOut(bench)).toEqual({ signal_limit: 44 });
      await bench.clock.advance(1_000);
      // One new signal on top of 256 costs none of those that are known.
      await telemetry(bench, { ...signals('a', 1, 7), new: 1 });
      await bench.restart();
      expect((await twinOf(bench)).telemetry).toEqual({ ...expected, ...signals('a', 1, 7) });
    }));

  it('keeps 256 of a message of 5,500 signals', () =>
    withApiIot(async (bench) => {
      await telemetry(bench, signals('a', 5_500));
      expect((await twinOf(bench)).telemetry).toEqual(signals('a', 256));
      expect(leftOut(bench)).toEqual({ signal_limit: 5_244 });
      expect(bench.lines.filter(({ event }) => event === 'api_iot.message_parts_left_out')).toEqual([
        {
          level: 'warn',
          event: 'api_iot.message_parts_left_out',
          fields: {
            topic: topics.telemetry(vin),
            count: 5_244,
            parts: Array.from({ length: 8 }, (_, index) => `a${256 + index}`),
          },
        },
      ]);
    }));

  it('keeps the good signals beside one of null, of too long a text, and of too long a name', () =>
    withApiIot(async (bench) => {
      const good = { 'Vehicle.Speed': 50, 'Vehicle.IsMoving': true, __proto__x: 'text', list: ['P0301'] };
      await telemetry(bench, {
        ...good,
        'Vehicle.Powertrain.Range': null,
        text: 'x'.repeat(257),
        ['n'.repeat(129)]: 1,
        nested: { deep: 1 },
      });
      expect((await twinOf(bench)).telemetry).toEqual(good);
      expect(leftOut(bench)).toEqual({ signal_shape: 4 });
      expect(refused(bench)).toEqual({});
    }));

  it('keeps the signals of a message whose clock is no whole number, and takes no skew from it', () =>
    withApiIot(async (bench) => {
      await telemetry(bench, { 'Vehicle.Speed': 50 });
      for (const clock of ['now', null, 1.5]) {
        await bench.link.bring(topics.telemetry(vin), { vin, clock, signals: { 'Vehicle.Speed': 60 } });
      }
      const { telemetry: known, clockSkewMs } = await twinOf(bench);
      expect([known, clockSkewMs]).toEqual([{ 'Vehicle.Speed': 60 }, 7]);
    }));
});

describe('a status that is right in part', () => {
  const feature = (name: string, state: unknown = 'dormant') => ({ feature: name, state, version: 0 });

  it('counts for presence even if the rest of it is wrong', () =>
    withApiIot(async (bench) => {
      await bench.link.bring(topics.status(vin), {
        vin,
        online: true,
        clock: 'noon',
        model: 7,
        firmware: 'x'.repeat(65),
        features: 'none',
      });
      expect(await twinOf(bench)).toMatchObject({
        online: true,
        lastSeenAt: start,
        clockSkewMs: null,
        model: 'alpha',
        firmware: null,
        reported: null,
      });
      expect(leftOut(bench)).toEqual({ status_part: 4 });
      expect(refused(bench)).toEqual({});
    }));

  it('keeps 65 features and a firmware name of 64 characters', () =>
    withApiIot(async (bench) => {
      const features = Array.from({ length: 65 }, (_, index) => feature(`f${index}`));
      await bench.status({ firmware: 'x'.repeat(64), features });
      const { firmware, reported } = await twinOf(bench);
      expect([firmware, reported]).toEqual(['x'.repeat(64), features]);
      expect(leftOut(bench)).toEqual({});
    }));

  it('keeps the first 256 of 300 features', () =>
    withApiIot(async (bench) => {
      const features = Array.from({ length: 300 }, (_, index) => feature(`f${index}`));
      await bench.status({ features });
      expect((await twinOf(bench)).reported).toEqual(features.slice(0, 256));
      expect(leftOut(bench)).toEqual({ status_part: 44 });
    }));

  it('keeps what was known of a feature that cannot be read, and the last firmware', () =>
    withApiIot(async (bench) => {
      await bench.status({
        firmware: '1.2',
        features: [feature('heated_seats', 'active'), feature('lights')],
      });
      await bench.status({
        firmware: 'x'.repeat(65),
        features: [feature('heated_seats', 'on'), feature('lights', 'active'), null],
      });
      const { firmware, reported } = await twinOf(bench);
      expect(firmware).toBe('1.2');
      expect(reported).toEqual([feature('lights', 'active'), feature('heated_seats', 'active')]);
      expect(leftOut(bench)).toEqual({ status_part: 3 });
    }));
});

describe('a result that is right in part', () => {
  it('ends its command though its clock, its reason and its traceparent cannot be read', () =>
    withApiIot(async (bench) => {
      const { id } = await bench.accept();
      const [known] = first(bench.commands()).features;
      await bench.link.bring(topics.result(vin), {
        commandId: id,
        vin,
        clock: 'noon',
        traceparent: 7,
        results: [{ feature: known?.feature, outcome: 'applied', version: 1, reason: 'x'.repeat(300) }],
      });
      expect(await bench.history(id)).toMatchObject({
        state: 'applied',
        clock: null,
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 1, reason: 'x'.repeat(256) }],
      });
      expect(leftOut(bench)).toEqual({ result_part: 3 });
    }));
});

describe('provisioning', () => {
  const vehicle = { vin: '1M8GDM9A0KP042788', model: 'beta', credentialDigest: 'a'.repeat(64) };

  it('accepts a wrong check digit and logs it; a strict service refuses it', async () => {
    await withApiIot(async (bench) => {
      const answer = await bench.call('POST', '/provisioning/vehicles', { body: { vehicles: [vehicle] } });
      expect([answer.status, await answer.json()]).toEqual([200, { provisioned: 1 }]);
      expect(bench.lines.filter(({ event }) => event === 'api_iot.vin_check_digit')).toHaveLength(1);
      const twin = await json<VehicleTwin>(bench.call('GET', `/vehicle/${vehicle.vin}/status`));
      expect([twin.model, twin.reported, twin.online]).toEqual(['beta', null, false]);
    });
    await withApiIot(
      async (bench) => {
        const answer = await bench.call('POST', '/provisioning/vehicles', { body: { vehicles: [vehicle] } });
        expect(answer.status).toBe(422);
        expect(((await answer.json()) as { errors: unknown }).errors).toEqual([
          { in: 'body', pointer: '/vehicles/0/vin', message: 'the check digit is wrong' },
        ]);
      },
      { checkDigit: 'strict' },
    );
  });

  it('takes each row by itself, and names the fate of each where one is refused', () =>
    withApiIot(
      async (bench) => {
        const right = { ...vehicle, vin: '1M8GDM9AXKP042788' };
        const bad = { ...right, vin: 'x', credentialDigest: 'none' };
        const body = { vehicles: [vehicle, right, bad] };
        const answer = await bench.call('POST', '/provisioning/vehicles', { body });
        const { provisioned, results } = (await answer.json()) as {
          provisioned: number;
          results: { pointer: string; id: string | null; status: string; problem?: { detail: string } }[];
        };
        expect([answer.status, provisioned]).toEqual([207, 1]);
        expect(results.map(({ pointer, id, status }) => [pointer, id, status])).toEqual([
          ['/vehicles/0', vehicle.vin, 'refused'],
          ['/vehicles/1', right.vin, 'registered'],
          ['/vehicles/2', null, 'refused'],
        ]);
        expect(results[0]?.problem?.detail).toBe('The VIN has a wrong check digit.');
        expect((await bench.call('GET', `/vehicle/${right.vin}/status`)).status).toBe(200);
        expect((await bench.call('GET', `/vehicle/${vehicle.vin}/status`)).status).toBe(404);
      },
      { checkDigit: 'strict' },
    ));

  /** The credential of a vehicle, by its effect at the broker's look-up. */
  const digestOf = (bench: Bench, of: string) => findCredentialDigest(bench.database, of);
  const claim = (bench: Bench, vehicles: readonly object[], more: object = {}) =>
    bench.call('POST', '/provisioning/vehicles', {
      body: { vehicles, existing: 'refuse', registeredBy: 'fleet B', ...more },
    });

  it('with existing refuse leaves a vehicle with another credential as it is, and names who registered it', () =>
    withApiIot(async (bench) => {
      const mine = { ...vehicle, vin: 'WFWAUR1E4TA100000' };
      const first = { ...vehicle, model: 'alpha' };
      expect((await claim(bench, [first], { registeredBy: 'fleet A' })).status).toBe(200);
      const stolen = { ...vehicle, model: 'beta', credentialDigest: 'b'.repeat(64) };
      const answer = await claim(bench, [stolen, mine]);
      expect([answer.status, await answer.json()]).toEqual([
        207,
        {
          provisioned: 1,
          connected: [],
          results: [
            {
              pointer: '/vehicles/0',
              id: vehicle.vin,
              status: 'refused',
              problem: {
                type: 'urn:fleetwake:problem:vehicle-held',
                title: 'The vehicle is registered with another password',
                status: 409,
                detail: 'The vehicle is registered with another password by fleet A.',
                ...{ vin: vehicle.vin, registeredBy: 'fleet A', online: false, lastSeenAt: null },
              },
            },
            { pointer: '/vehicles/1', id: mine.vin, status: 'registered' },
          ],
        },
      ]);
      expect([await digestOf(bench, vehicle.vin), await digestOf(bench, mine.vin)]).toEqual([
        'a'.repeat(64),
        'a'.repeat(64),
      ]);
      const twin = await json<VehicleTwin>(bench.call('GET', `/vehicle/${vehicle.vin}/status`));
      expect(twin.model).toBe('alpha');
      const alone = await claim(bench, [stolen]);
      const { type, detail } = (await alone.json()) as { type: string; detail: string };
      expect([alone.status, type, detail]).toEqual([
        409,
        'urn:fleetwake:problem:vehicle-held',
        'The vehicle is registered with another password by fleet A. Nothing was registered.',
      ]);
      // Its own credential, and a replacement that was asked for.
      expect((await claim(bench, [{ ...first, model: 'beta' }])).status).toBe(200);
      const body = { vehicles: [stolen] };
      expect((await bench.call('POST', '/provisioning/vehicles', { body })).status).toBe(200);
      expect(await digestOf(bench, vehicle.vin)).toBe('b'.repeat(64));
      const later = await claim(bench, [vehicle]);
      expect(((await later.json()) as { detail: string }).detail).toBe(
        'The vehicle is registered with another password. Nothing was registered.',
      );
    }));

  it('with dryRun answers the same and changes nothing', () =>
    withApiIot(async (bench) => {
      const answer = await claim(bench, [vehicle], { dryRun: true });
      expect([answer.status, await answer.json()]).toEqual([200, { provisioned: 1, connected: [] }]);
      const body = { vehicles: [vehicle], dryRun: true };
      expect(await json(bench.call('POST', '/provisioning/vehicles', { body }))).toEqual({ provisioned: 1 });
      expect(await digestOf(bench, vehicle.vin)).toBe(null);
    }));

  it('with existing refuse names the vehicles that are connected, and when they were heard', () =>
    withApiIot(async (bench) => {
      const credentialDigest = await digestOf(bench, vin);
      const own = { vin, model: 'alpha', credentialDigest };
      await bench.status({ online: true });
      const at = bench.clock.now();
      const body = await json(claim(bench, [own, vehicle], { dryRun: true }));
      expect(body).toEqual({ provisioned: 2, connected: [{ vin, lastSeenAt: at }] });
      const other = await claim(bench, [{ ...own, credentialDigest: 'b'.repeat(64) }], { dryRun: true });
      expect(await other.json()).toMatchObject({ vin, online: true, lastSeenAt: at });
      await bench.status({ online: false });
      expect(await json(claim(bench, [own], { dryRun: true }))).toEqual({ provisioned: 1, connected: [] });
    }));

  it('takes 1,000 vehicles at once, and no more', () =>
    withApiIot(async (bench) => {
      const vehicles = Array.from({ length: 1_001 }, (_, index) => ({
        ...vehicle,
        vin: `1M8GDM9AXKP${String(index).padStart(6, '0')}`,
      }));
      const full = await bench.call('POST', '/provisioning/vehicles', {
        body: { vehicles: vehicles.slice(0, 1_000) },
      });
      expect([full.status, await full.json()]).toEqual([200, { provisioned: 1_000 }]);
      expect((await bench.call('POST', '/provisioning/vehicles', { body: { vehicles } })).status).toBe(422);
    }));
});
