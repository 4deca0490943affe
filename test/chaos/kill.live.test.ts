import { join } from 'node:path';
import { expect, test } from 'vitest';
import { options, readConfig } from '../../gateway/config.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { runScenario } from '../../simulator/live/scenario-run.ts';
import { runChecks } from '../../simulator/reports/checks/all.ts';
import { reportOf } from '../../simulator/reports/report.ts';
import { withTemporaryFolder } from '../support/temporary-folder.ts';
import { type GatewayProcess, launchProcess } from './gateway-process.ts';
import { drawKills, killer } from './kills.ts';
import { chaosScenario } from './scenario.ts';

/** `npm run chaos` asks for more of both. */
const killCount = Number(process.env.CHAOS_KILLS ?? 5);
const seed = Number(process.env.CHAOS_SEED ?? 1);
const purchases = Math.max(100, 12 * killCount);

test(
  `a gateway that is killed ${killCount} times in the middle of its work loses nothing and does nothing twice (CHAOS_SEED=${seed})`,
  async () => {
    await withTemporaryFolder(async (folder) => {
      const config = {
        ...defaults,
        data: join(folder, 'data'),
        port: 0,
        apiIotPort: 0,
        mqttPort: 0,
        logLevel: 'error' as const,
      };
      const scenario = chaosScenario({
        vehicles: 60,
        purchases,
        overMs: Math.max(10_000, killCount * 2_500),
      });
      let gateway: GatewayProcess | null = null;
      const points = drawKills(seededRandom(seed), killCount);
      const assassin = killer(points, {
        kill: async () => gateway?.kill(),
        restart: async () => gateway?.start(),
      });
      const { evidence, bus } = await runScenario({
        scenario,
        seed,
        config,
        log: silentLog,
        onProgress(progress) {
          if (progress.step === 'running') assassin.arm();
          if (process.env.CHAOS_SHOW) console.log(JSON.stringify(progress), assassin.done().at(-1));
        },
        launch: launchProcess((started) => {
          gateway = started;
        }),
        onMoment: assassin.onMoment,
      });
      await assassin.idle();
      const checks = runChecks(evidence);
      if (process.env.CHAOS_SHOW) {
        console.log(JSON.stringify(reportOf(evidence, checks), null, 1));
        console.log(gateway?.output());
      }
      expect(checks.filter((check) => !check.ok)).toEqual([]);
      expect([...assassin.done()].sort()).toEqual(points.map(({ name }) => name).sort());
      expect(evidence.crashes).toBe(killCount);
      expect(bus).toBe('nats');
      const { outcomes } = reportOf(evidence, checks);
      expect(outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
      expect(outcomes.active + outcomes.failed).toBe(purchases - 3);
    });
  },
  60_000 + killCount * 10_000,
);

const defaults = (() => {
  const reading = readConfig({}, {});
  if ('faults' in reading)
    throw new Error(`the defaults of ${Object.keys(options).length} options are wrong`);
  return reading.config;
})();
