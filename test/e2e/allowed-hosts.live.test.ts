import { request } from 'node:http';
import { expect, it } from 'vitest';
import { startHealthServer } from '../../shared/live/health-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { openConsole } from '../../simulator/live/console-server.ts';
import { openControl } from '../../simulator/live/control-server.ts';
import { freePort } from '../helpers/free-port.ts';
import { withPlatform } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { buildWhenOutdated } from './build.ts';

interface Seen {
  readonly status: number;
  readonly body: string;
}

/** Asks as a browser does whose page at `host` was pointed at this machine. */
function ask(url: string, host: string): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers: { host }, agent: false }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += String(data);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

const answered = ['127.0.0.1', 'localhost:1', 'api-iot', '[::1]:8080', 'shop.localhost'];
const foreign = ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example'];

it('every HTTP server of the product answers under names of this machine, and 421 under all others', () =>
  withPlatform({}, async ({ origins, standIns }) =>
    withTemporaryFolder(async (dataFolder) => {
      const control = await openControl({ dataFolder, log: silentLog, port: 0, isOpen: true });
      control.begin({ cars: null, services: null, mqttUrl: 'mqtt://127.0.0.1:1' });
      const health = await startHealthServer({
        ...{ hostname: '127.0.0.1', port: await freePort(), allowedHosts: ['api.example'] },
      });
      buildWhenOutdated();
      const served = await openConsole({
        ...{ port: 0, flag: '--console-port', log: silentLog, control: null },
        origins: { platform: origins.platform, apiIot: origins.apiIot },
      });
      const pages = {
        platform: [`${origins.platform}/docs`, 200],
        apiIot: [`${origins.apiIot}/docs`, 200],
        mail: [standIns.mailUrl, 200],
        payments: [`${standIns.paymentsUrl}/v1/payment_intents`, 401],
        push: [`${standIns.pushUrl}/messages?limit=1`, 200],
        control: [`${control.origin}/faults`, 200],
        console: [served.origin, 200],
        health: [`${health.origin}/livez`, 200],
      } as const;
      const statuses = async (hosts: readonly string[]) =>
        Object.fromEntries(
          await Promise.all(
            Object.entries(pages).map(async ([name, [url]]) => {
              const answers = await Promise.all(hosts.map((host) => ask(url, host)));
              return [name, answers.map(({ status }) => status)];
            }),
          ),
        );
      const each = (hosts: readonly string[], status: (expected: number) => number) =>
        Object.fromEntries(
          Object.entries(pages).map(([name, [, expected]]) => [name, hosts.map(() => status(expected))]),
        );
      try {
        expect(await statuses(answered)).toEqual(each(answered, (expected) => expected));
        expect(await statuses(foreign)).toEqual(each(foreign, () => 421));
        expect((await ask(`${health.origin}/livez`, 'API.example:8080')).status).toBe(200);
        const detailOf = async (url: string) => JSON.parse((await ask(url, 'evil.example')).body).detail;
        const refused = 'Requests for the host evil.example are not answered here.';
        const named = `${refused} Name it in --allowed-hosts (FLEETWAKE_ALLOWED_HOSTS) if it is ours.`;
        expect(await Promise.all(Object.values(pages).map(([url]) => detailOf(url)))).toEqual([
          ...[named, named],
          ...Array.from({ length: 5 }, () => `${refused} Use 127.0.0.1 or localhost.`),
          named,
        ]);
      } finally {
        await health.stop();
        await control.stop();
        await served.stop();
      }
    }),
  ));
