import { expect, test } from 'vitest';
import { until } from '../../helpers/until.ts';
import { withFaultWorld, worlds } from './fault-world.ts';

const path = 'Vehicle.Connectivity.Cellular.RSRP';

/** What a vehicle reports every second of its time, which runs 100 times as fast; `off` and `on` are its connection. */
async function reported(fault: object, count: number): Promise<readonly (number | 'off' | 'on')[]> {
  const series: (number | 'off' | 'on')[] = [];
  await withFaultWorld(
    worlds.virtual,
    async ({ add }) => {
      series.length = 0;
      add(fault);
      await until(() => series.length >= count, 'it has reported');
    },
    60,
    ({ type, data }) => {
      if (type === 'telemetry.reported') series.push(Number(data.signals[path]));
      if (type === 'vehicle.disconnected') series.push('off');
      if (type === 'vehicle.connected') series.push('on');
    },
    { telemetryMs: 10, timeScale: 0.01 },
  );
  return series;
}

test('falls before a window in which a fault takes the vehicle off the network, and recovers after it', async () => {
  const fault = { layer: 'link', type: 'offline', schedule: { afterMs: 600, forMs: 200 } };
  const series = await reported(fault, 100);
  const [off, on] = [series.indexOf('off'), series.indexOf('on')];
  expect([off > 30, on - off]).toEqual([true, 1]);
  const numbers = series.map(Number);
  const [early, before, after, late] = [off - 40, off - 1, on + 1, on + 35].map((at) => numbers[at] ?? 0);
  expect(before).toBeLessThan(-118);
  expect(after).toBeLessThan(-115);
  expect(early).toBeGreaterThan((before ?? 0) + 10);
  expect(late).toBeGreaterThan((after ?? 0) + 10);
});

test('is low while a fault makes the connection lossy', async () => {
  const fault = {
    layer: 'link',
    type: 'packet_loss',
    attributes: { lossRate: 0.2 },
    schedule: { afterMs: 100 },
  };
  const numbers = (await reported(fault, 60)).map(Number);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(numbers.slice(0, 8)) - mean(numbers.slice(12, 20))).toBeGreaterThan(8);
});
