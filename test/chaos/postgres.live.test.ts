import { expect, test } from 'vitest';
import { Address } from '../../shared/protocol/address.ts';
import type { GatewayProcess } from '../../simulator/live/gateway-process.ts';
import { type PostgresServer, startPostgresServer } from '../helpers/postgres.ts';
import { sized } from '../helpers/proofs.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { launchProcess } from './gateway-process.ts';
import { chaosRun, freshConfig } from './run.ts';
import { chaosScenario } from './scenario.ts';

/** Of restarts, and of kills. */
const rounds = Number(process.env.CHAOS_POSTGRES ?? sized(1, 8));
const pauseMs = 2_000;

/** Restarts the server and kills it, by turns, with a pause in which work continues. */
async function storm(postgres: PostgresServer): Promise<number> {
  let ends = 0;
  for (let round = 0; round < rounds; round += 1) {
    await postgres.restart('fast');
    await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
    await postgres.kill();
    await postgres.start();
    await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
    ends += 2;
  }
  return ends;
}

test('the gateway survives restarts and kills of PostgreSQL during purchases, and every rule holds', async () => {
  await withTemporaryFolder(async (folder) => {
    await withTemporaryFolder(async (postgresFolder) => {
      const postgres = await startPostgresServer(postgresFolder);
      const processes: GatewayProcess[] = [];
      let stormed: Promise<number> | null = null as Promise<number> | null;
      try {
        const { evidence, report, broken } = await chaosRun({
          scenario: chaosScenario({ vehicles: 30, purchases: 50, overMs: 15_000 + rounds * 10_000 }),
          seed: 11,
          config: { ...(await freshConfig(folder)), databaseUrl: new Address(postgres.url) },
          launch: launchProcess((started) => processes.push(started)),
          onProgress({ purchases }) {
            if (purchases >= 5) stormed ??= storm(postgres);
          },
        });
        expect(await stormed).toBe(rounds * 2);
        // Its connections ended, and new ones were refused: which of the two an error tells depends on the moment.
        expect(processes[0]?.output()).toMatch(/terminating connection|ECONNREFUSED|the database system/);
        expect(broken).toEqual([]);
        expect(evidence.crashes).toBe(0);
        expect(report.outcomes).toMatchObject({ pending: 0 });
      } finally {
        await stormed?.catch(() => 0);
        await postgres.stop();
      }
    });
  });
});
