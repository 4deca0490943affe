import { expect, it } from 'vitest';
import { clockSkews } from '../../../gateway/engine/clock-skew.ts';
import { vehicleApi } from '../../../gateway/engine/vehicle-api.ts';
import type { LogFields } from '../../../shared/ports/log.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { vehicleAnswers } from './vehicle-answers.ts';

function watched() {
  const lines: (readonly [string, LogFields | undefined])[] = [];
  const write = (event: string, fields?: LogFields) => void lines.push([event, fields]);
  return { lines, skews: clockSkews({ info: write, warn: write, error: write }) };
}

it('warns once of a vehicle whose clock is more than a minute off, before it refuses commands, and again after it was right', () => {
  const { lines, skews } = watched();
  for (const skewMs of [60_000, 60_001, 90_000, null, 0, -61_000]) skews.heard('A', skewMs);
  expect(lines).toEqual([
    ['vehicle.clock_differs', { vin: 'A', skewMs: 60_001 }],
    ['vehicle.clock_differs', { vin: 'A', skewMs: -61_000 }],
  ]);
  expect(skews.summary()).toEqual({ beyond: 1, largestMs: 61_000 });
});

it('says that it is our own clock that is wrong where most vehicles differ in one direction', () => {
  const { lines, skews } = watched();
  skews.heard('A', 120_000);
  skews.heard('B', 10);
  skews.heard('C', 130_000);
  skews.heard('D', 140_000);
  expect(lines.slice(2)).toEqual([
    ['vehicles.own_clock_differs', { vehicles: 2, of: 3, skewMs: 130_000 }],
    ['vehicle.clock_differs', { vin: 'D', skewMs: 140_000 }],
  ]);
});

it('does not blame our own clock for vehicles that differ in both directions', () => {
  const { lines, skews } = watched();
  skews.heard('A', 120_000);
  skews.heard('B', -120_000);
  skews.heard('C', 0);
  skews.heard('D', 0);
  expect(lines.map(([event]) => event)).toEqual(['vehicle.clock_differs', 'vehicle.clock_differs']);
});

it('receives each status that the engine reads', async () => {
  const { lines, skews } = watched();
  const vin = '11111111111111111';
  const { twin } = vehicleAnswers(vin);
  const origin = 'https://iot.example';
  const vehicles = vehicleApi({
    clock: manualClock(),
    clockSkews: skews,
    origin,
    clientId: 'engine',
    clientSecret: 's',
    http: async (request) =>
      Response.json(
        request.url.endsWith('/oauth/token') ? { access_token: 't' } : { ...twin, clockSkewMs: 300_000 },
      ),
  });
  await vehicles.status(vin);
  expect(lines).toEqual([['vehicle.clock_differs', { vin, skewMs: 300_000 }]]);
});
