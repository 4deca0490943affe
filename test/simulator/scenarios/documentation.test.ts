import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { catalogueFolder, shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { scenarioJsonSchema } from '../../../simulator/scenarios/json-schema.ts';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';
import { virtualReport } from './virtual-run.ts';

const page = readFileSync(new URL('../../../docs/scenarios.md', import.meta.url), 'utf8');
const services = loadCatalogue(catalogueFolder(shippedCatalogueFolder())).services();
const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);
const smallest = parse(examples[0] ?? '') as Record<string, unknown>;

/** An example that is a part of a scenario is tried as a part of the smallest one. */
test.each(examples.map((text, index) => [index + 1, text] as const))(
  'example %i of the page runs, and every rule and expectation holds',
  async (_, text) => {
    const whole = { ...smallest, ...(parse(text) as Record<string, unknown>) };
    const reading = readScenarioFile(JSON.stringify(whole), 'example', services);
    if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
    const { activations, checks, expectations } = await virtualReport(reading.scenario);
    const { purchases, actions = [] } = reading.scenario;
    const { count, items = [] } = purchases;
    const renewals = actions.filter((action) => action.do === 'renew');
    expect(activations).toHaveLength(count + items.length + renewals.length);
    expect([...checks, ...expectations].filter(({ ok }) => !ok)).toEqual([]);
  },
);

test('every field and every kind of fault is in one of them', () => {
  const text = examples.join('\n');
  const names = namesIn(scenarioJsonSchema());
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

/** Property names, and the words that a field may have where the schema names them. */
function namesIn(schema: unknown): Set<string> {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const {
      properties,
      const: only,
      enum: words,
    } = node as {
      properties?: Record<string, unknown>;
      const?: unknown;
      enum?: readonly unknown[];
    };
    for (const name of Object.keys(properties ?? {})) names.add(name);
    for (const word of [only, ...(words ?? [])]) if (typeof word === 'string') names.add(word);
    for (const child of Object.values(node)) visit(child);
  };
  visit(schema);
  return names;
}
