import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { type Command, withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const gatewayPorts = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0', '--mail-port', '0'];
const control = ['--vehicles', '1', '--control-port', '0'];

interface Started {
  readonly platform: string;
  readonly apiIot: string;
  readonly control: string;
  readonly mqtt: string;
}

async function startedLine(command: Command): Promise<Started> {
  await until(
    () => command.stdout().endsWith('\n') || command.process.exitCode !== null,
    `it is up: ${command.stderr()}`,
  );
  return JSON.parse(command.stdout()) as Started;
}

/** What a Toxiproxy client gets that knows no secret. */
const statusOf = async ({ control: origin }: Started) => (await fetch(`${origin}/proxies`)).status;

test('up or fleet with --control-open needs no secret of a program of this machine, and without it does', () =>
  withTemporaryFolder((folder) =>
    withFleetwake(folder, ['up', ...gatewayPorts, ...control, '--json', '--control-open'], async (up) => {
      const open = await startedLine(up);
      expect(await statusOf(open)).toBe(200);
      const places = ['--platform-url', open.platform, '--api-iot-url', open.apiIot, '--mqtt-url', open.mqtt];
      const fleet = ['fleet', ...control, '--seed', '7', ...places];
      await withFleetwake(folder, [...fleet, '--control-open'], async (command) => {
        expect(await statusOf(await startedLine(command))).toBe(200);
        command.process.kill('SIGTERM');
        expect(await command.exitCode()).toBe(0);
      });
      await withFleetwake(folder, fleet, async (command) => {
        expect(await statusOf(await startedLine(command))).toBe(401);
      });
    }),
  ));
