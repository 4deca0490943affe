import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { type Command, withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated, 300_000);

const ports = [
  '--port',
  '0',
  '--api-iot-port',
  '0',
  '--mqtt-port',
  '0',
  '--mail-port',
  '0',
  '--control-port',
  '0',
];
const up = ['up', ...ports, '--vehicles', '1', '--no-test-vehicles', '--json', '--data', 'data'];

interface Twin {
  readonly online: boolean;
  readonly reported:
    | readonly { readonly feature: string; readonly state: string; readonly parameters?: object }[]
    | null;
  readonly telemetry: Readonly<Record<string, unknown>>;
}

async function started(folder: string, command: Command) {
  const { stdout, stderr, process } = command;
  await until(() => stdout().endsWith('\n') || process.exitCode !== null, `it is up: ${stderr()}`);
  const places = JSON.parse(stdout()) as { platform: string; apiIot: string; vehicles: readonly string[] };
  const { apiIot } = clientsOf(await openKeys(join(folder, 'data')), places);
  const vin = places.vehicles[0] ?? '';
  const twin = async () => (await apiIot.get(`/vehicle/${vin}/status`)).body as Twin;
  const seats = async () => (await twin()).reported?.find(({ feature }) => feature === 'heated_seats');
  return { apiIot, vin, twin, seats };
}

/** Calls until the answer is as it must be. */
async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  let answer = await ask();
  const isAnswered = async () => {
    answer = await ask();
    return isRight(answer);
  };
  await until(isAnswered, 'the answer is right');
  return answer;
}

test(
  'a vehicle has its feature and parameters after SIGKILL, and none of it with --fresh',
  () =>
    withTemporaryFolder(async (folder) => {
      const active = {
        feature: 'heated_seats',
        state: 'active',
        version: 1,
        parameters: { levels: 2, zones: 'front', maxTemperatureCelsius: 42 },
      };
      await withFleetwake(folder, up, async (command) => {
        const { apiIot, vin, seats } = await started(folder, command);
        const features = [{ feature: 'heated_seats', target: 'active', parameters: { levels: 2 } }];
        const { status } = await apiIot.send(
          'POST',
          `/vehicle/${vin}/configure`,
          { reference: 'r1', features },
          'first',
        );
        expect(status).toBe(202);
        expect(await eventually(seats, (one) => one?.parameters !== undefined)).toEqual(active);
        command.process.kill('SIGKILL');
        await command.exitCode();
      });
      await withFleetwake(folder, up, async (command) => {
        const { twin, seats, apiIot, vin } = await started(folder, command);
        await eventually(twin, ({ online }) => online);
        expect(await seats()).toEqual(active);
        const features = [{ feature: 'heated_seats', target: 'active', parameters: { levels: 2 } }];
        const { headers } = await apiIot.send(
          'POST',
          `/vehicle/${vin}/configure`,
          { reference: 'r2', features },
          'second',
        );
        const location = new URL(headers.get('location') ?? '', 'http://api.iot').pathname;
        const ended = await eventually(
          async () => (await apiIot.get(location)).body as { results: readonly unknown[] | null },
          ({ results }) => results !== null,
        );
        // A vehicle that had forgotten would answer "applied".
        expect(ended.results).toEqual([{ feature: 'heated_seats', outcome: 'already_active', version: 2 }]);
        command.process.kill('SIGTERM');
        expect(await command.exitCode()).toBe(0);
      });
      await withFleetwake(folder, [...up, '--fresh'], async (command) => {
        const { seats } = await started(folder, command);
        expect(await eventually(seats, (one) => one?.state === 'dormant')).toEqual({
          feature: 'heated_seats',
          state: 'dormant',
          version: 0,
        });
      });
    }),
  300_000,
);
