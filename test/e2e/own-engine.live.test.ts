import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const run = promisify(execFile);

/** The shell commands of the page under a heading. */
async function commandsOf(heading: string): Promise<string> {
  const page = await readFile('docs/own-engine.md', 'utf8');
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  return /```sh\n([^`]+)```/.exec(section)?.[1] ?? '';
}

test('an engine of the user finds everything around it with `up --without platform,engine`, as the page says', async () => {
  const ports = ['--api-iot-port', '--mqtt-port', '--payments-port', '--smtp-port', '--push-port'];
  const parameters = [...ports, '--mail-port', '--control-port'].flatMap((flag) => [flag, '0']);
  await withTemporaryFolder((folder) =>
    withFleetwake(
      folder,
      ['up', '--without', 'platform,engine', ...parameters, '--vehicles', '1', '--json'],
      async (up) => {
        await until(() => up.stdout().endsWith('\n') || up.process.exitCode !== null, 'it is up');
        expect(up.stderr()).toBe('');
        const places = JSON.parse(up.stdout());
        expect(places).toEqual({
          event: 'up',
          apiIot: expect.stringMatching(/^http:/),
          mqtt: expect.stringMatching(/^mqtt:/),
          payments: expect.stringMatching(/^http:/),
          smtp: expect.stringMatching(/^smtp:/),
          mail: expect.stringMatching(/^http:/),
          push: expect.stringMatching(/^http:/),
          control: expect.stringMatching(/^http:/),
          nats: {
            url: expect.stringMatching(/^nats:/),
            user: 'fleet-client',
            events: 'fleetwake.fleet.events.>',
            telemetry: 'fleetwake.fleet.telemetry.*',
            control: 'fleetwake.fleet.control.faults.*',
            settings: '.fleetwake/fleet-nats.json',
          },
          settings: '.fleetwake/engine.env',
          keys: '.fleetwake/keys.json',
          vehicleCount: 1,
          vehicles: [expect.any(String)],
          firstVin: places.vehicles[0],
          lastVin: places.vehicles[0],
          models: { 'aurora-2026': 1 },
          regions: { DE: 1 },
          vehicleList: expect.stringMatching(/^\.fleetwake\/simulators\//),
          testVehicles: expect.any(Array),
          registered: { customers: 0, vehicles: 0, credentials: 1 + places.testVehicles.length, retries: 0 },
        });
        const settings = `${folder}/.fleetwake/engine.env`;
        expect((await stat(settings)).mode & 0o777).toBe(0o600);
        const text = await readFile(settings, 'utf8');
        expect(text.split('\n').map((line) => line.split('=')[0])).toEqual([
          ...['API_IOT_URL', 'API_IOT_CLIENT_ID', 'API_IOT_CLIENT_SECRET', 'API_IOT_CALLBACK_SECRET'],
          ...[
            'PAYMENTS_URL',
            'PAYMENTS_KEY',
            'SMTP_URL',
            'PUSH_URL',
            'VAPID_PUBLIC_KEY',
            'VAPID_PRIVATE_KEY',
          ],
          '',
        ]);
        expect(text).toContain(`API_IOT_URL=${places.apiIot}\n`);

        const { stdout } = await run('bash', ['-ec', await commandsOf('Send a command, take a payment')], {
          cwd: folder,
          env: { PATH: process.env.PATH, VIN: places.vehicles[0] },
        });
        const [command, payment] = stdout
          .split('}{')
          .map((part, index) => (index === 0 ? `${part}}` : `{${part}`));
        expect(JSON.parse(command ?? '')).toMatchObject({ reference: 'order-1', state: 'applied' });
        expect(JSON.parse(payment ?? '')).toMatchObject({
          status: 'succeeded',
          amount: 1490,
          metadata: { order: 'order-1' },
        });
        up.process.kill('SIGTERM');
        expect(await up.exitCode()).toBe(0);
      },
    ),
  );
});
