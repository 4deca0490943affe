import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Parser } from '@asyncapi/parser';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { cloudEventOf } from '../../../gateway/engine/event-relay.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import {
  commandResultSchema,
  configureCommandSchema,
  telemetrySchema,
  vehicleStatusSchema,
} from '../../../shared/protocol/device-messages.ts';
import { faultRequests, fleetSubjects } from '../../../shared/protocol/fleet-subjects.ts';
import { streams, subjects } from '../../../shared/protocol/subjects.ts';
import { topics } from '../../../shared/protocol/topics.ts';
import { openInProcess, passwordOf, service, vinA, withBroker } from '../../helpers/broker-under-test.ts';
import { until } from '../../helpers/until.ts';

const asyncapi = readFileSync(new URL('../../../docs/asyncapi.yaml', import.meta.url), 'utf8');
const words = readFileSync(new URL('../../../docs/mqtt.md', import.meta.url), 'utf8');

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

/** The code blocks of docs/mqtt.md under a mark. */
function blocks(mark: string): string[] {
  const pattern = new RegExp(`<!-- ${mark} -->\\n\`\`\`[a-z]+\\n([^]*?)\\n\`\`\``, 'g');
  return [...words.matchAll(pattern)].map((match) => match[1] ?? '');
}

describe('docs/asyncapi.yaml', () => {
  const document = parse(asyncapi) as {
    channels: Record<'wakeUp' | 'event', { address: string | null; description: string }>;
    components: { schemas: Record<'RecordedEvent' | 'FleetEvent' | 'PlacedFault', JsonSchema> };
  };

  test('is a valid AsyncAPI 3 document', async () => {
    const { diagnostics } = await new Parser().parse(asyncapi);
    // 0 is an error, 1 a warning; information about a newer AsyncAPI version is neither.
    expect(diagnostics.filter((item) => item.severity <= 1)).toEqual([]);
  });

  test('names the topics and subjects of the code', () => {
    const fleet = fleetSubjects('fleetwake');
    expect(Object.values(document.channels).flatMap(({ address }) => address ?? [])).toEqual([
      topics.configure('{vin}'),
      topics.result('{vin}'),
      topics.status('{vin}'),
      topics.telemetry('{vin}'),
      subjects.wakeUp('{activationId}'),
      subjects.event('{type}'),
      fleet.event('{type}', '{key}'),
      fleet.telemetry('{vin}'),
      ...faultRequests.map((request) => fleet.fault(request)),
      fleet.ping,
    ]);
    expect(document.channels.wakeUp.description).toContain(streams.wakeUps.name);
    expect(document.channels.event.description).toContain(streams.events.name);
  });

  test('has the schemas that the code checks with', () => {
    const { RecordedEvent: _, FleetEvent: __, PlacedFault: ___, ...rest } = document.components.schemas;
    const schemas: Record<string, unknown> = rest;
    const expected = {
      ConfigureCommand: configureCommandSchema,
      CommandResult: commandResultSchema,
      VehicleStatus: vehicleStatusSchema,
      Telemetry: telemetrySchema,
    };
    for (const [name, schema] of Object.entries(expected)) {
      const { $schema, ...json } = z.toJSONSchema(schema, { io: 'input' });
      expect(schemas[name]).toEqual(json);
    }
    expect(Object.keys(schemas)).toEqual(Object.keys(expected));
  });

  test('describes the event that the platform makes', () => {
    const event: unknown = JSON.parse(
      cloudEventOf({
        seq: 1,
        id: 'rec_1',
        at: 0,
        type: 'activation.active',
        purchase_id: 'pur_1',
        activation_id: 'act_1',
        actor: 'engine',
        data: '{}',
      }),
    );
    const schema = z.fromJSONSchema(document.components.schemas.RecordedEvent);
    expect(schema.parse(event)).toEqual(event);
    expect(event).toMatchObject({ source: '/fleetwake/platform', type: 'fleetwake.activation.active' });
  });
});

describe('docs/mqtt.md', () => {
  test.each([
    ['command', configureCommandSchema, 1],
    ['result', commandResultSchema, 1],
    ['status', vehicleStatusSchema, 2],
    ['telemetry', telemetrySchema, 1],
  ] as const)('shows %s messages of the shape that is checked', (mark, schema, count) => {
    const examples = blocks(mark).map((text) => JSON.parse(text) as unknown);
    expect(examples.map((example) => schema.parse(example))).toEqual(examples);
    expect(examples.length).toBe(count);
  });

  test('plays a vehicle with mosquitto_sub and mosquitto_pub', async () => {
    await withBroker(async ({ broker }) => {
      const heard: [topic: string, payload: unknown][] = [];
      const api = await openInProcess(broker, '', {
        clientId: 'api-iot',
        ...service,
        onMessage({ topic, payload }) {
          const message = JSON.parse(payload) as { online?: boolean };
          // The page says why: `mosquitto_sub -C 1` may end with its will.
          if (message.online !== false) heard.push([topic, message]);
        },
      });
      await api.subscribe(['vehicles/+/evt/result', 'vehicles/+/evt/status', 'vehicles/+/telemetry']);
      const script = ['set -e', ...blocks('by hand')].join('\n');
      const playing = promisify(execFile)('bash', ['-c', script], {
        env: {
          ...process.env,
          VIN: vinA,
          TOKEN: passwordOf(vinA),
          HOST: '127.0.0.1',
          PORT: String(broker.port),
        },
      });
      await until(() => heard.length === 1, 'it says that it is here');
      const payload = JSON.stringify({
        id: 'cmd_1',
        vin: vinA,
        features: [{ feature: 'heated_seats', target: 'active', version: 7 }],
        sentAt: wallClock.now(),
        expiresAt: wallClock.now() + 60_000,
      });
      await api.publish({ topic: topics.configure(vinA), payload, qos: 1, retain: false });
      await playing;
      await until(() => heard.some(([topic]) => topic === topics.telemetry(vinA)), 'the last one came');
      expect(heard.map(([topic]) => topic)).toEqual([
        topics.status(vinA),
        topics.result(vinA),
        topics.status(vinA),
        topics.telemetry(vinA),
      ]);
      const [first, result, second, telemetry] = heard.map(([, message]) => message);
      expect(vehicleStatusSchema.parse(first).features).toEqual([
        { feature: 'heated_seats', state: 'dormant', version: 0 },
      ]);
      expect(commandResultSchema.parse(result)).toMatchObject({
        commandId: 'cmd_1',
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 7 }],
      });
      expect(vehicleStatusSchema.parse(second).features).toEqual([
        { feature: 'heated_seats', state: 'active', version: 7 },
      ]);
      expect(telemetrySchema.parse(telemetry).signals['Vehicle.LowVoltageSystemState']).toBe('LOCK');
    });
  });
});
