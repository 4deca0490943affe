import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { saveVehicles } from '../../gateway/api-iot/store/vehicles.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated, cliFile } from './build.ts';

beforeAll(buildWhenOutdated);

/** The command in a shell with a limit of open files, hard and soft. */
function limitedCall(limit: number, folder: string, call: string) {
  const command = `ulimit -n ${limit} && exec ${process.execPath} ${cliFile} ${call}`;
  const env = { PATH: process.env.PATH, HOME: folder, NATS_SERVER: 'none' };
  return { parameters: ['-c', command], settings: { cwd: folder, env } };
}

/** Runs the command until it ends by itself. */
async function limited(limit: number, folder: string, call: string) {
  const { parameters, settings } = limitedCall(limit, folder, call);
  return promisify(execFile)('bash', parameters, settings).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );
}

const sentence = (vehicles: number, needed: number, limit: number, most: number) =>
  `fleetwake: ${vehicles} vehicles need ${needed} open files and the limit is ${limit} (ulimit -n): raise it with "ulimit -n ${needed}", or start at most ${most} vehicles\n`;

test.each([
  ['up --vehicles 300 --no-test-vehicles', sentence(300, 850, 450, 100)],
  ['fleet --vehicles 300', sentence(300, 550, 450, 200)],
  ['run default --live', sentence(200, 650, 450, 100)],
])('names limit and need before anything starts: %s', async (call, stderr) => {
  await withTemporaryFolder(async (folder) => {
    await openKeys(join(folder, '.fleetwake'));
    expect(await limited(450, folder, call)).toEqual({ code: 2, stdout: '', stderr });
  });
});

test('names the largest scenario of run --all --live before the first one begins', async () => {
  await withTemporaryFolder(async (folder) => {
    const { code, stdout, stderr } = await limited(450, folder, 'run --all --live');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/fleetwake: \d+ vehicles need \d+ open files and the limit is 450 \(ulimit -n\)/);
    expect(stderr).not.toContain('scenario ');
  });
});

test('refuses to start a gateway that cannot work, and counts the test vehicles of up', async () => {
  await withTemporaryFolder(async (folder) => {
    expect(await limited(200, folder, 'gateway')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'fleetwake: a gateway needs 250 open files and one more for each vehicle at its broker, and the limit is 200 (ulimit -n): raise it with "ulimit -n 250" or more\n',
    });
    const up = await limited(450, folder, 'up --vehicles 100');
    expect([up.code, up.stdout]).toEqual([2, '']);
    expect(up.stderr).toMatch(/^fleetwake: 1\d\d vehicles need \d+ open files and the limit is 450/);
  });
});

test('warns at the start of a gateway that not every registered vehicle can connect', async () => {
  await withTemporaryFolder(async (folder) => {
    await openKeys(join(folder, '.fleetwake'));
    const database = openSqlite<ApiIotSchema>(join(folder, '.fleetwake', 'api-iot.db'));
    await migrateApiIot(database);
    const vehicles = Array.from({ length: 300 }, (_, index) => ({
      vin: makeVin('WFWAUR1E', 'A', index + 1),
      model: 'aurora-2026',
      credential_digest: 'x'.repeat(43),
    }));
    await database.write((transaction) => saveVehicles(transaction, vehicles));
    await database.close();
    const call = 'gateway --roles api-iot,broker --api-iot-port 0 --mqtt-port 0';
    const { parameters, settings } = limitedCall(450, folder, call);
    const gateway = spawn('bash', parameters, settings);
    let text = '';
    gateway.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const ended = once(gateway, 'exit');
    await until(() => text.includes('\n') || gateway.exitCode !== null, 'it warns');
    gateway.kill('SIGTERM');
    await ended;
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
      level: 40,
      event: 'gateway.open_files_low',
      message:
        '300 vehicles need 550 open files and the limit is 450 (ulimit -n): raise it with "ulimit -n 550", or start at most 200 vehicles',
    });
  });
});
