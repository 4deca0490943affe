import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { judgeRun } from '../../../simulator/reports/judge-run.ts';
import { readScenarioAt } from '../../../simulator/scenarios/library.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';
import { writeExample } from './example.ts';

let folder = '';
const at = (path: string) => join(folder, 'my', path);
beforeAll(async () => {
  folder = await newTemporaryFolder();
  writeExample(folder);
});
afterAll(() => removeFolder(folder));

describe('the example of docs/vehicle-models.md', () => {
  it('ends in virtual time as the page says: a refusal, and a precondition that was waited for', async () => {
    const reading = readScenarioAt(at('delta.yaml'), 'delta.yaml');
    if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
    const { scenario, parts } = reading;
    const { evidence } = await runScenarioVirtually({
      ...{ scenario, seed: 1 },
      models: parts.models ?? [],
      catalogue: loadCatalogue(catalogueFolder(parts.catalogueFolder ?? '')),
    });
    const report = judgeRun(evidence, { world: 'virtual', versions: {}, calledAs: 'delta.yaml' });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    const results = evidence.broker.flatMap(({ topic, payload }) => {
      if (!topic.endsWith('/evt/result')) return [];
      const { vin, results: given } = JSON.parse(payload) as {
        readonly vin: string;
        readonly results: readonly { readonly outcome: string; readonly reason?: string }[];
      };
      return given.map(({ outcome, reason }) => `${vin.slice(-1)} ${outcome} ${reason ?? ''}`.trim());
    });
    expect(results).toContain('1 applied');
    expect(results).toContain('2 rejected parameter_range: intensity takes 1 to 5');
    expect(results).not.toContain('2 applied');
    expect(results).toContain('3 failed precondition_parked: the vehicle is driving');
    expect(results).toContain('3 applied');
    const seats = evidence.vehicles.find(({ vin }) => vin.endsWith('1'))?.features[0];
    expect(seats).toEqual({
      feature: 'massage_seats',
      state: 'active',
      version: 1,
      parameters: { intensity: 4 },
    });
  });
});

describe('fleetwake models', () => {
  it('lists the models of a folder', async () => {
    const { stdout, error } = await inProcess([
      'models',
      '--models',
      at('models'),
      '--catalogue',
      at('catalogue'),
    ]);
    expect(error).toBeNull();
    expect(stdout.split('\n')).toEqual([
      'delta-2027  Delta  VIN WFWDLT4E*VD######  firmware 1.0.0',
      '  control units: body 1.4.0',
      '  base_platform: always on',
      '  massage_seats: intensity 1..5',
      '  winter_package: needs parked',
      '',
    ]);
  });

  it('refuses a catalogue with a service that no model can take, with file, line and fix', async () => {
    const services = JSON.parse(readFileSync(at('catalogue/services.json'), 'utf8'));
    services.services[1].feature = 'sun_roof';
    const other = join(folder, 'other');
    writeExample(other);
    const file = join(other, 'my/catalogue/services.json');
    writeFileSync(file, JSON.stringify(services, null, 2));
    const sentence = `the catalogue does not fit the vehicle models:\n${file}:23:18: services[1].feature is "sun_roof", which no vehicle model has; write one of massage_seats, winter_package, or add the feature to a model (--models)`;
    for (const call of [
      ['models'],
      ['run', at('delta.yaml')],
      ['up', '--vehicles', '1', '--data', join(folder, 'data')],
    ]) {
      const { error } = await inProcess([
        ...call,
        ...['--models', at('models'), '--catalogue', join(other, 'my/catalogue')],
      ]);
      expect(error, call[0]).toBe(sentence);
    }
  });

  it('refuses the shipped catalogue for models that have none of its features', async () => {
    const { error } = await inProcess(['run', '--models', at('models')]);
    expect(error).toContain('services[0].feature is "heated_seats", which no vehicle model has');
  });

  it('names file, line and fix of every mistake', async () => {
    const broken = join(folder, 'broken');
    writeExample(broken);
    const file = join(broken, 'my/models/delta-2027.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('default: 2', 'default: 8'));
    const sentence = `the vehicle models cannot be used:\n${file}:14:60: features[1].parameters.intensity.default is 8; write at most 5`;
    for (const call of [
      ['models'],
      ['run', at('delta.yaml')],
      ['up', '--data', join(folder, 'data')],
      ['fleet', '--data', join(folder, 'data')],
      ['register', '1M8GDM9AXKP042788', '--data', join(folder, 'data')],
    ]) {
      const { error } = await inProcess([...call, '--models', join(broken, 'my/models')]);
      expect(error, call[0]).toBe(sentence);
    }
  });
});
