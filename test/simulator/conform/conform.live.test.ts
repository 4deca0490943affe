import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownAdapter } from '../../../gateway/adapter/shipped-adapters.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { liveHttp } from '../../../shared/live/http.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { callbackReceiver } from '../../../simulator/conform/callback-listener.ts';
import { claims, conform } from '../../../simulator/conform/conform.ts';
import { Subject } from '../../../simulator/conform/subject.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { inProcess } from '../cli/command-in-process.ts';
import { type BadApi, badApis, forgotten } from './bad-apis.ts';
import { type OwnApiIot, startOwnApiIot } from './own-api-iot.ts';

let folder = '';
let own: OwnApiIot;
const http = liveHttp({ clock: wallClock, timeoutMs: 30_000, log: silentLog });
const receiver = callbackReceiver(() => wallClock.now());
let server: Awaited<ReturnType<typeof http.serve>>;
beforeAll(async () => {
  folder = await newTemporaryFolder();
  own = await startOwnApiIot(folder);
  server = await http.serve(receiver.fetch, { hostname: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.close();
  await own.stop();
  await removeFolder(folder);
});

let marks = 0;
function subjectOf(
  { wrap, hear, forgets }: Partial<BadApi> = {},
  endMaxMs = 20_000,
  lateVin: string | null = null,
): Subject {
  marks += 1;
  const callbacks = {
    url: `${server.origin}${receiver.path}`,
    secret: own.callbackSecret,
    received: receiver.received,
  };
  let isRestarted = false;
  const plain = wrap?.(http.http, token) ?? http.http;
  const settings = {
    ...{ adapter: ownAdapter(), origin: own.origin, clientId: 'engine', clientSecret: own.clientSecret },
    ...{ vin: own.nextVin(), feature: 'heated_seats', quotaVin: own.nextVin(), offlineVin: own.offlineVin },
    lateVin,
    ...{ quota: 10, endMaxMs },
    restart: async () => {
      isRestarted = true;
      if (!forgets) await own.restart();
    },
  };
  return new Subject(settings, {
    http: (request) => (forgets && isRestarted ? forgotten(plain)(request) : plain(request)),
    clock: wallClock,
    callbacks: hear?.(callbacks) ?? callbacks,
    secrets: systemSecrets,
    mark: `m${marks}`,
  });
}

async function token(): Promise<string> {
  return (await subjectOf().askToken()).token ?? '';
}

describe('fleetwake conform', () => {
  it('has 25 claims and more, each by a name of its own', () => {
    expect(claims.length).toBeGreaterThanOrEqual(25);
    expect(new Set(claims.map(({ name }) => name)).size).toBe(claims.length);
  });

  it("holds every claim on Fleetwake's own API IoT, with vehicles that are away and late, and through a restart", async () => {
    const report = await conform(subjectOf({}, 20_000, own.nextLateVin()));
    expect(report.claims.filter(({ state }) => state !== 'held')).toEqual([]);
    expect(report.ok).toBe(true);
  });

  it.each(badApis)('catches an API IoT that $what by $claim', async (bad) => {
    const isLate = bad.claim === 'late_result_kept';
    const subject = subjectOf(bad, isLate ? 12_000 : 6_000, isLate ? own.nextLateVin() : null);
    const report = await conform(subject, [bad.claim]);
    expect(report.claims.map(({ name, state }) => [name, state])).toEqual([[bad.claim, 'broken']]);
    // It is caught for what it does, and not because a command was refused on the way.
    if (bad.claim !== 'command_accepted')
      expect(JSON.stringify(report.claims[0])).not.toContain('"found":"the command was answered');
    expect(report.ok).toBe(false);
  });

  it('is a command with exit codes and reports', async () => {
    const [vin, quotaVin] = [own.nextVin(), own.nextVin()];
    const of = (name: string) => join(folder, name);
    const files = ['--json', of('c.json'), '--junit', of('c.xml'), '--html', of('c.html')];
    const call = [
      ...['conform', own.origin, '--client-id', 'engine', '--client-secret', own.clientSecret, '--vin', vin],
      ...[
        '--quota-vin',
        quotaVin,
        '--offline-vin',
        own.offlineVin,
        '--feature',
        'heated_seats',
        '--wait',
        '20 s',
      ],
      ...[
        '--callback-secret',
        own.callbackSecret,
        '--callback-port',
        '0',
        '--quota',
        '10',
        '--restart',
        'true',
      ],
    ];
    const only = [
      '--only',
      'command_accepted,callback_signed,quota_holds,history_survives_restart,late_result_kept',
    ];
    const held = await inProcess([...call, ...only, ...files]);
    expect([held.error, held.exitCode]).toEqual([null, 0]);
    expect(held.stdout).toContain('not testable late_result_kept: ');
    expect(held.stdout).toContain(': 4 held, 0 broken, 1 not testable\n');
    expect(JSON.parse(readFileSync(of('c.json'), 'utf8'))).toMatchObject({ ok: true, adapter: 'fleetwake' });
    expect(readFileSync(of('c.xml'), 'utf8')).toContain('tests="5" failures="0" errors="0" skipped="1"');
    expect(readFileSync(of('c.html'), 'utf8')).toContain('<code>quota_holds</code>');
    const broken = await inProcess([
      ...call,
      '--quota',
      '3',
      '--only',
      'quota_holds',
      '--quota-vin',
      own.nextVin(),
    ]);
    expect([broken.error, broken.exitCode]).toEqual([null, 1]);
    expect(broken.stdout).toContain('BROKEN       quota_holds: ');
    const late = await inProcess([
      ...call,
      '--late-vin',
      'x',
      '--callback-url',
      'http://127.0.0.1:1',
      '--only',
      'nothing',
    ]);
    expect(late.error).toMatch(/^--only names "nothing"; write some of token_issued, /);
    const adapter = await inProcess([...call, '--adapter', '/nowhere.yaml']);
    expect(adapter.error).toMatch(/^the adapter cannot be used:\n\/nowhere\.yaml: there is no such file/);
  });
});
