import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { withPlatform } from '../helpers/running-platform.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

test('`fleetwake register --file` registers each line that it can, names the others by file and line, and exits with 1', async () => {
  await withPlatform({ vehicles: [] }, async ({ origins, dataFolder }) => {
    const file = join(dataFolder, 'vehicles.jsonl');
    const lines = [
      '{"vin": "1M8GDM9AXKP042788", "customer": "ana", "email": "ana@example.com"}',
      '{"vin": "WDBEA30D3HA391172", "customer": "bo", "email": "no address"}',
      '{"vin": "x"}',
      '{"vin": "11111111111111111", "customer": "cleo"}',
    ];
    writeFileSync(file, lines.join('\n'));
    const places = [
      '--platform-url',
      origins.platform,
      '--api-iot-url',
      origins.apiIot,
      '--data',
      dataFolder,
    ];
    const run = (...words: string[]) => fleetwake(dataFolder, ['register', ...words, ...places]);
    const first = await run('--file', file, '--json');
    expect(first.exitCode).toBe(1);
    const accounts = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(accounts).toEqual(
      ['1M8GDM9AXKP042788', '11111111111111111'].map((vin) => ({
        vin,
        clientId: `vehicle-${vin}`,
        username: vin,
        password: expect.stringMatching(/^[\w-]{43}$/),
      })),
    );
    const told = first.stderr.trim().split('\n');
    expect(told).toHaveLength(3);
    expect(told[0]).toMatch(new RegExp(`^fleetwake: ${file}:2: WDBEA30D3HA391172: customer bo: email: `));
    expect(told[1]).toMatch(new RegExp(`^fleetwake: ${file}:3: x: "x" is not a VIN: `));
    expect(told[2]).toBe('fleetwake: 2 vehicles registered, 2 lines refused');

    const again = await run('--file', file);
    expect([again.exitCode, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain(`${file}:1: 1M8GDM9AXKP042788: 1M8GDM9AXKP042788 is already registered`);
    expect((await run('--file', file, '--replace')).stdout).toMatch(
      /^1M8GDM9AXKP042788 {2}vehicle-1M8GDM9AXKP042788 {2}[\w-]{43}\n/,
    );
    const spaced = await run('1HGCM82633A004352', '--customer', 'a ');
    expect([spaced.exitCode, spaced.stdout]).toEqual([2, '']);
    expect(spaced.stderr).toBe(
      'fleetwake: customer a : --customer: 1 to 255 printable ASCII characters, no space at either end, and not . or ...\n',
    );
    expect(await run()).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'fleetwake: give a VIN, or a file with one vehicle per line (--file)\n',
    });
  });
});
