import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Probe } from 'kubernetes-types/core/v1.d.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { keyNames } from '../../gateway/live/keys.ts';
import { findOnPath } from '../../shared/live/processes.ts';
import { buildWhenOutdated, cliFile } from '../e2e/build.ts';
import { type Child, startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withPostgres } from '../helpers/postgres.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { containerOf, environmentOf, folder, page, podOf, type Role, roles } from './kubernetes.ts';
import { documentsOf } from './kustomization.ts';

/** Only root may become another; without it the tests' own user has no rights either. */
const user: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
const secrets = {
  'database-url': 'postgres://fleetwake:secret-1@127.0.0.1:5432/fleetwake',
  'nats-url': 'nats://fleetwake:secret-2@127.0.0.1:4222',
  'payments-key': 'secret-3',
  'smtp-url': 'smtp://fleetwake:secret-4@127.0.0.1:25',
};

/** Makes what the Secrets and the volumes hold: a volume belongs to root, its group is the pod's, and all users may write to it. */
async function makeMounts(temporary: string, contents: Readonly<Record<string, string>>): Promise<void> {
  chmodSync(temporary, 0o755);
  for (const name of ['keys', 'secrets', ...roles]) mkdirSync(join(temporary, name));
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(temporary, 'secrets', name), text);
  await makeKeys(join(temporary, 'keys'));
  for (const role of roles) {
    chmodSync(join(temporary, role), 0o2777);
    if (user.uid !== undefined) chownSync(join(temporary, role), 0, user.uid);
  }
  chmodSync(join(temporary, 'keys'), 0o755);
  // As a Secret with the mode 0440 and the pod's group.
  for (const file of ['keys/keys.json', ...Object.keys(contents).map((name) => `secrets/${name}`)]) {
    if (user.uid !== undefined) chownSync(join(temporary, file), 0, user.uid);
    chmodSync(join(temporary, file), 0o440);
  }
}

/** By the line of the page that makes keys.json. */
async function makeKeys(data: string): Promise<void> {
  const [, line = ''] = /^timeout \d+ npx fleetwake (.*) --data my\/keys$/m.exec(page) ?? [];
  expect(line).not.toBe('');
  const gateway = startChild(process.execPath, [cliFile, ...line.split(' '), '--data', data]);
  await until(() => {
    if (gateway.process.exitCode !== null) throw new Error(`the gateway ended: ${gateway.output()}`);
    return gateway.output().includes('"event":"gateway.started"');
  }, 'the gateway that makes the keys starts');
  await gateway.stop();
  expect(Object.keys(JSON.parse(readFileSync(join(data, 'keys.json'), 'utf8')))).toEqual(keyNames);
}

/** A word of a manifest, with the folders of this machine. */
const here = (temporary: string, role: Role, word: string) =>
  word
    .replaceAll('/run/secrets/fleetwake-keys', join(temporary, 'keys'))
    .replaceAll('/run/secrets/fleetwake-platform', join(temporary, 'secrets'))
    .replaceAll(/^\/data\b/g, join(temporary, role));

/** The environment of a role's process, with the places of this machine. */
const settingsOf = (temporary: string, role: Role) =>
  Object.fromEntries(
    Object.entries(environmentOf(role)).map(([name, value]) => [name, here(temporary, role, value)]),
  );

/** Runs the container that puts keys.json into the data folder, as often as its pod starts. */
function initialise(temporary: string, role: Role): void {
  const [init, ...others] = podOf(role).initContainers ?? [];
  const [command = '', ...words] = (init?.command ?? []).map((word) => here(temporary, role, word));
  const { FLEETWAKE_DATA: data = '' } = settingsOf(temporary, role);
  for (const _ of [1, 2]) {
    const env = { PATH: process.env.PATH, FLEETWAKE_DATA: data };
    const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', env, ...user });
    expect([others.length, status, stderr]).toEqual([0, 0, '']);
  }
  const modes = ['', 'keys.json'].map((name) => statSync(join(data, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o600]);
}

describe('the settings of the manifests', () => {
  beforeAll(buildWhenOutdated);

  test('pass the check of the configuration, and would not with the variables that Kubernetes makes of Services', () =>
    withTemporaryFolder(async (temporary) => {
      await makeMounts(temporary, secrets);
      for (const role of roles) {
        initialise(temporary, role);
        const [, ...words] = containerOf(role).args ?? [];
        const check = (more: Readonly<Record<string, string>>) =>
          spawnSync(process.execPath, [cliFile, 'config', 'check', ...words], {
            encoding: 'utf8',
            env: { ...settingsOf(temporary, role), ...more },
            ...user,
          });
        const good = check({});
        expect([role, good.status, good.stderr, good.stdout.match(/secret-\d/)]).toEqual([role, 0, '', null]);
        const variable = role === 'api-iot' ? 'MQTT_PORT' : 'FLEETWAKE_METRICS_PORT';
        const bad = check({ [variable]: 'tcp://10.0.0.1:1883' });
        expect([bad.status, bad.stdout + bad.stderr]).toEqual([2, expect.stringContaining(variable)]);
        expect(podOf(role).enableServiceLinks).toBe(false);
      }
    }));
});

describe('the containers, started as the manifests say', () => {
  beforeAll(buildWhenOutdated);

  test('answer their probes, give the Prometheus of the jobs its metrics, and end by themselves', () =>
    withTemporaryFolder((temporary) =>
      withPostgres(async (databaseUrl) => {
        const nats = await freePort();
        await makeMounts(temporary, {
          ...secrets,
          'database-url': databaseUrl,
          'nats-url': `nats://fleetwake:secret-2@127.0.0.1:${nats}`,
        });
        const ports = await portsOfRoles();
        const natsServer = (await findOnPath('nats-server')) ?? 'nats-server';
        const account = ['--user', 'fleetwake', '--pass', 'secret-2'];
        const store = ['-js', '--store_dir', join(temporary, 'nats')];
        const running: Child[] = [
          startChild(natsServer, ['--addr', '127.0.0.1', '--port', `${nats}`, ...account, ...store]),
        ];
        try {
          const processes = new Map<Role, Child>();
          for (const role of ['api-iot', 'platform', 'engine'] as const) {
            initialise(temporary, role);
            const child = startRole(temporary, role, ports);
            running.push(child);
            processes.set(role, child);
            const { startupProbe, livenessProbe, readinessProbe } = containerOf(role);
            for (const probe of [startupProbe, livenessProbe, readinessProbe])
              await until(async () => {
                if (child.process.exitCode !== null) throw new Error(`${role} ended: ${child.output()}`);
                return (await answer(probe, ports[role])) === 200;
              }, `${role} answers ${probe?.httpGet?.path} on ${probe?.httpGet?.port}: ${child.output()}`);
          }
          await expectMetrics(temporary, ports);
          for (const [role, child] of processes) {
            await child.stop();
            expect([role, child.process.exitCode]).toEqual([role, 0]);
            expect(child.output()).not.toMatch(/secret-\d/);
          }
        } finally {
          for (const child of running.toReversed()) await child.stop();
        }
      }),
    ));
});

type Ports = Readonly<Record<Role, Readonly<Record<string, number>>>>;

async function portsOfRoles(): Promise<Ports> {
  const ports = new Map<Role, Record<string, number>>();
  for (const role of roles) ports.set(role, { http: await freePort(), health: await freePort() });
  return Object.fromEntries(ports) as Ports;
}

function startRole(temporary: string, role: Role, ports: Ports): Child {
  const addresses = {
    FLEETWAKE_HEALTH_PORT: `${ports[role].health}`,
    PATH: `${process.env.PATH}`,
    ...(role === 'api-iot'
      ? { API_IOT_PUBLIC_URL: `http://127.0.0.1:${ports[role].http}`, MQTT_URL: 'mqtt://127.0.0.1:1' }
      : { API_IOT_URL: `http://127.0.0.1:${ports['api-iot'].http}` }),
  };
  const environment = Object.entries({ ...settingsOf(temporary, role), ...addresses });
  const own = new Map([
    ['0.0.0.0', '127.0.0.1'],
    ['8080', `${ports[role].http}`],
    ['8081', `${ports[role].http}`],
  ]);
  const words = (containerOf(role).args ?? []).map((word) => own.get(word) ?? word);
  const pairs = environment.map((pair) => pair.join('='));
  return startChild(
    '/usr/bin/env',
    ['-i', ...pairs, process.execPath, cliFile, ...words],
    join(temporary, role),
    user,
  );
}

/** The status with which a probe is answered; null while there is no answer. */
async function answer(
  probe: Probe | undefined,
  ports: Readonly<Record<string, number>>,
): Promise<number | null> {
  const { path = '', port = '' } = probe?.httpGet ?? {};
  return fetch(`http://127.0.0.1:${ports[port]}${path}`).then(
    ({ status }) => status,
    () => null,
  );
}

interface Job {
  readonly oauth2: {
    readonly client_id: string;
    readonly token_url: string;
    readonly scopes: readonly string[];
  };
  readonly relabel_configs: readonly { readonly regex?: string }[];
}

/** As each job of prometheus-scrape.yml gets its token, and asks the pods that it keeps. */
async function expectMetrics(temporary: string, ports: Ports): Promise<void> {
  const [{ scrape_configs: jobs }] = documentsOf(join(folder, 'prometheus-scrape.yml')) as [
    { readonly scrape_configs: readonly Job[] },
  ];
  const keys = JSON.parse(readFileSync(join(temporary, 'keys/keys.json'), 'utf8')) as Record<string, string>;
  const scraped: string[] = [];
  for (const { oauth2, relabel_configs: rules } of jobs) {
    const { hostname, pathname } = new URL(oauth2.token_url);
    const [, issuer] = /^fleetwake-([a-z-]+)\.fleetwake\.svc$/.exec(hostname) ?? [];
    const token = await fetch(`http://127.0.0.1:${ports[issuer as Role].http}${pathname}`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'client_credentials', scope: oauth2.scopes.join(' ') },
        ...{ client_id: oauth2.client_id, client_secret: `${keys[`${oauth2.client_id}Secret`]}` },
      }),
    });
    const { access_token: accessToken } = (await token.json()) as { readonly access_token: string };
    const kept = new RegExp(`^(?:${rules[0]?.regex})$`);
    for (const role of roles.filter((one) => kept.test(`fleetwake;${one};http`))) {
      const headers = { authorization: `Bearer ${accessToken}` };
      const metrics = await fetch(`http://127.0.0.1:${ports[role].http}/metrics`, { headers });
      const own = role === 'api-iot' ? 'fleetwake_api_iot_commands_waiting 0' : 'fleetwake_bus_up 1';
      expect([role, metrics.status, await metrics.text()]).toEqual([role, 200, expect.stringContaining(own)]);
      scraped.push(role);
    }
  }
  expect(scraped).toEqual(roles);
}
