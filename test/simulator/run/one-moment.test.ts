import { expect, test } from 'vitest';
import { scenarioSchema } from '../../../simulator/scenarios/scenario.ts';
import { runScenarioVirtually } from '../../../simulator/virtual-system/scenario-run.ts';

/** These vehicles apply commands and never answer, so their revocations are tried for ever. */
const scenario = scenarioSchema.parse({
  name: 'endless-revocations',
  description: 'Vehicles that apply commands and never answer.',
  timeScale: 1_000,
  vehicles: { count: 3, models: [{ model: 'aurora-2026', weight: 1 }] },
  purchases: { count: 3, overMs: 500 },
  faults: {
    vehicles: [
      {
        name: 'silent',
        type: 'lose_result',
        mode: 'all',
        attributes: { first: [99_999, 99_999], withStatus: true },
      },
    ],
  },
});

test.each([1, 2])(
  'the evidence of a run whose revocations never end is of one moment (seed %i)',
  async (seed) => {
    const { evidence } = await runScenarioVirtually({ scenario, seed });
    const { takenAt, database, apiIot, broker, events } = evidence;
    expect(
      database.activations.filter(({ kind, ended_at }) => kind === 'revocation' && ended_at === null),
    ).not.toEqual([]);
    const later = [
      ...database.record.map(({ at }) => at),
      ...apiIot.map(({ acceptedAt }) => acceptedAt),
      ...broker.map(({ at }) => at),
    ].filter((at) => at > takenAt);
    expect(later).toEqual([]);
    const published = new Set(events?.map(({ id }) => id));
    expect(database.record.filter(({ id }) => !published.has(id))).toEqual([]);
  },
);
