import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { withShownTimes } from '../../simulator/cli/shown-times.ts';
import { buy, type Order, type Platform, withPlatform } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';
import { ended } from './story.ts';

beforeAll(buildWhenOutdated);

const at = ({ origins, dataFolder }: Platform) => ['--platform-url', origins.platform, '--data', dataFolder];

test('instants are shown as ISO texts wherever they stand, and nothing else is changed', () => {
  expect(
    withShownTimes({
      requestedAt: 1_800_000_000_000,
      validUntil: null,
      attempts: [{ at: 1_800_000_000_500, attempt: 1, waitMs: 1_800_000_000_000 }],
      retryAt: 30,
      format: 1_800_000_000_000,
    }),
  ).toEqual({
    requestedAt: '2027-01-15T08:00:00.000Z',
    validUntil: null,
    attempts: [{ at: '2027-01-15T08:00:00.500Z', attempt: 1, waitMs: 1_800_000_000_000 }],
    retryAt: 30,
    format: 1_800_000_000_000,
  });
});

test('a look-up shows times that people read, and ends with 2 for what cannot be asked, 1 for what is not there', () =>
  withPlatform({}, async (platform) => {
    const { dataFolder, vin } = platform;
    const bought = await buy(platform);
    await ended(platform, bought);
    const shown = await fleetwake(dataFolder, ['purchase', bought.id, ...at(platform)]);
    expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(/^createdAt: 20\d\d-\d\d-\d\dT[\d:.]{12}Z$/m);
    expect(shown.stdout).not.toMatch(/\b1[5-9]\d{11}\b/);
    const asJson = await fleetwake(dataFolder, ['purchase', bought.id, ...at(platform), '--json']);
    expect(typeof (JSON.parse(asJson.stdout) as { createdAt: unknown }).createdAt).toBe('number');
    expect(await fleetwake(dataFolder, ['vehicle', 'WFW', ...at(platform)])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'fleetwake: The request does not follow the schema. the vin: a VIN has 17 characters: digits and capital letters without I, O and Q.\n',
    });
    const state = await fleetwake(dataFolder, ['ticket', '--state', 'lost', ...at(platform)]);
    expect([state.exitCode, state.stdout]).toEqual([2, '']);
    expect(state.stderr).toContain('--state: write one of ');
    const other = `${vin.slice(0, -4)}9999`;
    expect((await fleetwake(dataFolder, ['vehicle', other, ...at(platform)])).exitCode).toBe(1);
  }));

test('every command that calls a platform names another gateway’s data folder and the fix', () =>
  withPlatform({}, ({ origins, vin }) =>
    withTemporaryFolder(async (folder) => {
      await openKeys(folder);
      const place = ['--platform-url', origins.platform, '--data', folder];
      const places = [...place, '--api-iot-url', origins.apiIot];
      const sentence = (origin: string) =>
        `fleetwake: ${origin} does not accept the secrets in ${join(folder, 'keys.json')}, which belong to another gateway: give the data folder of the gateway at this address with --data, or the address of the other gateway with --platform-url\n`;
      const commands: readonly (readonly string[])[] = [
        ['activation', ...place],
        ['activation', 'show', 'act_1', ...places],
        ['buy', vin, 'heated-seats', ...place],
        ['customer', 'export', 'ana', ...place],
        ['events', ...place],
        ['purchase', 'record', 'pur_1', ...place],
        ['register', vin, '--replace', ...places],
        ['ticket', 'tkt_1', 'start', '--as', 'ana', ...place],
      ];
      const refused = { exitCode: 2, stdout: '', stderr: sentence(origins.platform) };
      for (const words of commands) expect([words, await fleetwake(folder, words)]).toEqual([words, refused]);
      for (const words of [
        ['fleet', '--vehicles', '1', '--control-port', '0', ...places],
        ['register', vin, ...places],
      ]) {
        const ofApiIot = { ...refused, stderr: sentence(origins.apiIot) };
        expect([words, await fleetwake(folder, words)]).toEqual([words, ofApiIot]);
      }
    }),
  ));

test('what is cancelled is said in one sentence, for the service and for the money; as JSON it is the purchase', () =>
  withPlatform({}, async (platform) => {
    const { dataFolder, vin } = platform;
    const cancel = async (order: Order, ...words: string[]) => {
      const bought = await buy(platform, order);
      await ended(platform, bought);
      return fleetwake(dataFolder, ['cancel', bought.id, ...at(platform), ...words]);
    };
    const said = await cancel({});
    expect([said.exitCode, said.stderr]).toEqual([0, '']);
    expect(said.stdout).toMatch(
      new RegExp(
        `^Heated seats on ${vin} has ended at 20\\S+Z and is switched off once the vehicle is reached; the 14\\.90 EUR stay paid, since it was active\n$`,
      ),
    );
    const asJson = await cancel({ serviceId: 'ambient-light' }, '--json');
    expect([asJson.exitCode, asJson.stderr]).toEqual([0, '']);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      serviceStatus: 'ended',
      activation: { settlement: 'captured' },
      entitlement: { end: { cause: 'cancelled' } },
    });
  }));

test('a vehicle that is registered keeps its password, unless --replace says otherwise', () =>
  withPlatform({}, async (platform) => {
    const { dataFolder, vin, origins, gateway } = platform;
    const digest = async () => {
      const row = await gateway.apiIot?.database.reader
        .selectFrom('vehicles')
        .select('credential_digest')
        .where('vin', '=', vin)
        .executeTakeFirst();
      return row?.credential_digest;
    };
    const before = await digest();
    const register = ['register', vin, ...at(platform), '--api-iot-url', origins.apiIot];
    expect(await fleetwake(dataFolder, register)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `fleetwake: ${vin} is already registered, and a new password would lock its vehicle out: give another VIN, or add --replace\n`,
    });
    expect([typeof before, await digest()]).toEqual(['string', before]);
    expect((await fleetwake(dataFolder, [...register, '--replace'])).exitCode).toBe(0);
    expect(await digest()).not.toBe(before);
  }));
