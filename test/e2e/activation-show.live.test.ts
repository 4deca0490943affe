import { beforeAll, expect, test } from 'vitest';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

interface Shown {
  readonly traceId: string;
  readonly entries: readonly { readonly at: number; readonly via: string; readonly what: string }[];
}

/** Without what is another one each time. */
const plain = (text: string) =>
  text
    .replaceAll(/cmd_\w+/g, 'CMD')
    .replaceAll(/WFW\w{14}/g, 'VIN')
    .replaceAll(/, at \S+ by its clock/g, '')
    .replaceAll(/in \d+ ms/g, 'in N ms');

test('fleetwake activation show tells one causal line, under the trace id that the vehicle saw', async () => {
  const busyOnce = { type: 'ecu_busy', attributes: { first: 1, feature: null } } as const;
  await withPlatform({ vehicles: [{ faults: [busyOnce] }] }, async (platform) => {
    const { origins, dataFolder, standIns } = platform;
    const { activation } = await buy(platform);
    await until(() => standIns.mailbox.counts().total === 3, 'all mails came');
    const places = [
      '--platform-url',
      origins.platform,
      '--api-iot-url',
      origins.apiIot,
      '--data',
      dataFolder,
    ];
    const shown = await fleetwake(dataFolder, ['activation', 'show', activation.id, ...places, '--json']);
    expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
    const { traceId, entries } = JSON.parse(shown.stdout) as Shown;
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted((a, b) => a - b));
    const line = entries
      .filter(({ via }) => via !== 'notice' && via !== 'payment')
      .map(({ via, what }) => `${via}: ${plain(what)}`);
    expect(line).toEqual([
      'HTTP: POST /purchases: customer-1 buys heated-seats for VIN',
      'engine: payment confirmed',
      'NATS: a wake-up for the engine',
      'HTTP: GET /vehicle/VIN/health and status: online',
      'HTTP: POST /vehicle/VIN/configure, attempt 1',
      'MQTT: CMD on vehicles/VIN/cmd/configure, version 1',
      'HTTP: 202 for attempt 1: CMD',
      'engine: waiting response (attempt 1)',
      'vehicle: failed (ecu busy)',
      'MQTT: CMD on vehicles/VIN/evt/result',
      'engine: checking response (attempt 1)',
      'engine: failure (attempt 1, failed)',
      'engine: evaluating retry (attempt 1)',
      'engine: calculate backoff (300 ms)',
      'NATS: a wake-up for the engine in N ms',
      'HTTP: POST /vehicle/VIN/configure, attempt 2',
      'MQTT: CMD on vehicles/VIN/cmd/configure, version 2',
      'HTTP: 202 for attempt 2: CMD',
      'engine: waiting response (attempt 2)',
      'vehicle: applied',
      'MQTT: CMD on vehicles/VIN/evt/result',
      'engine: checking response (attempt 2)',
      'engine: success (attempt 2)',
      'engine: notifying customer',
      'engine: active',
    ]);
    const others = entries.filter(({ via }) => via === 'payment').map(({ what }) => what);
    expect(others).toEqual(['authorised 14.90 EUR', 'captured 14.90 EUR']);
    const drawn = await fleetwake(dataFolder, ['activation', 'show', activation.id, ...places]);
    expect(drawn.stdout).toContain(`trace ${traceId}, requested `);
    expect(await fleetwake(dataFolder, ['activation', 'show', 'act_nobody', ...places])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'fleetwake: There is no activation act_nobody.\n',
    });
  });
});
