import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policiesOf, readOwnCatalogue } from '../../simulator/check/own-catalogue.ts';
import { readPolicy } from '../../simulator/check/own-policy.ts';
import { cliFile } from '../e2e/build.ts';

const offers = [{ duration: { unit: 'permanent' }, price: { amountMinor: 990, currency: 'EUR' } }];

function mistakesOf(text: string): readonly string[] {
  const reading = readPolicy('my-policy.yaml', text);
  return reading.ok ? [] : reading.mistakes;
}

describe('A retry policy of a team', () => {
  test('is refused when no wait would ever grow', () => {
    expect(mistakesOf('baseDelayMs: 60000\nmaxDelayMs: 30000')).toEqual([
      'my-policy.yaml: maxDelayMs (30000) is below baseDelayMs (60000): no wait would ever grow; raise maxDelayMs.',
    ]);
  });

  test('is refused when the quota would decide and not the policy, up to the very attempt', () => {
    expect(mistakesOf('maxRetries: 15\nbaseDelayMs: 5000\nmaxDelayMs: 60000')).toEqual([
      'my-policy.yaml: maxRetries (15) allows 16 attempts, and with these delays attempts 1 to 11 may fall within 7.3 min. The API IoT takes 10 commands for a vehicle in an hour, so from attempt 11 on the quota would decide when the customer is served, not this policy. Lower maxRetries to 9, or raise baseDelayMs and maxDelayMs.',
    ]);
    expect(mistakesOf('maxRetries: 9\nbaseDelayMs: 5000\nmaxDelayMs: 60000')).toEqual([]);
    // 30, 60, 120, 240, 480 and then 900 s each: eleven attempts take 5,430 s.
    expect(mistakesOf('maxRetries: 20')).toEqual([]);
  });

  test('is refused when its deadline is shorter than one time-out', () => {
    expect(mistakesOf('deadlineMs: 60000')).toEqual([
      'my-policy.yaml: the deadline (deadlineMs, 60 s) is shorter than one time-out (commandTimeoutMs, 5 min, and 5 s for the notification): a vehicle that answers late is never tried again. Raise deadlineMs to at least 305000, or lower commandTimeoutMs.',
    ]);
    expect(mistakesOf('deadlineMs: 305000')).toEqual([]);
  });

  test('names fields that it does not know, and values that it cannot read', () => {
    expect(mistakesOf('maxRetry: 3\nbaseDelayMs: soon')).toEqual([
      'my-policy.yaml: baseDelayMs is "soon"; write a duration such as "45 min", "30 s", "2 h" or "500 ms", or a whole number of milliseconds.',
      'my-policy.yaml has the unknown field "maxRetry"; did you mean maxRetries?',
    ]);
  });

  test('takes what it leaves out from the specification', () => {
    expect(readPolicy('my-policy.yaml', 'maxRetries: 2')).toEqual({
      ok: true,
      policy: { maxRetries: 2, baseDelayMs: 30_000, maxDelayMs: 900_000, commandTimeoutMs: 300_000 },
    });
  });
});

describe('A catalogue of a team', () => {
  const service = { id: 'night-glow', name: 'Night glow', feature: 'ambient_light', offers };

  test('is sold to the models that have the feature, and brings its policies', () => {
    const policy = { maxRetries: 1, deadlineMs: 400_000 };
    const reading = readOwnCatalogue('my.json', JSON.stringify({ services: [{ ...service, policy }] }));
    if (!reading.ok) throw new Error(reading.mistakes.join());
    expect(reading.catalogue.configuration('night-glow', 'cirrus-2025')?.parameters).toEqual({});
    expect(policiesOf(reading.catalogue)).toEqual([
      {
        maxRetries: 1,
        baseDelayMs: 30_000,
        maxDelayMs: 900_000,
        commandTimeoutMs: 300_000,
        deadlineMs: 400_000,
      },
    ]);
    const sport = readOwnCatalogue(
      'my.json',
      JSON.stringify({ services: [{ ...service, feature: 'sport_mode' }] }),
    );
    expect(sport.ok && sport.catalogue.configuration('night-glow', 'cirrus-2025')).toBeNull();
  });

  test('is refused for a feature that no vehicle has, and for a policy that cannot work', () => {
    const services = [
      { ...service, feature: 'laser_eyes' },
      { ...service, id: 'hasty', policy: { deadlineMs: 1_000 } },
    ];
    expect(readOwnCatalogue('my.json', JSON.stringify({ services }))).toEqual({
      ok: false,
      mistakes: [
        'my.json: the service night-glow wakes "laser_eyes", which no simulated vehicle has; use one of heated_seats, adaptive_cruise, range_boost, ambient_light, remote_start, sport_mode.',
        'my.json: policy of hasty: the deadline (deadlineMs, 1 s) is shorter than one time-out (commandTimeoutMs, 5 min, and 5 s for the notification): a vehicle that answers late is never tried again. Raise deadlineMs to at least 305000, or lower commandTimeoutMs.',
      ],
    });
  });

  test('is refused by its own name where its shape is wrong', () => {
    expect(readOwnCatalogue('my.json', '{"services": 3}')).toEqual({
      ok: false,
      mistakes: ['my.json: services is 3; write a list of services.'],
    });
  });
});

describe('fleetwake check --policy --catalogue', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'own-subject-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const check = (...given: string[]) =>
    promisify(execFile)(process.execPath, [cliFile, 'check', '--corpus', 'none', ...given], { cwd: folder });

  test('runs them, holds every rule, and says nothing of probes at zero', async () => {
    writeFileSync(join(folder, 'policy.yaml'), 'maxRetries: 0\ncommandTimeoutMs: 30000\n');
    const services = [{ id: 'night-glow', name: 'Night glow', feature: 'ambient_light', offers }];
    writeFileSync(join(folder, 'catalogue.json'), JSON.stringify({ services }));
    const own = ['--policy', 'policy.yaml', '--catalogue', 'catalogue.json'];
    await check('--runs', '30', '--workers', '2', '--json', 'report.json', ...own);
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
      ok: boolean;
      runs: number;
      probes: Record<string, number>;
    };
    expect(report).toMatchObject({ ok: true, runs: 30 });
    // Never tried again, and nothing is sold that is paid at once.
    expect(report.probes['immediate charge refunded']).toBe(0);
  });

  test('ends with 2 and a sentence for a policy that is refused', async () => {
    writeFileSync(join(folder, 'hasty.yaml'), 'deadlineMs: 60000\n');
    await expect(check('--policy', 'hasty.yaml')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the deadline (deadlineMs, 60 s) is shorter than one time-out'),
    });
  });
});
