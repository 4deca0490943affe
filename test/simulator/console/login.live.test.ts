import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fleetwake, startFleetwake, withFleetwake } from '../../e2e/command.ts';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { freePorts, useUp } from './up-under-test.ts';

const running = useUp(['--vehicles', '1', '--no-test-vehicles', '--console-port', '0']);
const browser = useBrowser();

const heading = { level: 1 } as const;
const otherWay = 'Log in with a client id and its secret, or start the console again for a new link.';

/** A cookie and a change token, as the page of a client has them. */
async function loggedIn(body: object, origin = running().addresses.console) {
  const response = await fetch(`${origin}/session`, { method: 'POST', body: JSON.stringify(body) });
  const cookie = response.headers.get('set-cookie') ?? '';
  const { session } = (await response.json()) as { session: { changeToken: string; scopes: string[] } };
  return { cookie, session };
}

const supportClient = () => ({ clientId: 'support', clientSecret: running().keys.supportSecret });

/** A token of the operator that reads and changes nothing. */
async function viewerToken(): Promise<string> {
  const { addresses, keys } = running();
  const response = await fetch(`${addresses.platform}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`operator:${keys.operatorSecret}`)}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope:
        'vehicles:read catalogue:read purchases:read activations:read tickets:read events:read operations:read',
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

describe('a login', () => {
  test('logs in once with the link that `up --console-port 0` prints, and refuses it a second time', async () => {
    const { consoleLogin, console: origin } = running().addresses;
    const page = await browser.open(consoleLogin);
    await page.getByRole('heading', { ...heading, name: 'Overview' }).waitFor();
    expect(page.url()).toBe(`${origin}/`);
    const [cookie] = await page.context().cookies();
    expect([cookie?.httpOnly, cookie?.sameSite]).toEqual([true, 'Strict']);
    await page.reload();
    await page.getByRole('heading', { ...heading, name: 'Overview' }).waitFor();

    browser.expectFaults(/401 \(Unauthorized\)/);
    const second = await browser.open(consoleLogin);
    expect(await second.getByRole('alert').textContent()).toBe(
      `This link was used already: it logs in once. ${otherWay}`,
    );
    expect(second.url()).toBe(`${origin}/`);
    expect(await second.context().cookies()).toEqual([]);
  });

  test.each([
    ['an invented link', '/login#invented', `This link was not issued by this console. ${otherWay}`],
  ])('refuses %s', async (_, path, reason) => {
    browser.expectFaults(/401 \(Unauthorized\)/);
    const page = await browser.open(`${running().addresses.console}${path}`);
    expect(await page.getByRole('alert').textContent()).toBe(reason);
  });

  test('takes a client by its id and secret with the keyboard alone, and logs out', async () => {
    const { addresses, keys } = running();
    browser.expectFaults(/401 \(Unauthorized\)/);
    const page = await browser.open(addresses.console);
    await page.getByLabel('Client id').fill('operator');
    await page.getByLabel('Client secret').fill('wrong');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toBe(
      'The platform does not accept this client id with this secret.',
    );
    await page.getByLabel('Client secret').fill(String(keys.operatorSecret));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { ...heading, name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).press('Enter');
    await page.getByRole('heading', { ...heading, name: 'Log in to Fleetwake' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  test('takes a token, which reaches what its scopes allow', async () => {
    const page = await browser.open(running().addresses.console);
    await page.getByLabel('a token').check();
    await page.getByLabel('Access token').fill(await viewerToken());
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { ...heading, name: 'Overview' }).waitFor();
  });

  test.each(['light', 'dark'] as const)(
    'has an accessible page without sideways scrolling, %s',
    async (colorScheme) => {
      const viewport = { width: 360, height: 740 };
      const page = await browser.open(running().addresses.console, { colorScheme, viewport });
      await page.getByRole('heading', heading).waitFor();
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    },
  );
});

describe('what the console refuses', () => {
  const fault = { name: 'x', layer: 'link', type: 'offline' };
  const refusalOf = async (response: Response) => [
    response.status,
    ((await response.json()) as { detail: string }).detail,
  ];

  test('has a strict policy and loads nothing from elsewhere', async () => {
    const response = await fetch(running().addresses.console);
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    const shown = ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'cache-control'];
    expect(shown.map((name) => response.headers.get(name))).toEqual([
      ...['nosniff', 'DENY', 'no-referrer'],
      'no-store',
    ]);
    expect((await response.text()).match(/<script(?![^>]* src=)/)).toBeNull();
  });

  test('answers 401 without a session, and 404 for what no page needs', async () => {
    const { console: origin } = running().addresses;
    expect(await refusalOf(await fetch(`${origin}/api/platform/tickets`))).toEqual([
      401,
      'The session has ended. Log in again.',
    ]);
    const { cookie } = await loggedIn(supportClient());
    expect(
      await refusalOf(
        await fetch(`${origin}/api/platform/customers/ana/personal-data`, { headers: { cookie } }),
      ),
    ).toEqual([404, 'Pages have no GET /customers/ana/personal-data at platform.']);
  });

  test('takes no change without the change token, nor one from a page of another origin', async () => {
    const { console: origin, control } = running().addresses;
    const { cookie, session } = await loggedIn({
      clientId: 'developer',
      clientSecret: running().keys.developerSecret,
    });
    const add = (headers: Record<string, string>) =>
      fetch(`${origin}/api/control/faults`, {
        method: 'POST',
        headers: { cookie, ...headers },
        body: JSON.stringify(fault),
      });
    const noToken = 'A change needs the change token of the session in x-fleetwake-change: reload the page.';
    const foreign = 'A page of another origin may change nothing here.';
    const token = { 'x-fleetwake-change': session.changeToken };
    expect(await refusalOf(await add({}))).toEqual([403, noToken]);
    expect(await refusalOf(await add({ 'x-fleetwake-change': 'guessed' }))).toEqual([403, noToken]);
    expect(await refusalOf(await add({ ...token, origin: 'http://evil.example' }))).toEqual([403, foreign]);
    expect(await refusalOf(await add({ ...token, origin: 'null' }))).toEqual([403, foreign]);
    expect(await refusalOf(await add({ ...token, origin: control }))).toEqual([403, foreign]);
    expect(await refusalOf(await add({ ...token, 'sec-fetch-site': 'cross-site' }))).toEqual([403, foreign]);
    const login = await fetch(`${origin}/session`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
      body: JSON.stringify(supportClient()),
    });
    expect(await refusalOf(login)).toEqual([403, foreign]);
    const added = await add({ ...token, origin });
    expect(added.status).toBe(201);
    const { id } = (await added.json()) as { id: string };
    const removed = await fetch(`${origin}/api/control/faults/${id}`, {
      method: 'DELETE',
      headers: { cookie, ...token },
    });
    expect(removed.status).toBe(204);
  });

  test('lets a viewer read and change nothing, at the platform or at the control of faults', async () => {
    const { console: origin } = running().addresses;
    const { cookie, session } = await loggedIn({ token: await viewerToken() });
    const headers = { cookie, 'x-fleetwake-change': session.changeToken };
    const statusOf = async (method: string, path: string, body?: object) =>
      (
        await fetch(`${origin}/api${path}`, {
          method,
          headers,
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      ).status;
    expect(await statusOf('GET', '/platform/tickets')).toBe(200);
    expect(await statusOf('GET', '/control/faults')).toBe(200);
    const changes = [
      ['POST', '/platform/purchases', { customerId: 'customer-0001', vin: running().addresses.vehicles[0] }],
      ['POST', '/platform/purchases/pur_1/cancel', {}],
      ['POST', '/platform/tickets/tkt_1/start', { by: 'technician-1' }],
      ['POST', '/platform/notices/ntc_1/drop', {}],
      ['POST', '/platform/settlements/act_1/resolve', {}],
      ['POST', '/platform/incidents/inc_1/end', {}],
      ['POST', '/control/faults', fault],
      ['DELETE', '/control/faults/fault-1'],
      ['DELETE', '/control/faults'],
    ] as const;
    expect(await Promise.all(changes.map(([method, path, body]) => statusOf(method, path, body)))).toEqual(
      changes.map(() => 403),
    );
    const text = JSON.stringify(session);
    for (const secret of Object.values(running().keys)) expect(text).not.toContain(secret);
  });
});

describe('the command', () => {
  test('serves a system that runs elsewhere', async () => {
    const { addresses, folder, dataFolder } = running();
    await withFleetwake(
      folder,
      [
        ...['console', '--console-port', '0', '--json', '--data', dataFolder],
        ...['--platform-url', addresses.platform, '--api-iot-url', addresses.apiIot],
        ...['--control-url', addresses.control],
      ],
      async (command) => {
        await until(() => command.stdout().endsWith('\n') || command.process.exitCode !== null, 'it is up');
        expect(command.stderr()).toBe('');
        const line = JSON.parse(command.stdout()) as { event: string; console: string; consoleLogin: string };
        expect(line.event).toBe('console');
        const page = await browser.open(line.consoleLogin);
        await page.getByRole('heading', { ...heading, name: 'Overview' }).waitFor();
        const { cookie } = await loggedIn(supportClient(), line.console);
        const path = `/api/api-iot/vehicle/${addresses.vehicles[0]}/status`;
        // The client "support" has no account at the API IoT.
        expect((await fetch(`${line.console}${path}`, { headers: { cookie } })).status).toBe(403);
        // The command is killed at the end: a page that still reads the stream of events would report that it was cut.
        await browser.close(page);
      },
    );
  });

  test('listens where --host names an address, and answers there under names of --allowed-hosts', async () => {
    const { folder } = running();
    await withFleetwake(
      folder,
      [
        'console',
        '--console-port',
        '0',
        '--host',
        '127.0.0.2',
        '--allowed-hosts',
        'fleet.example',
        '--data',
        'none',
      ],
      async (command) => {
        await until(() => command.stdout().includes('http') || command.process.exitCode !== null, 'it is up');
        expect(command.stdout()).toMatch(
          /^The console is up\. Ctrl-C stops it\.\n\n {2}console {3}http:\/\/127\.0\.0\.2:\d+ {3}\(log in with a client id and its secret, or with a token\)\n$/,
        );
      },
    );
  });

  /** A program that writes down what it is asked to open, in a folder of its own. */
  async function browserProgram(name: string) {
    const folder = join(running().folder, name);
    await mkdir(folder);
    const program = join(folder, 'xdg-open');
    await writeFile(program, `#!/bin/sh\necho "$1" > ${folder}/opened\n`);
    await chmod(program, 0o755);
    const opened = () => readFile(join(folder, 'opened'), 'utf8').catch(() => '');
    return { folder, environment: { PATH: `${folder}:${process.env.PATH}` }, opened };
  }

  test('opens the browser with --open', async () => {
    const { folder, environment, opened } = await browserProgram('open');
    const command = startFleetwake(
      folder,
      ['console', '--console-port', '0', '--json', '--open'],
      environment,
    );
    try {
      await until(async () => (await opened()).endsWith('\n'), 'the browser is opened');
      expect(await opened()).toBe(`${(JSON.parse(command.stdout()) as { console: string }).console}\n`);
    } finally {
      command.process.kill('SIGTERM');
      await command.exitCode();
    }
  });

  const cars = 'name: cars\ndescription: Two cars.\nvehicles: { count: 2 }\n';

  test('serves the console of a live run for as long as the run lasts', async () => {
    const { folder, environment, opened } = await browserProgram('live-run');
    await writeFile(
      join(folder, 'long.yaml'),
      `${cars}timeScale: 1\npurchases: { count: 2, overMs: 900000 }\n`,
    );
    const command = startFleetwake(folder, ['run', 'long.yaml', '--live', '--open'], environment);
    try {
      await until(async () => (await opened()).endsWith('\n'), 'the browser is opened');
      const [, link = ''] =
        /^console (\S+) {3}\(logs in once, within 15 min\)$/m.exec(command.stderr()) ?? [];
      expect(await opened()).toBe(`${link}\n`);
      const page = await browser.open(link);
      await page.getByRole('heading', { ...heading, name: 'Overview' }).waitFor();
      await browser.close(page);
      command.process.kill('SIGTERM');
      expect(await command.exitCode()).toBe(143);
      await expect(fetch(new URL(link).origin)).rejects.toThrow('fetch failed');
    } finally {
      command.process.kill('SIGKILL');
    }
  });

  test('runs live without the console with --no-console', async () => {
    const folder = join(running().folder, 'run-without');
    await mkdir(folder);
    await writeFile(
      join(folder, 'short.yaml'),
      `${cars}timeScale: 200\npurchases: { count: 2, overMs: 500 }\n`,
    );
    const run = await fleetwake(folder, ['run', 'short.yaml', '--live', '--no-console']);
    expect([run.exitCode, run.stdout]).toEqual([0, expect.stringContaining('All 11 rules hold.')]);
    expect(run.stderr).not.toContain('console');
  });

  test('serves no console with --no-console', async () => {
    const folder = join(running().folder, 'without');
    await mkdir(folder);
    await withFleetwake(
      folder,
      ['up', ...freePorts, '--vehicles', '0', '--no-test-vehicles', '--no-console', '--json'],
      async (command) => {
        await until(() => command.stdout().endsWith('\n') || command.process.exitCode !== null, 'it is up');
        expect(Object.keys(JSON.parse(command.stdout()) as object)).not.toContain('console');
      },
    );
  });

  test('names the port that is taken', async () => {
    const { addresses, folder } = running();
    const { port } = new URL(addresses.console);
    expect(await fleetwake(folder, ['console', '--console-port', port])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `fleetwake: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --console-port\n`,
    });
  });
});
