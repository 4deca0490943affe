import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { options } from '../../gateway/config.ts';
import { findOnPath } from '../../shared/live/processes.ts';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withPostgres } from '../helpers/postgres.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated, cliFile } from './build.ts';

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text) as {
  readonly services: Readonly<Record<'nats' | 'database' | 'gateway', Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const { services, secrets } = compose;

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
    const named = (service: Service) =>
      [...(service.command ?? []), ...Object.values(service.environment ?? {})].flatMap((value) =>
        value.startsWith('/run/secrets/') ? [value.slice('/run/secrets/'.length)] : [],
      );
    for (const service of Object.values(services))
      expect(named(service).toSorted()).toEqual((service.secrets ?? []).toSorted());
    expect(Object.entries(secrets).map(([name, { file }]) => [name, file])).toEqual(
      Object.keys(secrets).map((name) => [name, `./secrets/${name}`]),
    );
  });

  test('gives the gateway options that there are, and the secret ones by file', () => {
    const byName = new Map(Object.values(options).map((option) => [option.environment, option]));
    for (const name of Object.keys(services.gateway.environment ?? {}))
      expect(byName.has(name.replace(/_FILE$/, '')), name).toBe(true);
  });

  test('runs gateway and NATS as a user without rights, on read-only code, published on loopback alone', () => {
    expect([services.gateway.user, services.nats.user]).toEqual(['node', '1000:1000']);
    for (const { cap_drop: dropped, security_opt: security } of [services.gateway, services.nats])
      expect([dropped, security]).toEqual([['ALL'], ['no-new-privileges:true']]);
    expect(services.gateway.volumes?.[0]).toBe('.:/app:ro');
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toHaveLength(3);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

describe('docker-compose.yml as docker-compose reads it', () => {
  const read = (environment: Readonly<Record<string, string>> = {}) =>
    parse(
      execFileSync('docker-compose', ['-f', 'docker-compose.yml', 'config'], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH: process.env.PATH ?? '', ...environment },
      }),
    ) as Omit<typeof compose, 'services'> & {
      readonly services: Readonly<
        Record<'nats' | 'database' | 'gateway', Omit<Service, 'secrets'> & Mounted>
      >;
    };
  interface Mounted {
    readonly secrets?: readonly { readonly source: string }[];
    readonly depends_on?: unknown;
  }

  test('is valid, and mounts each secret as a file where it is named', () => {
    const { services: given, secrets: files } = read();
    const mounted = Object.entries(given).map(([name, service]) => [
      name,
      (service.secrets ?? []).map(({ source }) => source),
    ]);
    expect(Object.fromEntries(mounted)).toEqual({
      nats: ['nats.conf'],
      database: ['postgres-password'],
      gateway: ['database-url', 'nats-url'],
    });
    const folder = join(root, 'secrets');
    expect(Object.fromEntries(Object.entries(files).map(([name, { file }]) => [name, file]))).toEqual(
      Object.fromEntries(Object.keys(secrets).map((name) => [name, join(folder, name)])),
    );
    expect([given.gateway.user, given.nats.user]).toEqual(['node', '1000:1000']);
    expect([given.gateway.cap_drop, given.nats.cap_drop]).toEqual([['ALL'], ['ALL']]);
    expect(given.gateway.depends_on).toEqual({
      database: { condition: 'service_healthy' },
      nats: { condition: 'service_started' },
    });
  });

  test('puts a variable of the shell where the page says, and leaves no other one open', () => {
    const variables = { PAYMENTS_URL: 'http://pay:1', SMTP_URL: 'smtp://mail:1', NODE_VERSION: '22' };
    const { image, environment } = read(variables).services.gateway;
    expect(image).toBe('node:22-bookworm-slim');
    expect(environment).toEqual({
      ...{ API_IOT_URL: '', PAYMENTS_URL: 'http://pay:1', SMTP_URL: 'smtp://mail:1' },
      ...{ FLEETWAKE_DATA: '/home/node/fleetwake', FLEETWAKE_HOST: '0.0.0.0' },
      ...{ NATS_URL_FILE: '/run/secrets/nats-url', DATABASE_URL_FILE: '/run/secrets/database-url' },
    });
    expect(read().services.gateway.image).toBe('node:20-bookworm-slim');
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
  test('draw two passwords and write four files that only their owner can read', () =>
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

describe('the services, started as the file says', () => {
  beforeAll(buildWhenOutdated);
  /** Only root may become another; without it the tests' own user has no rights either. */
  const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

  test('gateway and NATS come up without rights, with the passwords of the files, and show none of them', () =>
    withTemporaryFolder((folder) =>
      withPostgres(async (postgresUrl) => {
        makeSecrets(folder, awkward);
        const place = (name: string) => join(folder, 'secrets', name);
        const natsPort = await freePort();
        mkdirSync(join(folder, 'home'));
        mkdirSync(join(folder, 'nats'));
        // The names of the services are places of this machine here; everything else stands as it was made.
        const moved = (name: string, change: (value: string) => string) =>
          writeFileSync(place(name), change(secretIn(folder, name)));
        moved('nats.conf', (conf) => conf.replace('/data', join(folder, 'nats')));
        moved('nats-url', (url) => url.replace('@nats:4222', `@127.0.0.1:${natsPort}`));
        const { host, pathname } = new URL(postgresUrl);
        moved('database-url', (url) => url.replace('@database:5432/fleetwake', `@${host}${pathname}`));
        if (user.uid !== undefined)
          for (const path of [
            '',
            'secrets',
            'home',
            'nats',
            ...readdirSync(join(folder, 'secrets')).map((name) => `secrets/${name}`),
          ])
            chownSync(join(folder, path), user.uid, user.uid);

        const here = (word: string) => word.replace('/run/secrets', join(folder, 'secrets'));
        const [node, main, ...rest] = services.gateway.command ?? [];
        expect([node, main]).toEqual(['node', relative(root, cliFile)]);
        const natsServer = (await findOnPath('nats-server')) ?? 'nats-server';
        const address = ['--addr', '127.0.0.1', '--port', `${natsPort}`];
        const nats = startChild(
          natsServer,
          [...(services.nats.command ?? []).map(here), ...address],
          folder,
          user,
        );
        const environment = Object.fromEntries(
          Object.entries(services.gateway.environment ?? {}).map(([name, value]) => [
            name,
            here(value)
              .replace('/home/node', join(folder, 'home'))
              .replace(/^\$\{\w+:-\}$/, ''),
          ]),
        );
        const ports = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];
        const setting = Object.entries({ ...environment, HOME: join(folder, 'home') }).map((pair) =>
          pair.join('='),
        );
        const gateway = startChild(
          (await findOnPath('env')) ?? 'env',
          ['-i', `PATH=${process.env.PATH}`, ...setting, process.execPath, cliFile, ...rest, ...ports],
          root,
          user,
        );
        try {
          await until(
            () => gateway.output().includes('"platform":"http') || gateway.process.exitCode !== null,
            `the gateway starts: ${gateway.output()} ${nats.output()}`,
          );
          expect(gateway.output()).toContain('NATS JetStream by NATS_URL');
          const [, origin = ''] = /"platform":"(http[^"]+)"/.exec(gateway.output()) ?? [];
          const reached = origin.replace('0.0.0.0', '127.0.0.1');
          const ready = (await (await fetch(`${reached}/readyz`)).json()) as object;
          // Without payments and mail nothing can be sold; nothing else is missing.
          expect(JSON.stringify(ready)).not.toMatch(/nats|bus|database/i);
          expect(statSync(join(folder, 'home', 'fleetwake')).uid).toBe(user.uid ?? process.getuid?.());
        } finally {
          await gateway.stop();
          await nats.stop();
        }
        for (const secret of [...awkward, ...awkward.map(encodeURIComponent)])
          expect(gateway.output()).not.toContain(secret);
      }),
    ));
});
