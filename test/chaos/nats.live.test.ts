import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import type { GatewayProcess } from '../../simulator/live/gateway-process.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { launchProcess } from './gateway-process.ts';
import { chaosRun, freshConfig } from './run.ts';
import { chaosScenario } from './scenario.ts';

test('a NATS that dies in the middle and comes back without its data costs time and nothing else', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataFolder = join(folder, 'nats');
    await mkdir(dataFolder);
    const port = await freePort();
    let server = await startNatsServer({ dataFolder, port, log: silentLog });
    const { url: natsUrl } = server;
    let wiped: Promise<number> | null = null;
    const wipe = async () => {
      await server.kill();
      const at = Date.now();
      await rm(join(dataFolder, 'jetstream'), { recursive: true });
      server = await startNatsServer({ dataFolder, port, log: silentLog });
      return at;
    };
    try {
      const { evidence, report, broken } = await chaosRun(
        {
          scenario: chaosScenario({ vehicles: 30, purchases: 50, overMs: 5_000 }),
          seed: 3,
          config: { ...(await freshConfig(folder)), natsUrl: new Address(natsUrl) },
          onProgress({ purchases }) {
            if (purchases >= 15) wiped ??= wipe();
          },
        },
        // What was published before is gone with the stream: the events are judged below.
        (evidence) => ({ ...evidence, events: null }),
      );
      const wipedAt = (await wiped) ?? Number.NaN;
      expect(broken).toEqual([]);
      expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
      expect(report.outcomes.active + report.outcomes.failed).toBe(47);
      const published = new Set(evidence.events?.map((event) => event.id));
      const later = evidence.database.record.filter((row) => row.at > wipedAt);
      expect(later.length).toBeGreaterThan(100);
      expect(later.filter((row) => !published.has(row.id))).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

test("a nats-server of the gateway's own that dies alone is started again, and every event is there", async () => {
  await withTemporaryFolder(async (folder) => {
    const config = await freshConfig(folder);
    const processes: GatewayProcess[] = [];
    let killed: Promise<number> | null = null;
    const killNats = async () => {
      const pid = Number(await readFile(join(config.data, 'nats', 'nats-server.pid'), 'utf8'));
      // 0 would be this whole process group.
      if (!(pid > 1)) throw new Error(`nats-server has no process: ${pid}`);
      process.kill(pid, 'SIGKILL');
      return pid;
    };
    const { evidence, report, broken } = await chaosRun({
      scenario: chaosScenario({ vehicles: 30, purchases: 50, overMs: 5_000 }),
      seed: 4,
      config,
      launch: launchProcess((started) => processes.push(started)),
      onProgress({ purchases }) {
        if (purchases >= 15) killed ??= killNats();
      },
    });
    expect(await killed).toBeGreaterThan(0);
    expect(processes[0]?.output()).toContain('nats.ended');
    expect(broken).toEqual([]);
    expect(evidence.crashes).toBe(0);
    expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
    expect(evidence.events?.length).toBe(evidence.database.record.length);
  });
});
