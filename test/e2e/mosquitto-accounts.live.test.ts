import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type IClientOptions } from 'mqtt';
import { expect, test } from 'vitest';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { saveVehicles } from '../../gateway/api-iot/store/vehicles.ts';
import { mosquittoAcl } from '../../gateway/broker/mosquitto-acl.ts';
import { type Keys, openKeys } from '../../gateway/live/keys.ts';
import { preparedSqlite } from '../../gateway/live/prepared-database.ts';
import { mosquittoPassword } from '../../shared/live/mosquitto-password.ts';
import { findOnPath } from '../../shared/live/processes.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { type RunningMosquitto, runMosquitto } from '../gateway/broker/mosquitto.ts';
import { vinA, vinB } from '../helpers/broker-under-test.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { inProcess } from '../simulator/cli/command-in-process.ts';

const vinC = 'WFWAUR1E0TA100001';

interface Installation {
  readonly data: string;
  readonly out: string;
  readonly keys: Keys;
  /** Registers a vehicle with this password, as the API IoT keeps it. */
  register(vin: string, password: string): Promise<void>;
}

/** A data folder with its secrets and a database of the API IoT. */
function withInstallation(work: (installation: Installation) => Promise<void>): Promise<void> {
  return withTemporaryFolder(async (folder) => {
    // Mosquitto continues as a user of its own, and must find its files; the data folder is for its owner alone.
    chmodSync(folder, 0o755);
    const data = join(folder, 'data');
    mkdirSync(data);

    const keys = await openKeys(data);
    const database = await preparedSqlite<ApiIotSchema>(join(data, 'api-iot.db'), migrateApiIot);
    try {
      await work({
        ...{ data, out: join(folder, 'mosquitto'), keys },
        register: async (vin, password) => {
          const row = { vin, model: 'aurora-2026', credential_digest: systemSecrets.digest(password) };
          await database.write((transaction) => saveVehicles(transaction, [row]));
        },
      });
    } finally {
      await database.close();
    }
  });
}

const account = (vin: string, password: string): IClientOptions => ({
  ...{ clientId: `vehicle-${vin}`, username: vin, password },
  ...{ reconnectPeriod: 0, protocolVersion: 4 },
});

/** The code of the CONNACK: 0 accepted, 5 refused. */
async function connackOf({ url }: RunningMosquitto, options: IClientOptions): Promise<number> {
  try {
    const client = await connectAsync(url, options);
    await client.endAsync(true);
    return 0;
  } catch (error) {
    return (error as { readonly code: number }).code;
  }
}

test('writes the hash of a password that mosquitto_passwd writes with the same salt', () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'made');
    const program = (await findOnPath('mosquitto_passwd')) ?? 'mosquitto_passwd';
    execFileSync(program, ['-c', '-b', file, 'ana', 'a secret'], { stdio: 'ignore' });
    const made = readFileSync(file, 'utf8').trim().slice('ana:'.length);
    const salt = Buffer.from(made.split('$')[3] ?? '', 'base64');
    expect(mosquittoPassword('a secret', salt)).toBe(made);
    expect(mosquittoPassword('a secret')).not.toBe(mosquittoPassword('a secret'));
  }));

test('has the access rules of the documented file', () => {
  expect(mosquittoAcl).toBe(readFileSync('docs/mosquitto/acl.conf', 'utf8'));
});

test('fleetwake mosquitto-accounts writes files with which a Mosquitto knows every vehicle, the API IoT and a monitor, and each may do what is theirs', () =>
  withInstallation(async ({ data, out, keys, register }) => {
    await register(vinA, 'a-token');
    await register(vinB, 'b-token');
    writeFileSync(join(data, 'fleet.json'), JSON.stringify({ [vinA]: 'a-token' }));
    const printed = join(data, 'printed.jsonl');
    writeFileSync(printed, `${JSON.stringify({ vin: vinB, username: vinB, password: 'b-token' })}\n\n`);
    const call = ['mosquitto-accounts', '--data', data, '--out', out, '--accounts', printed];
    const passwords = join(out, 'fleetwake.passwd');
    const acl = join(out, 'fleetwake.acl');
    expect(await inProcess(call)).toEqual({
      stdout: `${passwords} and ${acl}: 2 vehicles, api-iot, monitor\n`,
      stderr: '',
      error: null,
      exitCode: 0,
    });
    expect(readFileSync(passwords, 'utf8')).not.toContain('token');
    execFileSync('chown', ['mosquitto:', passwords, acl]);
    await runMosquitto({ folder: out, passwords, acl }, async (broker) => {
      expect(await connackOf(broker, account(vinA, 'a-token'))).toBe(0);
      expect(await connackOf(broker, account(vinB, 'b-token'))).toBe(0);
      expect(await connackOf(broker, account(vinB, 'a-token'))).toBe(5);
      expect(await connackOf(broker, account(vinC, 'c-token'))).toBe(5);
      const monitor = await connectAsync(broker.url, {
        ...{ clientId: 'monitor', username: 'monitor', password: keys.brokerMonitorPassword },
        protocolVersion: 4,
      });
      const seen: string[] = [];
      monitor.on('message', (topic) => seen.push(topic));
      await monitor.subscribeAsync('vehicles/#', { qos: 1 });
      const vehicle = await connectAsync(broker.url, account(vinA, 'a-token'));
      // The rules drop what a vehicle says as another one.
      await vehicle.publishAsync(`vehicles/${vinB}/evt/result`, '{}', { qos: 1 });
      await vehicle.publishAsync(`vehicles/${vinA}/evt/result`, '{}', { qos: 1 });
      const apiIot = await connectAsync(broker.url, {
        ...{ clientId: 'api-iot', username: 'api-iot', password: keys.brokerServicePassword },
        protocolVersion: 4,
      });
      await apiIot.publishAsync(`vehicles/${vinA}/cmd/configure`, '{}', { qos: 1 });
      await until(() => seen.length === 2, 'the monitor has what was allowed');
      expect(seen).toEqual([`vehicles/${vinA}/evt/result`, `vehicles/${vinA}/cmd/configure`]);

      // A vehicle more: the files are written again, stay Mosquitto's own, and are read at a SIGHUP.
      await register(vinC, 'c-token');
      writeFileSync(join(data, 'fleet.json'), JSON.stringify({ [vinA]: 'a-token', [vinC]: 'c-token' }));
      expect((await inProcess([...call, '--json'])).stdout).toBe(
        `${JSON.stringify({ passwords, acl, vehicles: 3, services: ['api-iot', 'monitor'], unknown: [] })}\n`,
      );
      broker.process.kill('SIGHUP');
      await until(
        async () => (await connackOf(broker, account(vinC, 'c-token'))) === 0,
        'the new vehicle is known',
      );
      await Promise.all([monitor, vehicle, apiIot].map((client) => client.endAsync(true)));
    });
  }));

test('a vehicle whose password is not known, or was replaced, gets no account, is named, and ends the command with 1', () =>
  withInstallation(async ({ data, out, register }) => {
    await register(vinA, 'new-token');
    await register(vinB, 'b-token');
    await register(vinC, 'c-token');
    writeFileSync(join(data, 'fleet.json'), JSON.stringify({ [vinA]: 'old-token', [vinB]: 'b-token' }));
    const outcome = await inProcess(['mosquitto-accounts', '--data', data, '--out', out]);
    expect([outcome.error, outcome.exitCode, outcome.stderr]).toEqual([
      null,
      1,
      `fleetwake: no account for ${vinA}, ${vinC}: only the digests of their passwords are kept. Give what "fleetwake register --json" printed with --accounts, or register them again with --replace\n`,
    ]);
    const names = readFileSync(join(out, 'fleetwake.passwd'), 'utf8')
      .split('\n')
      .map((line) => line.split(':')[0]);
    expect(names).toEqual(['api-iot', 'monitor', vinB, '']);
  }));
