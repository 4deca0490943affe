import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { eventFigures } from '../../../gateway/platform/event-figures.ts';

async function samplesOf(figures: ReturnType<typeof eventFigures>): Promise<string[]> {
  const registry = new Registry();
  for (const metric of figures.metrics) registry.registerMetric(metric);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('counts published events by type, from zero, and the time to active of each activation', async () => {
  const figures = eventFigures();
  const before = await samplesOf(figures);
  expect(before).toContain('fleetwake_events_total{type="activation.failed"} 0');
  expect(before).toContain('fleetwake_time_to_active_seconds_count 0');
  figures.count([
    { type: 'activation.active', data: JSON.stringify({ afterMs: 4_000 }) },
    { type: 'activation.active', data: JSON.stringify({ afterMs: 7_200_000 }) },
    // Of a release that did not measure it.
    { type: 'activation.active', data: '{}' },
    { type: 'activation.failed', data: '{}' },
  ]);
  const after = (await samplesOf(figures)).filter((line) => !before.includes(line));
  expect(after).toEqual([
    'fleetwake_events_total{type="activation.active"} 3',
    'fleetwake_events_total{type="activation.failed"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="5"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="15"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="60"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="300"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="900"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="1800"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="3600"} 1',
    'fleetwake_time_to_active_seconds_bucket{le="7200"} 2',
    'fleetwake_time_to_active_seconds_bucket{le="14400"} 2',
    'fleetwake_time_to_active_seconds_bucket{le="43200"} 2',
    'fleetwake_time_to_active_seconds_bucket{le="86400"} 2',
    'fleetwake_time_to_active_seconds_bucket{le="+Inf"} 2',
    'fleetwake_time_to_active_seconds_sum 7204',
    'fleetwake_time_to_active_seconds_count 2',
  ]);
});
