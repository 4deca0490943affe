import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import type { Launch } from '../../simulator/live/gateway-handle.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { gatewayProcess, handleOf } from './gateway-process.ts';
import { chaosRun, freshConfig, patientMailTimeoutMs } from './run.ts';
import { chaosScenario } from './scenario.ts';

/** Hands requests on to the API IoT and writes down the Idempotency-Keys of the commands: who sent what. */
async function listeningAt(target: string) {
  const { http, serve } = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const keys = new Set<string>();
  const server = await serve(
    async (request) => {
      const key = request.headers.get('idempotency-key');
      if (request.url.endsWith('/configure') && key) keys.add(key);
      const { pathname, search } = new URL(request.url);
      const body = request.method === 'GET' ? null : await request.text();
      return http(
        new Request(`${target}${pathname}${search}`, {
          method: request.method,
          headers: request.headers,
          body,
        }),
      );
    },
    { port: 0 },
  );
  return { origin: server.origin, keys, deaths: 0, stop: () => server.close() };
}

test('two engines share one consumer and one database: both work, and nothing happens twice', async () => {
  await withTemporaryFolder(async (folder) => {
    const dataFolder = join(folder, 'nats');
    await mkdir(dataFolder);
    const nats = await startNatsServer({ dataFolder, log: silentLog });
    const sent: ReadonlySet<string>[] = [];
    const launch: Launch = async ({ config }) => {
      const apiIot = await gatewayProcess({ ...config, roles: ['api-iot', 'broker'] });
      const doors = [await listeningAt(apiIot.started.apiIot), await listeningAt(apiIot.started.apiIot)];
      sent.push(...doors.map((door) => door.keys));
      const platform = await gatewayProcess({
        ...config,
        roles: ['platform', 'engine'],
        apiIotUrl: doors[0]?.origin ?? null,
      });
      const engine = await gatewayProcess({
        ...config,
        roles: ['engine'],
        port: await freePort(),
        apiIotUrl: doors[1]?.origin ?? null,
      });
      // The listeners close last: a drain may still need them.
      const handle = handleOf(config, { platform, apiIot, others: [engine] });
      return {
        ...handle,
        async stop() {
          await handle.stop();
          for (const door of doors) await door.stop();
        },
      };
    };
    try {
      const { evidence, report, broken } = await chaosRun({
        scenario: chaosScenario({ vehicles: 40, purchases: 60, overMs: 5_000 }),
        seed: 9,
        config: { ...(await freshConfig(folder)), natsUrl: new Address(nats.url) },
        launch,
        mailTimeoutMs: patientMailTimeoutMs,
      });
      expect(broken).toEqual([]);
      expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
      const [first = new Set(), second = new Set()] = sent;
      expect([first.size > 5, second.size > 5]).toEqual([true, true]);
      // A callback at one and a wake-up at the other may make both send an attempt: its key makes that one command.
      const accepted = evidence.apiIot.map((command) => command.key ?? '');
      expect(accepted.length).toBe(new Set(accepted).size);
      expect(accepted.every((key) => first.has(key) || second.has(key))).toBe(true);
    } finally {
      await nats.stop();
    }
  });
});
