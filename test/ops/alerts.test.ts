import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readScenarioAt } from '../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../simulator/virtual-system/scenario-run.ts';
import { promtoolFailure } from '../helpers/promtool.ts';

const ops = (path: string) => fileURLToPath(new URL(`../../ops/prometheus/${path}`, import.meta.url));
const rulesFile = ops('alerts.yml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}

const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const metrics = new Set(rules.flatMap(({ expr }) => expr.match(/\bfleetwake_[a-z_]+|\bup\b/g) ?? []));

/** `FleetwakeApiIotIncident`: api-iot-incident. */
const scenarioOf = (alert: string) =>
  alert
    .replace('Fleetwake', '')
    .replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();

/** 1 where the alert fired at any moment of the run. */
const everFired = (alert: string) =>
  `max(max_over_time(ALERTS{alertname="${alert}",alertstate="firing"}[10d]))`;

async function failureOf(alert: string, kind: 'fires' | 'silent'): Promise<string | null> {
  const reading = readScenarioAt(ops(`scenarios/${scenarioOf(alert)}-${kind}.yaml`));
  if (!reading.ok) throw new Error(JSON.stringify(reading));
  const { metrics: recorded } = await runScenarioVirtually({
    scenario: reading.scenario,
    seed: 1,
    recordsMetrics: true,
  });
  if (recorded === undefined) throw new Error('the run recorded nothing');
  const samples = kind === 'fires' ? [{ labels: '{}', value: 1 }] : [];
  return promtoolFailure(recorded, { file: rulesFile, metrics }, [{ expr: everFired(alert), samples }]);
}

describe.each(rules.map(({ alert }) => alert))('%s', (alert) => {
  it('fires in the scenario that it is for', async () => {
    expect(await failureOf(alert, 'fires')).toBeNull();
  });

  it('stays silent in the scenario near it', async () => {
    expect(await failureOf(alert, 'silent')).toBeNull();
  });
});

it('names a section of the runbook in each alert', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/monitoring.md', import.meta.url)), 'utf8');
  for (const { alert, annotations } of rules) {
    expect(annotations.runbook).toBe(`docs/monitoring.md#${alert.toLowerCase()}`);
    expect(page.split('\n')).toContain(`### ${alert}`);
  }
});

it('has two scenarios an alert, and no others', () => {
  const expected = rules.flatMap(({ alert }) => [
    `${scenarioOf(alert)}-fires.yaml`,
    `${scenarioOf(alert)}-silent.yaml`,
  ]);
  expect(readdirSync(ops('scenarios')).toSorted()).toEqual(expected.toSorted());
});
