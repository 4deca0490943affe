import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { hasValidCheckDigit } from '../../shared/protocol/vin.ts';
import { testVehicles } from '../../simulator/fleet/test-vehicles.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { testCardNames } from '../../simulator/stand-ins/payments/test-cards.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const words = readFileSync(new URL('../../docs/testing-identifiers.md', import.meta.url), 'utf8');

describe('docs/testing-identifiers.md', () => {
  test('lists every test vehicle with its VIN and its owner, all check digits right', () => {
    const rows = [...words.matchAll(/^\| `([A-Z0-9]{17})` \| `([a-z-]+)` \|/gm)].map(([, vin, name]) => [
      vin,
      name,
    ]);
    expect(rows).toEqual(testVehicles.map(({ vin, name }) => [vin, name]));
    expect(testVehicles.filter(({ vin }) => !hasValidCheckDigit(vin))).toEqual([]);
  });

  test('lists every test card', () => {
    const documented = new Set([...words.matchAll(/`(pm_card_\w+)`/g)].map(([, name]) => name));
    expect(documented).toEqual(new Set(testCardNames()));
  });
});

interface Command {
  readonly state: string;
  readonly late: boolean;
  readonly results: readonly { readonly outcome: string; readonly reason?: string }[] | null;
}

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

test('each VIN behaves as the page says when `fleetwake up` runs', async () => {
  await withTemporaryFolder((folder) =>
    // A command times out after 15 s here, so a slow vehicle is still in time.
    withFleetwake(folder, ['up', ...ports, '--vehicles', '0', '--time-scale', '20', '--json'], async (up) => {
      await until(() => up.stdout().endsWith('\n') || up.process.exitCode !== null, 'it is up');
      const { platform, apiIot } = JSON.parse(up.stdout()) as { platform: string; apiIot: string };
      const { apiIot: api } = clientsOf(await openKeys(`${folder}/.fleetwake`), { platform, apiIot });

      /** The first command of a vehicle, once it has ended. */
      async function firstCommand(vin: string): Promise<Command> {
        const body = { reference: vin, features: [{ feature: 'heated_seats', target: 'active' }] };
        expect((await api.send('POST', `/vehicle/${vin}/configure`, body, vin)).status).toBe(202);
        let command: Command | undefined;
        await until(async () => {
          const { commands } = (await api.get(`/vehicle/${vin}/history`)).body as { commands: Command[] };
          command = commands[0];
          return command !== undefined && command.state !== 'accepted';
        }, `${vin} ends`);
        if (!command) throw new Error('there is a command');
        return command;
      }
      const outcomes = await Promise.all(
        testVehicles.map(async ({ vin, name }) => {
          const { state, results } = await firstCommand(vin);
          const [result] = results ?? [];
          return `${name}: ${state}${result?.reason ? ` (${result.reason})` : ''}`;
        }),
      );
      expect(outcomes).toEqual([
        'works: applied',
        'rejects: rejected (test_vehicle)',
        'hangs: timed_out',
        'applies-without-answering: timed_out',
        'slow: applied',
        'always-offline: timed_out',
        'busy-twice: failed (ecu_busy)',
        'first-answer-lost: timed_out',
        'answers-twice: applied',
        'clock-ahead: expired',
        'crashes-once: applied',
        'wedged: timed_out',
      ]);
      up.process.kill('SIGTERM');
      expect(await up.exitCode()).toBe(0);
    }),
  );
});
