import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedMetrics } from '../../simulator/run/metrics-recorder.ts';
import { readScenarioAt } from '../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../simulator/virtual-system/scenario-run.ts';
import { promtoolFailure } from '../helpers/promtool.ts';

const ops = (path: string) => fileURLToPath(new URL(`../../ops/${path}`, import.meta.url));

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const { panels, annotations } = JSON.parse(readFileSync(ops('grafana/fleetwake.json'), 'utf8')) as Dashboard;
const queries = [
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ...annotations.list.map(({ expr }) => ['annotation', expr] as const),
];
let recorded: RecordedMetrics;

beforeAll(async () => {
  const reading = readScenarioAt(ops('prometheus/scenarios/api-iot-incident-fires.yaml'));
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  const run = await runScenarioVirtually({ scenario: reading.scenario, seed: 1, recordsMetrics: true });
  if (run.metrics === undefined) throw new Error('the run recorded nothing');
  recorded = run.metrics;
});

describe('the dashboard of Grafana', () => {
  it.each(queries)('%s: %s answers on the metrics of a run', async (_, expr) => {
    const asked = expr.replaceAll('$__rate_interval', '5m');
    const metrics = new Set(asked.match(/\bfleetwake_[a-z_]+|\bup\b/g) ?? []);
    const isAnswered = `count(max_over_time((${asked})[1d:30s])) > bool 0`;
    const failure = await promtoolFailure(recorded, { file: ops('prometheus/alerts.yml'), metrics }, [
      { expr: isAnswered, samples: [{ labels: '{}', value: 1 }] },
    ]);
    expect(failure).toBeNull();
  });
});
