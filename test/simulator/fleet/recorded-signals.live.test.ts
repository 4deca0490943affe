import { describe, expect, test } from 'vitest';
import { readModelFile } from '../../../simulator/models/model-file.ts';
import { until } from '../../helpers/until.ts';
import { withFaultWorld, worlds } from './fault-world.ts';

const path = 'Vehicle.Speed';
const text = `id: delta-2027
vin: "WFWDLT4E*VD######"
firmware: "1.0.0"
battery: { capacityKwh: 60, kwhPerKm: 0.17 }
features: [{ id: massage_seats }]
signals:
  - { path: ${path}, type: float, unit: km/h, generator: { from: recorded, file: drive.csv, atEnd: hold } }
`;
const drive = [10, 20, 30, 40, 50].map((speed) => `current,${path},${speed},1`);
const csv = ['field,signal,value,delay', ...drive, ''].join('\n');

function deltaModel() {
  const reading = readModelFile(text, 'delta.yaml', (name) => ({ path: name, text: csv }));
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  return reading.model;
}

/** The speeds that a vehicle reports until it first reports the last of the recording; its time runs 10 times as fast. */
async function reported(open: (typeof worlds)['live']): Promise<unknown[]> {
  const series: unknown[] = [];
  await withFaultWorld(
    open,
    () => until(() => series.includes(50), 'the recording is over'),
    60,
    ({ type, data }) => {
      if (type === 'telemetry.reported') series.push(data.signals[path]);
    },
    { telemetryMs: 50, timeScale: 0.1, model: deltaModel() },
  );
  return series.slice(0, series.indexOf(50) + 1);
}

describe('a recorded file', () => {
  test('is played in virtual time, the same series each time', async () => {
    const first = await reported(worlds.virtual);
    expect(first).toEqual([10, 10, 20, 20, 30, 30, 40, 40, 50]);
    expect(await reported(worlds.virtual)).toEqual(first);
  });

  test('is played by a vehicle on real parts, in its order', async () => {
    const shown = (await reported(worlds.live)).map(Number);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(shown.every((speed) => [10, 20, 30, 40, 50].includes(speed))).toBe(true);
  });
});
