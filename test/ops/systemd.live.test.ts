import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { options } from '../../gateway/config.ts';
import { findOnPath } from '../../shared/live/processes.ts';
import { fleetwakeProgram } from '../../simulator/cli/program.ts';
import { buildWhenOutdated, cliFile } from '../e2e/build.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';

const folder = fileURLToPath(new URL('../../ops/systemd/', import.meta.url));
const unit = readFileSync(join(folder, 'fleetwake-gateway.service'), 'utf8');
const settings = readFileSync(join(folder, 'gateway.env'), 'utf8')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
  .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);

/** The values of one setting of the unit, in their order. */
const valuesOf = (name: string) =>
  unit.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
const [analyze] = [await findOnPath('systemd-analyze')];

describe('the unit of the gateway', () => {
  test('calls commands with options that there are', async () => {
    const calls = [...valuesOf('ExecStartPre'), ...valuesOf('ExecStart')];
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      const [node, main, ...words] = call.split(' ');
      expect([node, main]).toEqual(['/usr/bin/node', '/opt/fleetwake/dist/command/main.js']);
      let command = await fleetwakeProgram(words[0]);
      for (const word of words) {
        const next = command.commands.find((one) => one.name() === word);
        if (next === undefined) break;
        command = next;
      }
      const flags = command.options.map(({ long }) => long);
      for (const word of words.filter((one) => one.startsWith('--'))) expect(flags, word).toContain(word);
    }
  });

  test('has settings that there are, and every secret in a file of the credentials', () => {
    const known = Object.values(options).map(({ environment }) => `${environment}`);
    expect(settings.length).toBeGreaterThan(5);
    for (const [name, value] of settings) {
      expect(known, name).toContain(name.replace(/_FILE$/, ''));
      if (name.endsWith('_FILE'))
        expect(value).toMatch(/^\/run\/credentials\/fleetwake-gateway\.service\/secrets_[a-z-]+$/);
      else expect([name, value].join('=')).not.toMatch(/PASSWORD|KEY|SECRET|:\/\/[^/]*@/);
    }
    expect(valuesOf('LoadCredential')).toEqual(['secrets:/etc/fleetwake/secrets']);
  });

  test('runs without rights, and is started again after every failure', () => {
    const given = ['DynamicUser', 'ProtectSystem', 'NoNewPrivileges', 'CapabilityBoundingSet', 'UMask'].map(
      (name) => valuesOf(name),
    );
    expect(given).toEqual([['yes'], ['strict'], ['yes'], [''], ['0077']]);
    expect([valuesOf('Restart'), valuesOf('RestartPreventExitStatus')]).toEqual([['on-failure'], []]);
    // Without it systemd gives up after five starts in ten seconds, or as its own settings say.
    expect(valuesOf('StartLimitIntervalSec')).toEqual(['0']);
  });

  test.skipIf(analyze === undefined)('is a unit that systemd takes', () =>
    withTemporaryFolder(async (temporary) => {
      const copy = join(temporary, 'fleetwake-gateway.service');
      writeFileSync(copy, unit.replaceAll('/usr/bin/node', process.execPath));
      const { status, stdout, stderr } = spawnSync(analyze ?? '', ['verify', '--man=no', copy], {
        encoding: 'utf8',
      });
      expect([status, stdout]).toEqual([0, '']);
      // It looks at the units of the machine as well.
      expect(stderr.split('\n').filter((line) => line.includes('fleetwake'))).toEqual([]);
    }),
  );
});

describe('the settings of the unit', () => {
  beforeAll(buildWhenOutdated);

  test('pass the check that comes before the start, and a wrong one ends it with 2', () =>
    withTemporaryFolder(async (temporary) => {
      const secrets = join(temporary, 'secrets');
      mkdirSync(secrets);
      const contents: Readonly<Record<string, string>> = {
        'database-url': 'postgres://fleetwake:secret-1@127.0.0.1:5432/fleetwake',
        'nats-url': 'nats://fleetwake:secret-2@127.0.0.1:4222',
        'payments-key': 'secret-3',
        'smtp-url': 'smtp://fleetwake:secret-4@127.0.0.1:25',
      };
      const env = Object.fromEntries(
        settings.map(([name, value]) => {
          const [, secret] = /secrets_([a-z-]+)$/.exec(value) ?? [];
          if (secret === undefined) return [name, value];
          writeFileSync(join(secrets, secret), contents[secret] ?? '');
          return [name, join(secrets, secret)];
        }),
      );
      const [check = ''] = valuesOf('ExecStartPre');
      const words = check
        .split(' ')
        .slice(2)
        .map((word) => word.replace('/var/lib/fleetwake', temporary));
      const run = (more: Readonly<Record<string, string>>) =>
        spawnSync(process.execPath, [cliFile, ...words], { encoding: 'utf8', env: { ...env, ...more } });
      const good = run({});
      expect([good.status, good.stderr]).toEqual([0, '']);
      expect(good.stdout).not.toMatch(/secret-\d/);
      const bad = run({ API_IOT_QUOTA: 'many' });
      expect([bad.status, `${bad.stdout}${bad.stderr}`]).toEqual([
        2,
        expect.stringContaining('API_IOT_QUOTA'),
      ]);
    }));
});
