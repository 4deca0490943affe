import { expect, test } from 'vitest';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { chaosRun, freshConfig } from './run.ts';
import { chaosScenario } from './scenario.ts';

test('a gateway that starts without NATS sells, activates, and publishes every event once NATS comes', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataFolder = `${folder}/nats`;
    const port = await freePort();
    // A server's password is that of its data folder: the address is known before the server is there.
    const first = await startNatsServer({ dataFolder, port, log: silentLog });
    await first.stop();
    const late: Promise<NatsServer>[] = [];
    const errors: string[] = [];
    try {
      const { evidence, report, broken } = await chaosRun({
        scenario: chaosScenario({ vehicles: 30, purchases: 50, overMs: 5_000 }),
        seed: 5,
        config: { ...(await freshConfig(folder)), natsUrl: new Address(first.url) },
        log: { ...silentLog, error: (event) => void errors.push(event) },
        onProgress({ purchases }) {
          if (purchases >= 25 && late.length === 0)
            late.push(startNatsServer({ dataFolder, port, log: silentLog }));
        },
      });
      expect(errors[0]).toBe('bus.away_at_start');
      expect(broken).toEqual([]);
      expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
      expect(report.outcomes.active + report.outcomes.failed).toBe(47);
      expect(evidence.events?.length).toBe(evidence.database.record.length);
    } finally {
      for (const server of late) await (await server).stop();
    }
  });
});
