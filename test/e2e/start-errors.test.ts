import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { UsageError } from '../../simulator/cli/exit.ts';
import { checkNodeVersion } from '../../simulator/cli/node-version.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, startFleetwake } from './command.ts';
import { withTakenPort } from './taken-port.ts';

beforeAll(buildWhenOutdated);

const freePorts = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];

/** Runs it in an empty folder; what it says must be these sentences, with exit code 2 and nothing on standard output. */
async function refuses(
  parameters: readonly string[],
  sentences: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    expect(await fleetwake(folder, parameters, environment)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `${sentences}\n`,
    });
  });
}

describe.concurrent('a port that is taken', () => {
  test.each(['--port', '--api-iot-port'])('is named with its flag: %s', async (flag) => {
    await withTakenPort(async (taken) => {
      const port = String(taken);
      const others = freePorts.filter((_, index) => freePorts[index - (index % 2)] !== flag);
      await refuses(
        ['gateway', ...others, flag, port],
        `fleetwake: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with ${flag}`,
      );
    });
  });

  test('of the broker', async () => {
    await withTakenPort(async (port) => {
      await refuses(
        ['gateway', ...freePorts.slice(0, 4), '--mqtt-port', `${port}`],
        `fleetwake: The MQTT broker cannot listen on 127.0.0.1:${port}: another program has the port; choose another one.`,
      );
    });
  });

  test('of the mail page, and the stand-ins that had started do not keep the process', async () => {
    await withTakenPort(async (port) => {
      await refuses(
        ['up', ...freePorts, '--mail-port', `${port}`],
        `fleetwake: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --mail-port`,
      );
    });
  });
});

describe.concurrent('the control port that is taken', () => {
  const sentence = (port: number) =>
    `fleetwake: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --control-port\n`;

  test('is said before anything is started: fleetwake up', async () => {
    await withTakenPort((port) =>
      withTemporaryFolder(async (folder) => {
        const up = ['up', ...freePorts, '--mail-port', '0', '--control-port', `${port}`];
        expect(await fleetwake(folder, up)).toEqual({ exitCode: 2, stdout: '', stderr: sentence(port) });
        expect(await readdir(join(folder, '.fleetwake'))).toEqual(['keys.json']);
      }),
    );
  });

  test('is said before a platform is asked: fleetwake fleet', async () => {
    await withTakenPort((port) =>
      withTemporaryFolder(async (folder) => {
        await openKeys(join(folder, '.fleetwake'));
        const nobody = ['--platform-url', 'http://127.0.0.1:1', '--api-iot-url', 'http://127.0.0.1:1'];
        const fleet = ['fleet', ...nobody, '--control-port', `${port}`];
        expect(await fleetwake(folder, fleet)).toEqual({ exitCode: 2, stdout: '', stderr: sentence(port) });
      }),
    );
  });
});

describe.concurrent('NATS', () => {
  test('that does not answer at NATS_URL: the gateway starts without it, and prints a warning', async () => {
    await withTemporaryFolder(async (folder) => {
      const gateway = startFleetwake(folder, ['gateway', ...freePorts], { NATS_URL: 'nats://127.0.0.1:1' });
      await until(() => gateway.stdout().endsWith('\n') || gateway.process.exitCode !== null, 'it starts');
      const reason =
        'NATS at nats://127.0.0.1:1 cannot be used: connection refused (connect ECONNREFUSED 127.0.0.1:1)';
      const started = JSON.parse(gateway.stdout());
      expect(started.bus).toBe(
        `NATS JetStream by NATS_URL, which is away (${reason}): purchases are taken, and the engine works by its sweep until it answers`,
      );
      gateway.process.kill('SIGTERM');
      expect(await gateway.exitCode()).toBe(0);
      const line = gateway
        .stderr()
        .split('\n')
        .find((one) => one.includes('bus.away_at_start'));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 50, event: 'bus.away_at_start', reason });
    });
  });

  test('that is not installed: the gateway starts with a bus of its own, and prints a warning', async () => {
    await withTemporaryFolder(async (folder) => {
      const gateway = startFleetwake(folder, ['gateway', ...freePorts], {
        NATS_SERVER: 'no-nats-server',
        PAYMENTS_URL: 'http://127.0.0.1:1',
        SMTP_URL: 'smtp://127.0.0.1:1',
      });
      await until(() => gateway.stdout().endsWith('\n') || gateway.process.exitCode !== null, 'it starts');
      expect(JSON.parse(gateway.stdout())).toMatchObject({
        event: 'gateway.started',
        bus: 'a bus inside this process, because no-nats-server is not installed: run "apt-get install nats-server", set NATS_URL to a running one, or start with --install',
      });
      gateway.process.kill('SIGTERM');
      expect([await gateway.exitCode(), gateway.stderr()]).toEqual([0, '']);
    });
  });
});

describe.concurrent('a catalogue', () => {
  test('that is not there', async () => {
    await refuses(
      ['gateway', ...freePorts, '--catalogue', '/nowhere'],
      `fleetwake: The catalogue cannot be used:
- services.json cannot be read: there is no such file; put it there or name another catalogue folder.`,
    );
  });

  test('with mistakes: every one is named with its fix', async () => {
    await withTemporaryFolder(async (folder) => {
      await mkdir(join(folder, 'templates'));
      await writeFile(join(folder, 'services.json'), '{"services":[{"id":"Heated Seats","offers":[]}]}');
      await refuses(
        ['gateway', ...freePorts],
        `fleetwake: The catalogue cannot be used:
- services.json: services[0].id is "Heated Seats"; write 1 to 64 small letters, digits and hyphens.
- services.json: services[0].name is missing; write the name that customers see.
- services.json: services[0].feature is missing; write the feature's name in the vehicle, such as heated_seats.
- services.json: services[0].offers is []; write at least one offer.`,
        { FLEETWAKE_CATALOGUE: folder },
      );
    });
  });
});

describe.concurrent('a database', () => {
  test('that is no database', async () => {
    await withTemporaryFolder(async (folder) => {
      const file = join(folder, 'platform.db');
      await writeFile(file, 'not a database. '.repeat(1_000));
      await refuses(
        ['gateway', ...freePorts, '--data', folder],
        `fleetwake: the database ${file} cannot be used (file is not a database): restore it, or choose another folder with --data`,
      );
    });
  });

  test('that does not answer, and its password is not shown', async () => {
    await refuses(
      ['gateway', ...freePorts],
      'fleetwake: the PostgreSQL of --database-url cannot be used (connect ECONNREFUSED 127.0.0.1:1): start it, or correct --database-url (DATABASE_URL)',
      { DATABASE_URL: 'postgres://fleetwake:secret@127.0.0.1:1/platform' },
    );
  });

  test.each([
    ['/etc/hostname/data', 'ENOTDIR'],
    // No folder can be made there, and the system reports that it does not exist.
    ['/proc/data', 'ENOENT'],
  ])('whose folder cannot be made: %s', async (data, code) => {
    await refuses(
      ['gateway', ...freePorts, '--data', data],
      `fleetwake: the folder ${data} cannot be made (${code}): choose another with --data`,
    );
  });
});

describe.concurrent('a call', () => {
  test.each([
    [['gateway', '--prot', '1'], "error: unknown option '--prot'\n(Did you mean --port?)"],
    [['check', '--runs', '0'], 'fleetwake: --runs must be a whole number from 1 to 1000000, not "0"'],
  ])('is refused with a sentence: fleetwake %j', (parameters, sentence) => refuses(parameters, sentence));

  test.each([
    [['vehicle', '1M8GDM9AXKP042788'], 'FLEETWAKE_PLATFORM_URL', '--platform-url'],
    [['fault', 'list'], 'FLEETWAKE_CONTROL_URL', '--control-url'],
  ])(
    'takes its address from the environment, and refuses one that cannot be: fleetwake %j',
    async (parameters, name, flag) => {
      await withTemporaryFolder(async (folder) => {
        for (const file of ['keys.json', 'control.json']) await writeFile(join(folder, file), '{}');
        const call = [...parameters, '--data', folder];
        const wrong = `fleetwake: ${flag} (${name}) must be a URL that starts with http:// or https://, not "localhost:9"`;
        await refuses(call, wrong, { [name]: 'localhost:9' });
        const { exitCode, stderr } = await fleetwake(folder, call, { [name]: 'http://127.0.0.1:1/' });
        expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/ at http:\/\/127\.0\.0\.1:1 \(/)]);
        // A flag wins.
        await refuses([...call, flag, 'localhost:8'], wrong.replace('9', '8'), {
          [name]: 'http://127.0.0.1:1',
        });
      });
    },
  );

  test('with several bad values names each, with its environment name', async () => {
    await refuses(
      ['gateway', '--port', '99999', '--roles', 'platform,queen'],
      `fleetwake: --roles (FLEETWAKE_ROLES) knows platform, engine, api-iot, broker, not "queen"
--port (FLEETWAKE_PORT) must be a whole number from 0 to 65535, not "99999"
--mqtt-url (MQTT_URL) must be a URL that starts with mqtt:// or mqtts://, not "localhost:1883"`,
      { MQTT_URL: 'localhost:1883' },
    );
  });

  test.each([
    [
      ['purchase', '--platform-url', 'http://127.0.0.1:1'],
      'fleetwake: no platform API answers at http://127.0.0.1:1 (POST http://127.0.0.1:1/oauth/token: ECONNREFUSED): start it with "fleetwake up", or give its address with --platform-url',
    ],
    [
      ['fleet', '--platform-url', 'http://127.0.0.1:1', '--api-iot-url', 'http://127.0.0.1:1'],
      'fleetwake: POST http://127.0.0.1:1/oauth/token: ECONNREFUSED: no response. Start it with "fleetwake up", or give another address with --platform-url and --api-iot-url',
    ],
  ])('to a gateway that is not there: fleetwake %j', async (parameters, sentence) => {
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'keys.json'), '{}');
      await refuses([...parameters, '--data', folder], sentence);
    });
  });
});

test.concurrent('a Node that is too old is refused with a sentence, and the three supported ones are not', () => {
  for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.3.1', '100.0.0']) checkNodeVersion(version);
  for (const version of ['20.18.3', '18.20.8', '9.0.0']) {
    expect(() => checkNodeVersion(version)).toThrow(
      new UsageError(`Node ${version} is too old: Fleetwake needs Node 20.19 or later (20, 22 or 24)`),
    );
  }
});
