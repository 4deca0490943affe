import { expect, test } from 'vitest';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { GatewayProcess } from '../../simulator/live/gateway-process.ts';
import { sized } from '../helpers/proofs.ts';
import { launchApart, launchProcess } from './gateway-process.ts';
import { drawKills, killer } from './kills.ts';
import { chaosRun } from './run.ts';
import { chaosScenario } from './scenario.ts';

const killCount = Number(process.env.CHAOS_KILLS ?? sized(2, 20));
const seed = Number(process.env.CHAOS_SEED ?? 1);
const perKill = { ms: 15_000, purchases: 12, workloadMs: killCount > 5 ? 4_500 : 2_500 };
const purchases = Math.max(100, perKill.purchases * killCount);

function sorted(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => a.localeCompare(b));
}

test(
  `a gateway that is killed ${killCount} times in the middle of its work loses nothing and does nothing twice (CHAOS_SEED=${seed})`,
  async () => {
    const processes: GatewayProcess[] = [];
    const points = drawKills(seededRandom(seed), killCount);
    const assassin = killer(points, {
      kill: async () => processes[0]?.kill(),
      restart: async () => processes[0]?.start(),
    });
    const { evidence, report, broken } = await chaosRun({
      scenario: chaosScenario({
        vehicles: Math.max(60, purchases * 0.6),
        purchases,
        overMs: Math.max(10_000, killCount * perKill.workloadMs),
      }),
      seed,
      launch: launchProcess((started) => processes.push(started)),
      onMoment: assassin.onMoment,
      onProgress: ({ step }) => step === 'running' && assassin.begin(),
    });
    await assassin.idle();
    expect(broken).toEqual([]);
    expect(sorted(assassin.done())).toEqual(sorted(points.map(({ name }) => name)));
    expect(evidence.crashes).toBe(killCount);
    expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
    expect(report.outcomes.active + report.outcomes.failed).toBe(purchases - 3);
  },
  60_000 + killCount * perKill.ms,
);

const apart = sized({ kills: 1, vehicles: 30, purchases: 50 }, { kills: 3, vehicles: 30, purchases: 50 });

test('an API IoT that is killed, with its broker and without the platform, loses no command and no answer', async () => {
  const processes: GatewayProcess[] = [];
  const points = drawKills(seededRandom(seed), 10).filter(({ where }) => where.endsWith('vehicle'));
  const assassin = killer(points.slice(0, apart.kills), {
    kill: async () => processes[0]?.kill(),
    restart: async () => processes[0]?.start(),
  });
  const { evidence, report, broken } = await chaosRun({
    scenario: chaosScenario({ ...apart, overMs: 6_000 }),
    seed: seed + 1,
    launch: launchApart(({ apiIot }) => processes.push(apiIot)),
    onMoment: assassin.onMoment,
    onProgress: ({ step }) => step === 'running' && assassin.begin(),
  });
  await assassin.idle();
  expect(broken).toEqual([]);
  expect(evidence.crashes).toBe(apart.kills);
  expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
  expect(report.outcomes.active + report.outcomes.failed).toBe(apart.purchases - 3);
});
