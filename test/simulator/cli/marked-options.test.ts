import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GatewayConfig, options, readConfig, secretsOf } from '../../../gateway/config.ts';
import { configReport } from '../../../simulator/cli/config.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { everyOption, everyValue, inProcess, writeSecrets } from './command-in-process.ts';

const mark = 'm4rk-of-a-secret';
const withCredentials = (protocol: string) => `${protocol}://u:${mark}@127.0.0.1:1/`;
const refused = 'must hold no user and no password: credentials have options of their own';

/** Secrets that are typed where something else belongs. */
const withMark = [
  `https://127.0.0.1:1/?token=${mark}`,
  `https://127.0.0.1:1/#${mark}`,
  `sk_test_${mark}`,
  `whsec_${mark}`,
  `${mark}-0123456789abcdef`,
];

type Name = keyof GatewayConfig;

/** Each option of the gateway stands in one of these lists, so that a new one is looked at. */
const secrets: readonly Name[] = [
  ...(['apiIotClientSecret', 'apiIotCallbackSecret', 'mqttPassword', 'paymentsKey'] as const),
  'natsPassword',
  'linkSecret',
  ...(['paymentsWebhookSecret', 'ticketWebhookSecret'] as const),
];
const addressesWithCredentials: Readonly<Partial<Record<Name, string>>> = {
  ...{ apiIotDatabaseUrl: 'postgres', databaseUrl: 'postgres' },
  ...{ natsUrl: 'nats', mqttUrl: 'mqtt', smtpUrl: 'smtp' },
};
/** Its path lets its holder in. */
const addressesWithPath: readonly Name[] = ['ticketWebhookUrl'];
/** Paths are added to these. */
const baseAddresses: readonly Name[] = [
  ...(['publicUrl', 'apiIotPublicUrl', 'webUrl', 'apiIotUrl', 'paymentsUrl', 'trustedIssuer'] as const),
];
const addressesWithout: readonly Name[] = [...baseAddresses, 'trustedJwks', 'allowedOrigins'];
const plain: readonly Name[] = [
  ...(['data', 'roles', 'host', 'port', 'apiIotPort', 'mqttPort', 'apiIotThread'] as const),
  ...(['healthPort', 'metricsPort'] as const),
  ...(['allowedHosts', 'pushPrivate', 'apiIotAdapter', 'apiIotClientId', 'natsPrefix'] as const),
  ...(['natsReplicas', 'natsMaxBytes', 'natsPlacementCluster', 'natsPlacementTags', 'natsServer'] as const),
  ...(['natsUser', 'natsCredentials', 'natsNkey', 'natsCa', 'natsCertificate', 'natsKey'] as const),
  ...(['install', 'mqttUsername', 'mailFrom', 'mailCa', 'supportContact', 'pushContact'] as const),
  ...(['mailTimeoutMs', 'timeZone', 'purchasesMax', 'mailLimit', 'supportRoster', 'supportSla'] as const),
  ...(['templates', 'ticketWebhookFormat', 'tokenLeewaySeconds', 'checkDigit', 'catalogue'] as const),
  ...(['quotaLimit', 'quotaWindowMs', 'commandTimeoutMs', 'reconcileMs', 'reconcileRepeats'] as const),
  ...(['keep', 'telemetrySamples', 'timeScale', 'logLevel', 'apiIotShard'] as const),
];

const sorted = (names: readonly string[]) => names.toSorted((a, b) => a.localeCompare(b));
const all = (changes: Readonly<Partial<Record<Name, string>>>) =>
  Object.fromEntries(
    Object.entries(changes).map(([name, text]) => [options[name as Name].environment, text]),
  );

describe('options of a gateway that may hold a secret', () => {
  it('are known: every option is a secret, an address, or neither', () => {
    const known = [...secrets, ...Object.keys(addressesWithCredentials), ...addressesWithPath];
    expect(sorted([...known, ...addressesWithout, ...plain])).toEqual(sorted(Object.keys(options)));
  });

  it('are masked in logs: each secret, and the password of each address', () => {
    const whsec = `whsec_${Buffer.from(mark.repeat(3)).toString('base64')}`;
    const values = Object.fromEntries(secrets.map((name) => [name, `${name}-${mark}`]));
    const linkSecret = `linkSecret-${mark.repeat(3)}`;
    const given = { ...values, linkSecret, apiIotCallbackSecret: whsec, ticketWebhookSecret: `${whsec}AAAA` };
    const addresses = Object.entries(addressesWithCredentials).map(([name, protocol]) => [
      name,
      `${protocol}://u:${name}-${mark}@127.0.0.1:1`,
    ]);
    const webhook = { ticketWebhookUrl: 'http://127.0.0.1:1/hook' };
    const companions = { ...webhook, natsUser: 'u' };
    const read = readConfig({}, all({ ...given, ...Object.fromEntries(addresses), ...companions }));
    if ('faults' in read) throw new Error(JSON.stringify(read));
    const passwords = Object.keys(addressesWithCredentials).map((name) => `${name}-${mark}`);
    expect(sorted(secretsOf(read.config))).toEqual(sorted([...Object.values(given), ...passwords]));
  });

  it.each(Object.keys(options) as Name[])('are not shown where another option was meant: %s', (name) => {
    const address = withCredentials('https');
    const texts = [address, `https://u:${mark}#/9@db/x`, `https://a.example, ${address}`, ...withMark];
    for (const text of texts) {
      const result = readConfig({}, all({ [name]: text }));
      if ('faults' in result) expect(result.faults.join()).not.toContain(mark);
    }
  });

  it.each(Object.keys(options) as Name[])(
    'are shown without query and fragment by config check: %s',
    (name) => {
      for (const text of [`https://127.0.0.1:1/x?token=${mark}`, `https://127.0.0.1:1/x#${mark}`])
        expect(JSON.stringify(configReport({}, all({ [name]: text })))).not.toContain(mark);
    },
  );

  it.each(baseAddresses)('are refused in the query of an address that paths are added to: %s', (name) => {
    const result = readConfig({}, all({ [name]: `https://127.0.0.1:1/?token=${mark}` }));
    expect('faults' in result && result.faults.join()).toContain('must hold no query and no fragment');
  });

  it.each(addressesWithout)('are refused in an address that takes none: %s', (name) => {
    const result = readConfig({}, all({ [name]: withCredentials('https') }));
    expect('faults' in result && result.faults.join()).toContain('must');
  });
});

describe('options of other commands that may hold a secret', () => {
  const ofGateway = new Set(Object.values(options).map(({ flag }) => `--${flag}`));
  const isAddress = (flag: string) => /-url$|^--target$/.test(flag);
  /** What must come with the option; `{url}` stands for an address of no meaning. */
  const calls: Readonly<Record<string, string>> = {
    ...{ 'fault remove': 'fault remove f', vehicle: 'vehicle 1M8GDM9AXKP042788', cancel: 'cancel p1' },
    'fault add': 'fault add offline --vin 1M8GDM9AXKP042788',
    replay: 'replay /nowhere',
    verify: 'verify /nowhere',
    ...{ 'purchase record': 'purchase record x', 'activation show': 'activation show x' },
    ...{ 'customer export': 'customer export ana', 'customer erase': 'customer erase ana --yes' },
    ...{ register: 'register 1M8GDM9AXKP042788 --replace', buy: 'buy 1M8GDM9AXKP042788 heated-seats' },
    ...{ pause: 'pause --reason r', requeue: 'requeue act_1' },
    conform: 'conform http://127.0.0.1:1 --client-secret s --vin V1',
    run: 'run default --mapping docs/examples/own-engine.mapping.yaml',
  };

  it.each([
    ['conform', '--client-secret'],
    ['conform', '--callback-secret'],
  ])('are known: %s %s, and no other', async (command, flag) => {
    const named = (await everyOption()).filter((name) => {
      const [long = ''] = name.split(' ').slice(-1);
      return /secret|key|password|token/.test(long) && !ofGateway.has(long);
    });
    expect(named).toContain(`${command} ${flag}`);
    expect(named).toHaveLength(2);
  });

  it('with credentials in any address of any command are refused unseen', () =>
    withTemporaryFolder(async (folder) => {
      await writeSecrets(folder);
      const named = (await everyOption()).map((name) => {
        const words = name.split(' ');
        return [words.slice(0, -1).join(' '), words.at(-1) ?? ''] as const;
      });
      const ownAddresses = named.filter(([, flag]) => isAddress(flag) && !ofGateway.has(flag));
      expect(new Set(ownAddresses.map(([, flag]) => flag))).toEqual(
        new Set(['--platform-url', '--control-url', '--target', '--callback-url']),
      );
      for (const [command, flag] of ownAddresses) {
        const hasData = named.some(([one, other]) => one === command && other === '--data');
        const call = [...(calls[command] ?? command).split(' '), flag, withCredentials('http')];
        const place = hasData && command !== 'run' ? ['--data', folder] : [];
        const { stdout, stderr, error } = await inProcess([...call, ...place]);
        expect([command, flag, error]).toEqual([command, flag, expect.stringContaining(refused)]);
        expect(`${stdout}${stderr}${error}`).not.toContain(mark);
      }
    }));

  it('in the query of any address of any command are refused unseen', async () => {
    const marked = `http://127.0.0.1:1/x?token=${mark}`;
    const named = (await everyValue()).filter(
      ([, flag]) => ['--platform-url', '--control-url'].includes(flag) && !ofGateway.has(flag),
    );
    expect(named.length).toBeGreaterThan(20);
    for (const [command, flag] of named) {
      const call = [...(calls[command] ?? command).split(' '), flag, marked];
      const { stdout, stderr, error } = await inProcess(call);
      const refusal = 'must hold no query and no fragment: paths are added to it';
      expect([command, flag, error]).toEqual([command, flag, expect.stringContaining(refusal)]);
      expect(`${stdout}${stderr}${error}`).not.toContain(mark);
    }
  });

  it('are not repeated by an option that takes a number, a time or one of a few words', async () => {
    const kinds = [
      'number',
      'count',
      'port',
      'duration',
      'time',
      'percent',
      'share',
      'ms',
      'minutes',
      'hours',
    ];
    const named = (await everyValue()).filter(
      ([command, flag, value]) => kinds.includes(value) && !ofGateway.has(flag) && command !== 'check-worker',
    );
    expect(named.length).toBeGreaterThan(30);
    for (const [command, flag] of named) {
      for (const text of withMark) {
        const call = [...(calls[command] ?? command).split(' '), flag, text];
        const { stdout, stderr, error } = await inProcess(call);
        expect([command, flag, error]).toEqual([command, flag, expect.any(String)]);
        expect(`${stdout}${stderr}${error}`).not.toContain(mark);
      }
    }
  });

  it('with credentials in the address that conform tries are refused unseen', async () => {
    const rest = ['--client-secret', 's', '--vin', 'V1'];
    for (const protocol of ['http', 'ftp']) {
      const { stdout, error } = await inProcess(['conform', withCredentials(protocol), ...rest]);
      expect([stdout, error]).toEqual(['', expect.stringMatching(/^the address of the API IoT must /)]);
      expect(error).not.toContain(mark);
    }
  });

  it('are in no output and no report of conform when the API IoT repeats what it was sent', () =>
    withTemporaryFolder(async (folder) => {
      // Gives a token, and repeats in each other answer what it was asked for one with.
      let asked = '';
      const server = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const isToken = request.url === '/oauth/token';
        const { authorization = '' } = request.headers;
        if (isToken) asked = `${body} ${Buffer.from(authorization.replace('Basic ', ''), 'base64')}`;
        const type = isToken ? 'application/json' : 'application/problem+json';
        response.writeHead(isToken ? 200 : 400, { 'content-type': type });
        const token = { access_token: 'x', token_type: 'Bearer', expires_in: 3_600 };
        response.end(JSON.stringify(isToken ? token : { status: 400, title: asked, detail: asked }));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const kinds = ['json', 'junit', 'html'];
      const reports = kinds.flatMap((kind) => [`--${kind}`, join(folder, kind)]);
      const call = ['conform', `http://127.0.0.1:${port}`, '--client-secret', mark, '--vin', 'V1'];
      const { stdout, stderr, error } = await inProcess([...call, ...reports]);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      expect(stdout).toContain('BROKEN       command_accepted');
      const texts = await Promise.all(kinds.map((kind) => readFile(join(folder, kind), 'utf8')));
      for (const text of [stdout, stderr, String(error), ...texts]) expect(text).not.toContain(mark);
    }));
});
