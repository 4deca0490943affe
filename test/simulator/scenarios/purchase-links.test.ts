import { expect, test } from 'vitest';
import { scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

const scenario = scenarioSchema.parse({
  name: 'links',
  description: 'Two cars, a customer each.',
  timeScale: 1,
  vehicles: { count: 2, models: [{ model: 'aurora-2026', weight: 1 }] },
  customers: { languages: ['en', 'es'], pushShare: 1 },
  purchases: {
    count: 2,
    overMs: 0,
    services: [
      { id: 'heated-seats', feature: 'heated_seats', duration: { unit: 'months', count: 1 }, weight: 1 },
    ],
  },
});

const linkIn = (text: string) => /http:\/\/platform\.example\/my-purchase\/\S+/.exec(text)?.[0] ?? text;

test('mails of a virtual run have signed links, the same of the same seed, and the database has none', async () => {
  const runs = [];
  for (const seed of [1, 1]) {
    const { evidence } = await runScenarioVirtually({ scenario, seed });
    expect(JSON.stringify(evidence.database)).not.toContain('my-purchase');
    runs.push(evidence.mails.map(({ text }) => linkIn(text)));
  }
  const [first = [], second] = runs;
  expect(first).toHaveLength(6);
  for (const link of first)
    expect(link).toMatch(
      /^http:\/\/platform\.example\/my-purchase\/pur_[0-9a-z]{26}\.[0-9a-z]+\.[0-9a-f]{16}\.[0-9a-f]{32}$/,
    );
  expect(second).toEqual(first);
});
