import { spawn } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated, cliFile } from './build.ts';

beforeAll(buildWhenOutdated, 300_000);

test('starts with a flag of Node that its threads do not take', () =>
  withTemporaryFolder(async (folder) => {
    const ports = [
      'port',
      'api-iot-port',
      'mqtt-port',
      'payments-port',
      'smtp-port',
      'mail-port',
      'push-port',
    ];
    const free = [...ports, 'control-port'].flatMap((name) => [`--${name}`, '0']);
    const up = ['up', '--vehicles', '0', '--no-test-vehicles', '--no-console', '--json', ...free];
    const command = spawn(process.execPath, ['--max-old-space-size=2048', cliFile, ...up], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, API_IOT_THREAD: 'yes' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let complained = '';
    command.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    command.stderr.on('data', (chunk: Buffer) => {
      complained += chunk.toString();
    });
    const ended = new Promise((resolve) => command.once('close', resolve));
    try {
      await until(() => said.endsWith('\n') || command.exitCode !== null, 'it is up');
      expect([command.exitCode, complained]).toEqual([null, '']);
    } finally {
      command.kill('SIGTERM');
      await ended;
    }
  }));
