import { join } from 'node:path';
import { connect, type NatsConnection, RequestError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { openNatsBus } from '../../../shared/live/nats-bus.ts';
import { openNatsMessenger } from '../../../shared/live/nats-messenger.ts';
import { startNatsServer } from '../../../shared/live/nats-server.ts';
import { fleetAccessOf, serverInboxPrefix } from '../../../shared/live/nats-server-files.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { subjects } from '../../../shared/protocol/subjects.ts';
import { fleetBus } from '../../../simulator/fleet-bus/fleet-bus.ts';
import { type ControlWorld, withControl } from '../../helpers/control-under-test.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

interface BusWorld extends ControlWorld {
  readonly serverUrl: string;
  /** As the account of the tests. */
  readonly client: NatsConnection;
  /** What is said on the subject of a request, and the status of a problem. */
  ask(request: string, body?: unknown): Promise<{ body: unknown; status: string }>;
}

/** One vehicle whose faults are controlled over HTTP and over a nats-server of ours. */
const withBus = (work: (world: BusWorld) => Promise<void>) =>
  withTemporaryFolder(async (folder) => {
    const server = await startNatsServer({ dataFolder: join(folder, 'nats'), log: silentLog });
    const { fleetUrl, url: servers, user, password: pass } = fleetAccessOf(server.url);
    const client = await connect({ servers, user, pass });
    const bus = fleetBus({
      messenger: await openNatsMessenger({ url: fleetUrl, log: silentLog }),
      ...{ prefix: 'fleetwake', clock: wallClock, log: silentLog, startId: 'flt_1', hasTelemetry: false },
    });
    try {
      await withControl(
        async (world) => {
          expect(await bus.serve(world.cars, world.desk)).toBe('answers');
          await work({
            ...world,
            serverUrl: server.url,
            client,
            async ask(request, body) {
              const payload =
                body === undefined ? '' : body instanceof Uint8Array ? body : JSON.stringify(body);
              const subject = `fleetwake.fleet.control.${request}`;
              const reply = await client.request(subject, payload, { timeout: 30_000 });
              const text = reply.string();
              return {
                body: text === '' ? null : JSON.parse(text),
                status: reply.headers?.get('Nats-Service-Error-Code') || 'ok',
              };
            },
          });
        },
        null,
        { observe: bus.observeFaults },
      );
    } finally {
      await bus.stop();
      await client.close();
      await server.stop();
    }
  });

const fault = { name: 'x', layer: 'vehicle', type: 'ecu_busy' };

test('every request has the answer of the HTTP API, and acts on the same faults', () =>
  withBus(async ({ ask, call, vin }) => {
    const previewed = await ask('faults.preview', fault);
    expect(previewed).toEqual({ body: (await call('POST', '/faults/preview', fault)).body, status: 'ok' });
    expect(previewed.body).toEqual({ vehicles: 1, candidates: 1, vins: [vin] });
    const added = await ask('faults.add', fault);
    expect(added.body).toEqual((await call('GET', '/faults/fault-1')).body);
    expect(await ask('faults.get', { id: 'fault-1' })).toEqual(added);
    await call('POST', '/faults', { ...fault, name: 'y' });
    const listed = await ask('faults.list');
    expect(listed).toEqual({ body: (await call('GET', '/faults')).body, status: 'ok' });
    expect(listed.body).toMatchObject({ faults: [{ name: 'x' }, { name: 'y' }] });
    expect(await ask('faults.remove', { id: 'fault-1' })).toEqual({ body: null, status: 'ok' });
    expect(await ask('faults.clear')).toEqual({ body: { removed: 1 }, status: 'ok' });
    expect((await call('GET', '/faults')).body).toEqual({ faults: [] });
    expect(await ask('ping')).toEqual({ body: { vehicles: 1, connected: 1 }, status: 'ok' });
  }));

test('a request that cannot be is refused with the problem of the HTTP API', () =>
  withBus(async ({ ask, call }) => {
    const both = async (request: string, method: string, path: string, body: unknown) => {
      const { status, body: problem } = await call(method, path, body);
      expect(await ask(request, body)).toEqual({ body: problem, status: String(status) });
      return status;
    };
    const unknown = { ...fault, type: 'ofline' };
    const ofNoVehicle = { ...fault, target: { selector: { regions: ['AQ'] } } };
    expect(await both('faults.add', 'POST', '/faults', unknown)).toBe(422);
    expect(await both('faults.add', 'POST', '/faults', ofNoVehicle)).toBe(422);
    expect(await both('faults.preview', 'POST', '/faults/preview', null)).toBe(422);
    const tooLong = { ...fault, name: 'x'.repeat(70_000) };
    expect(await both('faults.add', 'POST', '/faults', tooLong)).toBe(413);
    const { body } = await call('GET', '/faults/fault-9');
    expect(await ask('faults.get', { id: 'fault-9' })).toEqual({ body, status: '404' });
    expect(await ask('faults.remove', { id: 'fault-9' })).toEqual({ body, status: '404' });
  }));

test('hostile payloads get a clear reply, and the fleet answers the next request', () =>
  withBus(async ({ ask }) => {
    const refused = async (request: string, body: unknown) => {
      const { status, body: problem } = await ask(request, body);
      return [status, (problem as { detail: string }).detail];
    };
    const noJson = ['400', 'The body is no JSON. Send a fault as docs/faults.md shows it.'];
    for (const payload of ['', '{', '\u0000', '['.repeat(60_000)])
      expect(await refused('faults.add', new TextEncoder().encode(payload))).toEqual(noJson);
    expect(await refused('faults.add', Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual(noJson);
    const noId = ['422', 'Send the id of the fault: {"id": "fault-1"}.'];
    for (const body of [{}, [], 'fault-1', { id: '' }, { id: 'x'.repeat(65) }, { id: 'f', all: true }])
      expect(await refused('faults.remove', body)).toEqual(noId);
    expect(await refused('faults.wipe', {})).toEqual([
      '404',
      'No request has the subject fleetwake.fleet.control.faults.wipe; send it on one of fleetwake.fleet.control.faults.add, fleetwake.fleet.control.faults.list, fleetwake.fleet.control.faults.get, fleetwake.fleet.control.faults.remove, fleetwake.fleet.control.faults.clear, fleetwake.fleet.control.faults.preview.',
    ]);
    expect(await ask('faults.list')).toEqual({ body: { faults: [] }, status: 'ok' });
  }));

/** Why the server refuses, or `answered`. */
async function tried(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'answered';
  } catch (error) {
    if (error instanceof RequestError && error.isNoResponders()) return 'no program answers';
    return String((error as Error).cause ?? error);
  }
}

test('the account of the tests may use the subjects of the fleet, and reads nothing of the gateway', () =>
  withBus(async ({ client, serverUrl }) => {
    const gateway = await openNatsBus({ url: serverUrl, inboxPrefix: serverInboxPrefix, log: silentLog });
    try {
      const request = (subject: string) => client.request(subject, '', { timeout: 3_000 });
      for (const subject of [
        '$JS.API.STREAM.NAMES',
        '$JS.API.CONSUMER.CREATE.FLEETWAKE_EVENTS',
        '$JS.API.STREAM.MSG.GET.FLEETWAKE_EVENTS',
        '$JS.API.STREAM.DELETE.FLEETWAKE_WAKEUPS',
        'fleetwake.wake.act_1',
        'fleetwake.events.activation.active',
        'fleetwake.fleet.events.vehicle.connected.X',
      ])
        expect(await tried(request(subject))).toContain(`Permissions Violation for Publish to "${subject}"`);
      const overheard: string[] = [];
      const refusedSubscriptions: string[] = [];
      for (const subject of ['>', 'fleetwake.events.>', '$JS.>', '_GATEWAY.>', 'fleetwake.fleet.control.>'])
        client.subscribe(subject, {
          callback: (error, message) => {
            if (error) refusedSubscriptions.push(subject);
            else overheard.push(message.subject);
          },
        });
      client.subscribe('_INBOX.>', {
        callback(_, message) {
          overheard.push(message.subject);
        },
      });
      await until(() => refusedSubscriptions.length === 5, 'the server refuses them');
      // The gateway publishes, and fetches what it published.
      const fetched: string[] = [];
      const consumption = await gateway.consume(
        {
          ...{ stream: 'FLEETWAKE_EVENTS', durable: 'reader', subject: subjects.allEvents },
          ...{ ackWaitMs: 30_000, concurrency: 1 },
        },
        async ({ payload, ack }) => {
          fetched.push(payload);
          ack();
        },
      );
      await gateway.publish(subjects.event('activation.active'), 'secret');
      await until(() => fetched.length === 1, 'the gateway has its event');
      await consumption.stop();
      await client.flush();
      expect(overheard).toEqual([]);
    } finally {
      await gateway.close();
    }
  }));

test('a request whose reply is to come on another subject than an inbox is not answered: no wake-up is made up, no stream purged', () =>
  withBus(async ({ client, ask, serverUrl }) => {
    const bus = await openNatsBus({ url: serverUrl, inboxPrefix: serverInboxPrefix, log: silentLog });
    const { username: user, password: pass, host } = new URL(serverUrl);
    const gateway = await connect({ servers: host, user, pass });
    try {
      await bus.publish(subjects.event('activation.active'), 'kept');
      const stored = async (stream: string) => {
        const info = await gateway.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: 30_000 });
        return info.json<{ state: { messages: number } }>().state.messages;
      };
      for (const reply of [
        'fleetwake.wake.act_x',
        'fleetwake.events.activation.failed',
        '$JS.API.STREAM.PURGE.FLEETWAKE_EVENTS',
        '$JS.API.STREAM.DELETE.FLEETWAKE_WAKEUPS',
      ])
        client.publish('fleetwake.fleet.control.faults.clear', '', { reply });
      // Answered after those before it.
      expect((await ask('faults.list')).status).toBe('ok');
      expect([await stored('FLEETWAKE_WAKEUPS'), await stored('FLEETWAKE_EVENTS')]).toEqual([0, 1]);
    } finally {
      await gateway.close();
      await bus.close();
    }
  }));

test('events reach the account of the tests as they happen', () =>
  withBus(async ({ client, ask }) => {
    const heard: { type: string; data: { type: string } }[] = [];
    client.subscribe('fleetwake.fleet.events.>', {
      callback(_, message) {
        heard.push(message.json());
      },
    });
    await client.flush();
    await ask('faults.add', fault);
    await ask('faults.clear');
    await until(() => heard.length === 2, 'both came');
    expect(heard.map(({ type, data }) => [type, data.type])).toEqual([
      ['fleetwake.fault.added', 'ecu_busy'],
      ['fleetwake.fault.removed', 'ecu_busy'],
    ]);
  }));
