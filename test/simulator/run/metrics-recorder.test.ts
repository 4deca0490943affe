import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { evidenceLines } from '../../../simulator/reports/evidence-log.ts';
import { openMetricsText } from '../../../simulator/reports/metrics-text.ts';
import { metricsRecorder } from '../../../simulator/run/metrics-recorder.ts';
import { readScenarioAt } from '../../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';
import { manualClock, settle } from '../../helpers/manual-clock.ts';

it('records a value a scrape; one that is not answered in time, or not at all, is a gap', async () => {
  const clock = manualClock(1_000);
  const answers = [
    () => Promise.resolve('# HELP a_total x\na_total{type="b c"} 1\nd 2.5\n'),
    () => null,
    () => Promise.reject(new Error('the database does not answer')),
    () => new Promise<string>(() => {}),
    () => Promise.resolve('a_total{type="b c"} 4\nlate +Inf\n'),
  ];
  const recorder = metricsRecorder({ clock, everyMs: 100, read: () => answers.shift()?.() ?? null });
  recorder.start();
  for (let scrape = 1; scrape < 5; scrape += 1) await clock.advance(100);
  await settle();
  expect(recorder.stop()).toEqual({
    ...{ startAt: 1_000, everyMs: 100, scrapes: 5 },
    series: new Map([
      ['up', [1, 0, 0, 0, 1]],
      ['a_total{type="b c"}', [1, null, null, null, 4]],
      ['d', [2.5, null, null, null, null]],
      ['late', [null, null, null, null, Number.POSITIVE_INFINITY]],
    ]),
  });
  await clock.advance(1_000);
  expect(clock.pending()).toEqual([]);
});

it('is written as OpenMetrics with the labels of a scrape and instants in seconds', () => {
  const series = new Map([
    ['up', [1, 0]],
    ['a_total{type="b"}', [null, 3]],
  ]);
  expect(openMetricsText({ startAt: 1_500, everyMs: 30_000, scrapes: 2, series })).toBe(
    [
      'a_total{job="fleetwake",instance="platform",type="b"} 3 31.5',
      'up{job="fleetwake",instance="platform"} 1 1.5',
      'up{job="fleetwake",instance="platform"} 0 31.5',
      '# EOF',
      '',
    ].join('\n'),
  );
});

it('changes nothing in the run that it records, and counts what the run did', async () => {
  const file = new URL('../../../ops/prometheus/scenarios/refund-refused-fires.yaml', import.meta.url);
  const reading = readScenarioAt(fileURLToPath(file));
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  const { scenario } = reading;
  const linesOf = async (recordsMetrics: boolean) => {
    const { evidence, metrics } = await runScenarioVirtually({ scenario, seed: 1, recordsMetrics });
    const lines = [
      ...evidenceLines(evidence, { world: 'virtual', calledAs: 'x', description: '', versions: {} }),
    ];
    return { lines, last: (series: string) => metrics?.series.get(series)?.at(-1) };
  };
  const [without, recorded] = [await linesOf(false), await linesOf(true)];
  expect(recorded.lines).toEqual(without.lines);
  expect(recorded.last('fleetwake_events_total{type="purchase.created"}')).toBe(6);
});
