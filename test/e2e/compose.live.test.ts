import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { options } from '../../gateway/config.ts';
import { findOnPath } from '../../shared/live/processes.ts';
import { fleetwakeProgram } from '../../simulator/cli/program.ts';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withPostgres } from '../helpers/postgres.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated, cliFile } from './build.ts';
import { imageEnvironment } from './image.ts';

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly build?: { readonly dockerfile: string };
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly network_mode?: string;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const { services, secrets } = compose;
const service = (name: string): Service => {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};
/** Those of our image. */
const own = Object.entries(services).filter(([, { build }]) => build !== undefined);

describe('docker-compose.yml', () => {
  test('keeps every secret in a file: none stands in a command or an environment', () => {
    for (const { command = [], environment = {} } of Object.values(services)) {
      expect(command.join(' ')).not.toMatch(/pass|secret=|:[^/]*@/i);
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|KEY|SECRET/.test(name)) expect(name).toMatch(/_FILE$/);
        if (name.endsWith('_FILE')) expect(value).toMatch(/^\/run\/secrets\//);
        else expect(value).not.toMatch(/:\/\/[^$]*@/);
      }
    }
  });

  test('mounts each secret file that a service names, and names each that it mounts', () => {
    const named = (one: Service) =>
      [...(one.command ?? []), ...Object.values(one.environment ?? {})].flatMap((value) =>
        value.startsWith('/run/secrets/') ? [value.slice('/run/secrets/'.length)] : [],
      );
    for (const one of Object.values(services))
      expect(named(one).toSorted()).toEqual((one.secrets ?? []).toSorted());
    expect(Object.entries(secrets).map(([name, { file }]) => [name, file])).toEqual(
      Object.keys(secrets).map((name) => [name, `./secrets/${name}`]),
    );
  });

  test('gives our services options that there are, in the environment and on the command line', async () => {
    const byName = new Map(Object.values(options).map((option) => [option.environment, option]));
    expect(own.map(([name]) => name)).toEqual([
      'demo',
      'platform',
      'engine',
      'api-iot',
      'mosquitto-accounts',
    ]);
    for (const [, { environment = {}, command = [] }] of own) {
      for (const name of Object.keys(environment))
        expect(byName.has(name.replace(/_FILE$/, '')), name).toBe(true);
      const [first = '', ...rest] = command;
      const program = await fleetwakeProgram(first);
      const flags = program.commands.find((one) => one.name() === first)?.options.map(({ long }) => long);
      for (const flag of rest.filter((word) => word.startsWith('--'))) expect(flags, flag).toContain(flag);
    }
  });

  test('runs our services, NATS and Mosquitto as users without rights, on read-only files, published on loopback alone', () => {
    for (const [name, one] of [
      ...own,
      ['nats', service('nats')],
      ['mosquitto', service('mosquitto')],
    ] as const) {
      expect([name, one.read_only, one.cap_drop, one.security_opt]).toEqual([
        ...[name, true, ['ALL'], ['no-new-privileges:true']],
      ]);
      // Those of our image have the user of the Dockerfile.
      expect(one.user).toBe(one.build === undefined ? '1000:1000' : undefined);
    }
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toHaveLength(5);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
    // In the network of the machine the demo listens on loopback itself.
    expect([service('demo').network_mode, service('demo').environment]).toEqual([
      'host',
      { FLEETWAKE_HOST: '127.0.0.1' },
    ]);
  });

  test('names every image by a tag of its own, and builds ours', () => {
    for (const { image, build } of Object.values(services))
      if (build === undefined) expect(image).toMatch(/:v?\d+\.?[\d.]*(-\w+)?$/);
      else expect(build.dockerfile).toBe('ops/container/Dockerfile');
  });
});

describe('docker-compose.yml as docker-compose reads it', () => {
  const read = (profile: string, environment: Readonly<Record<string, string>> = {}) =>
    parse(
      execFileSync('docker-compose', ['-f', 'docker-compose.yml', '--profile', profile, 'config'], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH: process.env.PATH ?? '', ...environment },
      }),
    ) as Omit<typeof compose, 'services'> & { readonly services: Readonly<Record<string, Read>> };
  interface Read extends Omit<Service, 'secrets' | 'build'> {
    readonly secrets?: readonly { readonly source: string }[];
    readonly depends_on?: unknown;
    readonly build?: { readonly args?: Readonly<Record<string, string>> };
  }
  const inProfile = (profile: string) =>
    Object.keys(services).filter((name) => services[name]?.profiles.includes(profile));

  test('has the demo in one service, and each part of the operator in one of its own', () => {
    expect(inProfile('demo')).toEqual(['demo']);
    expect(inProfile('operator')).toEqual([
      ...['nats', 'database', 'platform', 'engine', 'api-iot', 'mosquitto-accounts', 'mosquitto'],
      ...['prometheus', 'grafana'],
    ]);
  });

  test('is valid, and mounts each secret as a file where it is named', () => {
    const { services: given, secrets: files } = read('operator');
    const mounted = inProfile('operator').map((name) => [
      name,
      (given[name]?.secrets ?? []).map(({ source }) => source),
    ]);
    expect(Object.fromEntries(mounted)).toEqual({
      ...{ nats: ['nats.conf'], database: ['postgres-password'], grafana: ['grafana-password'] },
      ...{ platform: ['database-url', 'nats-url'], engine: ['database-url', 'nats-url'] },
      ...{ 'api-iot': [], 'mosquitto-accounts': [], mosquitto: [], prometheus: [] },
    });
    const folder = join(root, 'secrets');
    expect(Object.fromEntries(Object.entries(files).map(([name, { file }]) => [name, file]))).toEqual(
      Object.fromEntries(Object.keys(secrets).map((name) => [name, join(folder, name)])),
    );
    expect(given.platform?.depends_on).toEqual({
      ...{ database: { condition: 'service_healthy' }, nats: { condition: 'service_started' } },
      'api-iot': { condition: 'service_started' },
    });
    expect(read('demo').services.demo?.command).toEqual(service('demo').command);
    expect(service('api-iot').healthcheck?.test).toEqual([
      'CMD',
      'node',
      '/app/ops/container/healthy.mjs',
      '8081',
    ]);
  });

  test('puts a variable of the shell where the page says, and leaves no other one open', () => {
    const variables = {
      ...{ FLEETWAKE_PUBLIC_URL: 'https://caas.example', PAYMENTS_URL: 'http://pay:1' },
      ...{ SMTP_URL: 'smtp://mail:1', NODE_IMAGE: 'node:24-slim' },
    };
    const { build, environment } = read('operator', variables).services.platform ?? {};
    expect(build?.args).toEqual({ NODE_IMAGE: 'node:24-slim' });
    expect(environment).toEqual({
      ...{ API_IOT_URL: 'http://api-iot:8081', FLEETWAKE_PUBLIC_URL: 'https://caas.example' },
      ...{ PAYMENTS_URL: 'http://pay:1', SMTP_URL: 'smtp://mail:1' },
      ...{ NATS_URL_FILE: '/run/secrets/nats-url', DATABASE_URL_FILE: '/run/secrets/database-url' },
    });
    expect(read('operator').services.platform?.build?.args).toEqual({ NODE_IMAGE: 'node:22-bookworm-slim' });
  });
});

/** The lines at the head of the file that make the secrets, for a plain shell. */
const lines = text.split('\n').flatMap((line) => /^# {3}(\S.*)$/.exec(line)?.slice(1) ?? []);
const making = lines.filter((line) => !/docker compose/.test(line));

/** Runs them in a folder with these two passwords in place of drawn ones; null draws them. */
function makeSecrets(folder: string, passwords: readonly [string, string] | null): void {
  const [database = '', nats = ''] = passwords ?? [];
  const script = making.map((line) =>
    passwords === null
      ? line
      : line.replace(
          /^openssl rand .* > (\w+)-password$/,
          (_, name) => `printf '%s' '${name === 'nats' ? nats : database}' > ${name}-password`,
        ),
  );
  execFileSync('sh', ['-ec', script.join('\n')], { cwd: folder, stdio: 'pipe' });
}

const secretIn = (folder: string, name: string) => readFileSync(join(folder, 'secrets', name), 'utf8');
const passwordIn = (url: string) => decodeURIComponent(new URL(url).password);
const awkward = ['p@ss/wörd%41#:? &', 'n@ts/%2F:#?;'] as const;

describe('the lines that make the secrets', () => {
  test('draw the passwords and write files that only their owner can read', () =>
    withTemporaryFolder(async (folder) => {
      makeSecrets(folder, null);
      expect(readdirSync(join(folder, 'secrets')).toSorted()).toEqual(
        [...Object.keys(secrets), 'nats-password'].toSorted(),
      );
      expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(join(folder, 'secrets')))
        expect(statSync(join(folder, 'secrets', name)).mode & 0o777, name).toBe(0o600);
      expect(secretIn(folder, 'postgres-password')).toMatch(/^[\w+/]{32}$/);
      expect(secretIn(folder, 'postgres-password')).not.toBe(secretIn(folder, 'nats-password'));
    }));

  test('encode a password of any characters, so that the URL says it and nothing else', () =>
    withTemporaryFolder(async (folder) => {
      makeSecrets(folder, awkward);
      const urls = ['database-url', 'nats-url'].map((name) => secretIn(folder, name));
      expect(urls.map((url) => [new URL(url).host, passwordIn(url)])).toEqual([
        ['database:5432', awkward[0]],
        ['nats:4222', awkward[1]],
      ]);
    }));
});

describe('the services of the operator, started as the file says', () => {
  beforeAll(buildWhenOutdated);
  /** Only root may become another; without it the tests' own user has no rights either. */
  const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

  test('start without rights, with the passwords of the files, and show none of them', () =>
    withTemporaryFolder((folder) =>
      withPostgres(async (postgresUrl) => {
        makeSecrets(folder, awkward);
        const place = (name: string) => join(folder, 'secrets', name);
        for (const name of ['data', 'nats', 'broker']) mkdirSync(join(folder, name));
        const ports = {
          ...{ nats: await freePort(), mosquitto: await freePort(), 'api-iot': await freePort() },
          ...{ platform: await freePort(), engine: await freePort() },
        };
        const metrics = { platform: await freePort(), engine: await freePort() };
        const health = { platform: await freePort(), engine: await freePort(), 'api-iot': await freePort() };
        // The names of the services are places of this machine here; everything else stands as it was made.
        const moved = (name: string, change: (value: string) => string) =>
          writeFileSync(place(name), change(secretIn(folder, name)));
        moved('nats.conf', (conf) => conf.replace('/data', join(folder, 'nats')));
        moved('nats-url', (url) => url.replace('@nats:4222', `@127.0.0.1:${ports.nats}`));
        const { host, pathname } = new URL(postgresUrl);
        moved('database-url', (url) => url.replace('@database:5432/fleetwake', `@${host}${pathname}`));
        const conf = readFileSync(join(root, 'ops/container/mosquitto.conf'), 'utf8');
        writeFileSync(
          join(folder, 'broker', 'mosquitto.conf'),
          conf
            .replace('listener 1883 0.0.0.0', `listener ${ports.mosquitto} 127.0.0.1`)
            .replaceAll('/broker/', `${folder}/broker/`),
        );
        if (user.uid !== undefined)
          for (const path of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
            chownSync(join(folder, path), user.uid, user.uid);

        /** A word of the file, with the places of this machine. */
        const here = (word: string) =>
          word
            .replace('/run/secrets', join(folder, 'secrets'))
            .replace(/^\$\{\w+:-(.*)\}$/, '$1')
            .replace(/^\/(data|broker)$/, (_, name: string) => join(folder, name))
            .replace(
              /:\/\/(mosquitto|api-iot|platform):\d+/,
              (_, name: keyof typeof ports) => `://127.0.0.1:${ports[name]}`,
            );
        const env = (await findOnPath('env')) ?? 'env';
        /** One of our services, in the environment of the image. */
        const start = (name: keyof typeof health | 'mosquitto-accounts') => {
          const { command = [], environment = {} } = service(name);
          const own = Object.entries({ ...imageEnvironment(), ...environment, HOME: join(folder, 'data') })
            .filter(([variable]) => variable !== 'FLEETWAKE_HOST')
            .map(([variable, value]) => `${variable}=${here(value)}`);
          const given = new Map<string, number | undefined>([
            ['--port', name === 'platform' || name === 'engine' ? ports[name] : undefined],
            ['--api-iot-port', ports['api-iot']],
            ['--metrics-port', name === 'platform' || name === 'engine' ? metrics[name] : undefined],
            ['--health-port', name === 'mosquitto-accounts' ? undefined : health[name]],
          ]);
          const words = command.map((word, at) => `${given.get(command[at - 1] ?? '') ?? here(word)}`);
          const port = name === 'mosquitto-accounts' ? [] : [`FLEETWAKE_HEALTH_PORT=${health[name]}`];
          const path = `PATH=${process.env.PATH}`;
          return startChild(
            env,
            ['-i', path, ...own, ...port, process.execPath, cliFile, ...words],
            root,
            user,
          );
        };
        /** As the image asks whether a container is healthy. */
        const isHealthy = (name: keyof typeof health) => {
          try {
            // The one check that the file itself has asks the API of its service.
            const asked =
              service(name)
                .healthcheck?.test.slice(3)
                .map(() => `${ports[name]}`) ?? [];
            execFileSync(process.execPath, [join(root, 'ops/container/healthy.mjs'), ...asked], {
              env: { FLEETWAKE_HEALTH_PORT: `${health[name]}` },
            });
            return true;
          } catch {
            return false;
          }
        };
        const running: ReturnType<typeof startChild>[] = [];
        const add = (child: ReturnType<typeof startChild>) => {
          running.push(child);
          return child;
        };
        /** A process that has ended says why, and is not waited for. */
        const untilHealthy = (name: keyof typeof health, child: ReturnType<typeof startChild>) =>
          until(() => {
            if (child.process.exitCode !== null) throw new Error(`${name} ended: ${child.output()}`);
            return isHealthy(name);
          }, `${name} is healthy`);
        const outputs = () => running.map((child) => child.output()).join('\n');
        try {
          const natsServer = (await findOnPath('nats-server')) ?? 'nats-server';
          const address = ['--addr', '127.0.0.1', '--port', `${ports.nats}`];
          add(
            startChild(natsServer, [...(service('nats').command ?? []).map(here), ...address], folder, user),
          );
          await untilHealthy('api-iot', add(start('api-iot')));
          const accounts = add(start('mosquitto-accounts'));
          await until(() => accounts.process.exitCode !== null, 'the accounts are written');
          expect([accounts.process.exitCode, accounts.output()]).toEqual([0, expect.any(String)]);
          const [, ...broker] = service('mosquitto').command ?? [];
          const own = broker.map((word) => word.replace('/mosquitto/config', join(folder, 'broker')));
          const mosquitto = add(startChild('/usr/sbin/mosquitto', [...own, '-v'], folder, user));
          await until(
            () => mosquitto.output().includes("u'api-iot'"),
            `the API IoT is connected: ${outputs()}`,
          );
          await untilHealthy('platform', add(start('platform')));
          await untilHealthy('engine', add(start('engine')));
          /** A process is healthy before it listens: it answers `/livez` while it starts. */
          const textFrom = async (url: string) => {
            let text = '';
            const ask = async () => {
              text = await (await fetch(url)).text();
              return true;
            };
            await until(() => ask().catch(() => false), `${url} answers`);
            return text;
          };
          const ready = await textFrom(`http://127.0.0.1:${ports.platform}/readyz`);
          // Without payments and mail nothing can be sold; nothing else is missing.
          expect(ready).not.toMatch(/nats|bus|database/i);
          for (const port of Object.values(metrics))
            expect(await textFrom(`http://127.0.0.1:${port}/metrics`)).toContain('fleetwake_bus_up 1\n');
          expect(statSync(join(folder, 'data', 'keys.json')).uid).toBe(user.uid ?? process.getuid?.());
        } finally {
          for (const child of running.toReversed()) await child.stop();
        }
        for (const secret of [...awkward, ...awkward.map(encodeURIComponent)])
          expect(outputs()).not.toContain(secret);
      }),
    ));
});
