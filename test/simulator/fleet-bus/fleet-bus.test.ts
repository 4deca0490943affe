import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Log } from '../../../shared/ports/log.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { faultDesk } from '../../../simulator/control/fault-desk.ts';
import { faultTargets } from '../../../simulator/control/fault-targets.ts';
import { requestsPerSecondMax } from '../../../simulator/fleet-bus/fault-requests.ts';
import { type FleetBus, fleetBus } from '../../../simulator/fleet-bus/fleet-bus.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { type MemoryMessages, memoryMessages } from '../../helpers/memory-messenger.ts';
import { until } from '../../helpers/until.ts';
import { type FaultWorld, withFaultWorld, worlds } from '../fleet/fault-world.ts';

const at = 1_800_000_000_000;
const document = parse(readFileSync(new URL('../../../docs/asyncapi.yaml', import.meta.url), 'utf8')) as {
  components: { schemas: { FleetEvent: Parameters<typeof z.fromJSONSchema>[0] } };
};
const fleetEvent = z.fromJSONSchema(document.components.schemas.FleetEvent);

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface World extends FaultWorld {
  readonly messages: MemoryMessages;
  /** Subject, without the fleet's own part, and event. */
  events(): readonly (readonly [string, Event])[];
  types(): string[];
  ask(request: string, body: object): unknown;
}

/** One vehicle in virtual time, and a server of messages in memory. */
async function withBus(
  work: (world: World, bus: FleetBus) => Promise<void>,
  { hasTelemetry = false, log = silentLog }: { hasTelemetry?: boolean; log?: Log } = {},
): Promise<void> {
  const messages = memoryMessages();
  const clock = manualClock(at);
  const bus = fleetBus({
    ...{ messenger: messages.connect(), prefix: 'shop', clock, log, startId: 'flt_1', hasTelemetry },
  });
  const events = () =>
    messages.sent.map(
      ({ subject, payload }) =>
        [subject.replace('shop.fleet.', ''), fleetEvent.parse(JSON.parse(payload)) as Event] as const,
    );
  await withFaultWorld(
    worlds.virtual,
    async (world) => {
      const desk = faultDesk({
        ...{ targets: faultTargets(world.cars, null), services: null, clock, random: seededRandom(1) },
        observe: bus.observeFaults,
      });
      await bus.serve(world.cars, desk);
      await work(
        {
          ...world,
          messages,
          events,
          types: () => events().map(([, { type }]) => type.replace('fleetwake.', '')),
          ask: (request, body) =>
            JSON.parse(
              messages.request(`shop.fleet.control.faults.${request}`, JSON.stringify(body))?.payload ||
                'null',
            ),
        },
        bus,
      );
    },
    60,
    bus.observeFleet,
  );
}

describe('the events of a fleet', () => {
  test('are CloudEvents of what the vehicle does, in the order in which it does it', () =>
    withBus(async ({ vin, send, results, events }) => {
      await send('cmd_1', 1);
      await until(() => results().length === 1, 'it has answered');
      const common = {
        ...{ specversion: '1.0', source: '/fleetwake/fleet', subject: vin },
        ...{ time: '2027-01-15T08:00:00.000Z', datacontenttype: 'application/json' },
      };
      const feature = { feature: 'heated_seats', target: 'active', version: 1 };
      const outcome = { feature: 'heated_seats', outcome: 'applied', version: 1 };
      expect(events()).toEqual([
        [
          `events.vehicle.connected.${vin}`,
          {
            ...common,
            ...{ id: 'flt_1-1', type: 'fleetwake.vehicle.connected' },
            data: { vin, model: 'aurora-2026', region: 'DE' },
          },
        ],
        [
          `events.command.received.${vin}`,
          {
            ...common,
            ...{ id: 'flt_1-2', type: 'fleetwake.command.received' },
            data: { vin, commandId: 'cmd_1', features: [feature] },
          },
        ],
        [
          `events.feature.changed.${vin}`,
          {
            ...common,
            ...{ id: 'flt_1-3', type: 'fleetwake.feature.changed' },
            data: {
              ...{ vin, feature: 'heated_seats', state: 'active', version: 1 },
              parameters: { levels: 3, zones: 'front', maxTemperatureCelsius: 42 },
              before: { state: 'dormant', version: 0 },
            },
          },
        ],
        [
          `events.command.applied.${vin}`,
          {
            ...common,
            ...{ id: 'flt_1-4', type: 'fleetwake.command.applied' },
            data: { vin, commandId: 'cmd_1', results: [outcome] },
          },
        ],
      ]);
    }));

  test('name a command that was not applied with its reason, and a result that no cloud receives', () =>
    withBus(async ({ ask, send, events }) => {
      const unit = { name: 'busy', layer: 'vehicle', type: 'ecu_busy', schedule: { first: 1 } };
      ask('add', unit);
      ask('add', { name: 'lost', layer: 'message', type: 'lose_ack' });
      await send('cmd_1', 1);
      await send('cmd_2', 2);
      const answered = () =>
        events().flatMap(([, { type, data }]) =>
          type === 'fleetwake.command.applied' || type === 'fleetwake.command.rejected'
            ? [[type, data.commandId, (data.results as { reason?: string }[])[0]?.reason]]
            : [],
        );
      await until(() => answered().length === 2, 'both are answered');
      expect(answered()).toEqual([
        ['fleetwake.command.rejected', 'cmd_1', 'ecu_busy'],
        ['fleetwake.command.applied', 'cmd_2', undefined],
      ]);
    }));

  test('tell when a fault takes the vehicle off the network, and when it is back', () =>
    withBus(async ({ ask, types, vin, cars }) => {
      ask('add', { name: 'tunnel', layer: 'link', type: 'offline' });
      await until(() => !cars.vehicle(vin).connected, 'it is away');
      ask('remove', { id: 'fault-1' });
      await until(() => types().length === 5, 'it is back');
      expect(types()).toEqual([
        'vehicle.connected',
        'vehicle.disconnected',
        'fault.added',
        'fault.removed',
        'vehicle.connected',
      ]);
      await cars.stop();
      expect(types().slice(5)).toEqual(['vehicle.disconnected']);
    }));

  test('carry the trace of the command', () =>
    withBus(async ({ messages }, bus) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const data = { vin: 'V', commandId: 'c', features: [], traceparent };
      bus.observeFleet({ type: 'command.received', data });
      const { payload } = messages.sent.at(-1) ?? { payload: '' };
      expect(JSON.parse(payload)).toMatchObject({ traceparent, data: { vin: 'V', commandId: 'c' } });
    }));

  test.each([
    [true, ['telemetry.V']],
    [false, []],
  ])('have telemetry on subjects of its own, only where it was asked for: %s', (hasTelemetry, subjects) =>
    withBus(
      async ({ events }, bus) => {
        const before = events().length;
        const signals = { 'Vehicle.Speed': 1 };
        bus.observeFleet({ type: 'telemetry.reported', data: { vin: 'V', clock: at, signals } });
        const reported = events().slice(before);
        expect(reported.map(([subject]) => subject)).toEqual(subjects);
        for (const [, { data }] of reported) expect(data).toEqual({ vin: 'V', clock: at, signals });
      },
      { hasTelemetry },
    ),
  );

  test('are dropped and counted while NATS is away, and the first event afterwards says how many', () => {
    const lines: unknown[] = [];
    const log: Log = {
      ...silentLog,
      warn: (...line) => lines.push(line),
      info: (...line) => lines.push(line),
    };
    return withBus(
      async ({ messages, events }, bus) => {
        const tell = (model: string) =>
          bus.observeFleet({ type: 'vehicle.connected', data: { vin: 'V', model, region: 'DE' } });
        messages.setAway(true);
        tell('a');
        tell('b');
        messages.setAway(false);
        tell('c');
        expect(bus.counts()).toEqual({ published: 3, dropped: 2 });
        expect(events().slice(1)).toEqual([
          [
            'events.events.dropped.fleet',
            expect.objectContaining({
              subject: 'fleet',
              type: 'fleetwake.events.dropped',
              data: { count: 2 },
            }),
          ],
          [
            'events.vehicle.connected.V',
            expect.objectContaining({ data: { vin: 'V', model: 'c', region: 'DE' } }),
          ],
        ]);
        expect(lines).toEqual([
          ['fleet_bus.events_dropped', { reason: 'the server is away' }],
          ['fleet_bus.publishing_resumed', { dropped: 2 }],
        ]);
      },
      { log },
    );
  });
});

describe('requests to control faults', () => {
  test('are refused beyond 200 in a second', () =>
    withBus(async ({ ask }) => {
      const answers = Array.from({ length: requestsPerSecondMax + 2 }, () => ask('list', {}));
      expect(answers.slice(0, 200)).toEqual(Array.from({ length: 200 }, () => ({ faults: [] })));
      expect(answers.slice(200)).toEqual(
        Array.from({ length: 2 }, () => ({
          type: 'urn:fleetwake:problem:unavailable',
          title: 'The service is not available now',
          status: 503,
          detail: 'More than 200 requests came within a second: send this one again a second later.',
        })),
      );
    }));

  test('are answered with a problem where the answer is longer than a message may be', () =>
    withFaultWorld(worlds.virtual, async ({ cars, vin }) => {
      const clock = manualClock(at);
      const desk = faultDesk({
        targets: faultTargets(cars, null),
        services: null,
        clock,
        random: seededRandom(1),
      });
      const messages = memoryMessages();
      const bus = fleetBus({
        ...{ messenger: messages.connect(), prefix: 'shop', clock, log: silentLog },
        ...{ startId: 'flt_1', hasTelemetry: false },
      });
      const view = { id: 'x', record: { name: 'x'.repeat(1_000_000) }, vins: [vin], time: {} };
      await bus.serve(cars, { ...desk, list: () => [view as never] });
      const reply = messages.request('shop.fleet.control.faults.list', '');
      expect(JSON.parse(reply?.payload ?? '')).toEqual({
        type: 'urn:fleetwake:problem:body-too-large',
        title: 'The body is too large',
        status: 413,
        detail:
          'The answer is longer than the 1000000 bytes that a NATS message may have: ask for each fault by its id, or use the HTTP API.',
        limitBytes: 1_000_000,
      });
      expect(reply?.headers).toEqual({
        'Content-Type': 'application/problem+json',
        'Nats-Service-Error-Code': '413',
        'Nats-Service-Error': 'The body is too large',
      });
    }));
});
