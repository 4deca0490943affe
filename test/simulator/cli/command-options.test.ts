import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { shippedAdaptersFolder } from '../../../gateway/adapter/shipped-adapters.ts';
import { options } from '../../../gateway/config.ts';
import { vinOf } from '../../../simulator/check/purchases-of-test-case.ts';
import { calmTestCase } from '../../../simulator/check/test-case.ts';
import { testCaseOf } from '../../../simulator/cli/check.ts';
import { writeCheckFiles } from '../../../simulator/cli/check-formats.ts';
import { saveFailures } from '../../../simulator/cli/check-report.ts';
import { consoleRuns } from '../../../simulator/cli/console-options.ts';
import { type FleetFlags, fleetOfFlags, telemetryMsOf } from '../../../simulator/cli/fleet-options.ts';
import { fleetwakeProgram } from '../../../simulator/cli/program.ts';
import { testVehicles } from '../../../simulator/fleet/test-vehicles.ts';
import { demoFleet } from '../../../simulator/live/demo-fleet.ts';
import { shippedModelsFolder } from '../../../simulator/models/models-folder.ts';
import { shippedNames } from '../../../simulator/scenarios/library.ts';
import type { Scenario } from '../../../simulator/scenarios/scenario.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { freePort } from '../../helpers/free-port.ts';
import { spansOf } from '../../helpers/otlp.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import {
  type AskedService,
  askedService,
  everyOption,
  inProcess,
  writeSecrets,
} from './command-in-process.ts';

vi.mock('../../../shared/live/signals.ts', () => ({
  // A command that runs until a signal ends once it has started.
  firstSignal: () => ({ promise: Promise.resolve('SIGTERM'), dispose() {} }),
}));

const consoleTests = 'simulator/console/login.live.test.ts';
const shards = 'simulator/cli/check-shards.test.ts';
const adapterFile = join(shippedAdaptersFolder(), 'synchronous.yaml');
let service: AskedService;
let folder = '';
const firstRegression = readdirSync('test/regressions').find((name) => name.endsWith('.json')) ?? '';
const vin = '1M8GDM9AXKP042788';
/** A purchase as the platform answers it. */
const bought = {
  ...{ id: 'pur_1', serviceName: 'Heated seats', vin, duration: { unit: 'permanent' }, status: 'pending' },
  ...{ price: { amountMinor: 1_490, currency: 'EUR' }, ticketId: null },
  activation: { id: 'act_1', phase: 'queued_for_activation', settlement: 'authorised' },
};
const emptyList = {
  vehicles: [],
  purchases: [],
  activations: [],
  tickets: [],
  settlements: [],
  findings: [],
  collected: true,
  next: null,
};

beforeAll(async () => {
  folder = await newTemporaryFolder();
  await writeSecrets(folder);
  service = await askedService((path) => {
    if (path.startsWith('/faults'))
      return { id: 'fault-1', layer: 'vehicle', vehicles: 1, vins: [vin], faults: [], removed: 0 };
    if (path === '/purchases') return bought;
    if (path === '/incidents?status=open') return { incidents: [{ id: 'inc_1', cause: 'paused' }] };
    return /^\/[a-z-]+\?/.test(path)
      ? emptyList
      : { id: 'x', erasedAt: 0, wasOff: true, events: [], next: null };
  });
});
afterAll(() => {
  // Files of one worker share the loaded modules: a command that another file runs must not end at once.
  vi.doUnmock('../../../shared/live/signals.ts');
  vi.resetModules();
});
afterAll(async () => {
  await service.close();
  await removeFolder(folder);
});
beforeEach(() => {
  service.requests.length = 0;
});

type Case = () => Promise<void>;

const places = (call: string) => [
  '--data',
  folder,
  call.startsWith('fault') ? '--control-url' : '--platform-url',
  service.url,
];
const asked = (call: string) => inProcess([...call.split(' '), ...places(call)]);

/** The call asks exactly this. */
const asks =
  (call: string, request: string): Case =>
  async () => {
    const { error } = await asked(call);
    expect([error, ...service.requests]).toEqual([null, request]);
  };

/** The call is refused with exactly this. */
const refuses =
  (call: string, sentence: string): Case =>
  async () => {
    const { error, stdout } = await inProcess(
      call.split(' ').map((word) => word.replace('FOLDER', folder).replace('REGRESSION', firstRegression)),
    );
    expect([error, stdout, service.requests]).toEqual([sentence.replace('FOLDER', folder), '', []]);
  };

const both =
  (...cases: readonly Case[]): Case =>
  async () => {
    for (const one of cases) {
      service.requests.length = 0;
      await one();
    }
  };

/** The source of a test with this title, and the constants before the first test. */
function testNamed(file: string, title: string): { readonly body: string; readonly shared: string } {
  const lines = readFileSync(`test/${file}`, 'utf8').split('\n');
  const isStart = (line: string) => /^ *(test|it)(\.(concurrent|each|for|skipIf\(.*\)))*[(<]/.test(line);
  const first = lines.findIndex(isStart);
  const titled = lines.findIndex((line) => line.includes(title) && !line.trimStart().startsWith('//'));
  if (titled === -1) throw new Error(`test/${file} has no test "${title}"`);
  const start = lines.findLastIndex((line, index) => index <= titled && isStart(line));
  if (start === -1) throw new Error(`"${title}" is no title of a test in test/${file}`);
  const next = lines.findIndex((line, index) => index > titled && isStart(line));
  const body = lines.slice(start, next === -1 ? lines.length : next).join('\n');
  return { body, shared: lines.slice(0, first).join('\n') };
}

/** A test of its own shows the effect on what really runs: it is there, it gives the flag, and it expects something. */
const shownBy =
  (flag: string, file: string, title: string): Case =>
  async () => {
    const { body, shared } = testNamed(file, title);
    // A value or a further parameter may stand before and behind it, nothing else: `'--json'`, `--json ` or `--json=`.
    const given = new RegExp(`(['"\`, ])${flag}(['"\`, =])`);
    expect(given.test(body) || (given.test(shared) && /freePorts/.test(body))).toBe(true);
    expect(body).toMatch(/expect\(|refuses\(/);
    expect(body).not.toMatch(/\b(test|it)\.(skip|todo|fails)\b/);
  };

/** What every command that asks a running platform has. */
function ofPlatform(command: string, call: string): Record<string, Case> {
  return {
    [`${command} --platform-url`]: async () => {
      const { error } = await inProcess([
        ...call.split(' '),
        '--data',
        folder,
        '--platform-url',
        'localhost:1',
      ]);
      expect(error).toBe(
        '--platform-url (FLEETWAKE_PLATFORM_URL) must be a URL that starts with http:// or https://, not "localhost:1"',
      );
      await asked(call);
      expect(service.requests.length).toBeGreaterThan(0);
    },
    [`${command} --data`]: refuses(
      `${call} --data /nowhere`,
      "there is no keys.json in /nowhere: give the gateway's data folder with --data",
    ),
  };
}

/** `--json` prints what was answered. */
function asJson(command: string, call: string): Record<string, Case> {
  return {
    [`${command} --json`]: async () => {
      const plain = await asked(call);
      const json = await asked(`${call} --json`);
      expect(plain.stdout).not.toBe(json.stdout);
      expect(JSON.parse(json.stdout)).toBeTypeOf('object');
    },
  };
}

function limited(name: string, path: string): Record<string, Case> {
  return {
    [`${name} --limit`]: both(
      asks(`${name} --limit 3`, `GET ${path}limit=3`),
      refuses(`${name} --limit 0`, '--limit must be a whole number from 1 to 100, not "0"'),
      refuses(`${name} x --limit 3`, `--limit has no effect on one ${name}: leave it out`),
    ),
  };
}

/** One flag of `fault add`, and the record that it makes; a fault of the other layer refuses it. */
const adds = (call: string, record: object) =>
  asks(`fault add ${call}`, `POST /faults ${JSON.stringify(record)}`);
const offline = { name: 'offline', layer: 'link', type: 'offline' };
const onService = { name: 'slow', layer: 'services', type: 'slow' };
const notOf = (type: string, flag: string) =>
  refuses(
    `fault add ${type} --${flag} 1 --data FOLDER`,
    `--${flag} has no effect on a fault of type ${type}: leave it out`,
  );
const ofVehicles = (flag: string, value: string, target: object) =>
  both(adds(`offline --${flag} ${value}`, { ...offline, target }), notOf('slow', flag));
const ofService = (flag: string, value: string, target: object) =>
  both(adds(`slow --${flag} ${value}`, { ...onService, target }), notOf('offline', flag));
const scheduled = (flag: string, field: string) =>
  both(
    adds(`offline --${flag} 5`, { ...offline, schedule: { [field]: 5 } }),
    flag === 'first' || flag === 'from'
      ? refuses(`fault add offline --${flag} x --data FOLDER`, `--${flag} takes a number, not "x"`)
      : refuses(
          `fault add offline --${flag} x --data FOLDER`,
          `--${flag} takes a duration such as 30s or "45 min", or milliseconds, not "x"`,
        ),
  );

/** A flag of an action on a ticket, and that other actions refuse it. */
const act = (call: string, body: object, flag: string, other: string) =>
  both(
    asks(
      `ticket t1 ${call}`,
      `POST /tickets/t1/${call.split(' ')[0]} ${JSON.stringify({ by: 'ana', ...body })}`,
    ),
    refuses(
      `ticket t1 ${other} --as ana --${flag} x --data FOLDER`,
      `--${flag} has no effect on the action ${other.split(' ')[0]}: leave it out`,
    ),
  );
const lists = (flag: string, request: string) =>
  both(
    asks(`ticket ${flag}`, request),
    refuses(
      `ticket t1 ${flag} --data FOLDER`,
      `${flag.split(' ')[0]} has no effect on one ticket: leave it out`,
    ),
  );
const settles = (call: string, body: object) =>
  asks(
    `settlement a1 resolve --as ana ${call}`,
    `POST /settlements/a1/resolve ${JSON.stringify({ by: 'ana', ...body })}`,
  );

/** A settlement with amount and reference, which the platform gets as they were typed. */
const paidBack: Case = async () => {
  const words = 'settlement a1 resolve --as ana --resolution paid-back --reference r-7'.split(' ');
  await inProcess([...words, '--amount', '14.90 EUR', ...places('settlement')]);
  const body = { by: 'ana', resolution: 'paid_back', amountMinor: 1_490, currency: 'EUR', reference: 'r-7' };
  const [request = ''] = service.requests;
  expect(request.split(' ').slice(0, 2)).toEqual(['POST', '/settlements/a1/resolve']);
  expect(JSON.parse(request.slice(request.indexOf('{')))).toEqual(body);
};

/** What the parser makes of a call, without doing it. */
async function parsed(call: string): Promise<FleetFlags & Record<string, unknown>> {
  const [name = '', ...rest] = call.split(' ');
  const program = await fleetwakeProgram(name);
  const command = program.commands.find((one) => one.name() === name);
  command?.parseOptions(rest);
  return command?.opts() as FleetFlags & Record<string, unknown>;
}

/** The vehicles that `up` or `fleet` would run. */
const fleetOf = async (call: string) => demoFleet(folder, fleetOfFlags(await parsed(call)));
const vinsOf = async (call: string) => (await fleetOf(call)).map((spec) => spec.vin);

/** A folder with one of the shipped models. */
async function ownModels(): Promise<string> {
  const name = 'cirrus-2025.yaml';
  await mkdir(written('models'), { recursive: true });
  await copyFile(join(shippedModelsFolder(), name), join(written('models'), name));
  return written('models');
}

/** Of the commands in whose process the broker's vehicles can have faults. */
function ofLineProxy(command: 'up' | 'fleet' | 'gateway'): Record<string, Case> {
  const call = `${command}${command === 'gateway' ? ' --control-port 0' : ''}`;
  const title =
    command === 'up' ? '`fleetwake up --line-proxy`' : '`fleetwake gateway` and `fleetwake fleet`';
  const given = (flag: string) => shownBy(flag, 'e2e/line-proxy.live.test.ts', title);
  const idle = refuses(
    `${command} --line-proxy-host ::1 --data FOLDER`,
    '--line-proxy-host has no effect without --line-proxy; leave it out',
  );
  return {
    [`${command} --line-proxy`]: both(
      given('--line-proxy'),
      refuses(
        `${call} --line-proxy 1883,x --data FOLDER`,
        '--line-proxy must be ports from 0 to 65535, each alone or as PORT=VIN, separated by commas, not "x"',
      ),
    ),
    [`${command} --line-proxy-host`]:
      command === 'up'
        ? idle
        : both(shownBy('--line-proxy-host', 'e2e/line-proxy.live.test.ts', title), idle),
  };
}

function ofFleet(command: 'up' | 'fleet'): Record<string, Case> {
  const few = `${command}${command === 'up' ? ' --no-test-vehicles' : ''}`;
  return {
    ...ofLineProxy(command),
    [`${command} --vehicles`]: both(
      async () =>
        expect([(await vinsOf(few)).length, (await vinsOf(`${few} --vehicles 7`)).length]).toEqual([5, 7]),
      refuses(`${command} --vehicles x`, '--vehicles must be a whole number from 0 to 900000, not "x"'),
      refuses(
        `${command} --vehicles 250000`,
        '250000 vehicles are more than the 100000 that one process simulates: start several, each with its --shard, such as --shard 1/3',
      ),
    ),
    [`${command} --first`]: both(
      async () => expect(await vinsOf(`${few} --first 4 --vehicles 2`)).toEqual((await vinsOf(few)).slice(3)),
      refuses(`${command} --first 0`, '--first must be a whole number from 1 to 900000, not "0"'),
      refuses(`${command} --first x`, '--first must be a whole number from 1 to 900000, not "x"'),
      refuses(
        `${command} --first 899999 --vehicles 3`,
        '--first 899999 --vehicles 3 goes up to vehicle 900001, and the six digits of a VIN hold 900000 vehicles: give a smaller --first or fewer --vehicles',
      ),
    ),
    [`${command} --shard`]: both(
      async () => {
        const vins: string[] = [];
        for (const part of [1, 2, 3]) {
          vins.push(...(await vinsOf(`${command} --first 3 --vehicles 7 --shard ${part}/3`)));
        }
        // The test vehicles, where there are some, are in the first part.
        expect(vins.toSorted()).toEqual((await vinsOf(`${command} --first 3 --vehicles 7`)).toSorted());
      },
      ...['0/3', '4/3', '1/0', 'x', '1', '1/3/5', '-1/3'].map((text) =>
        refuses(
          `${command} --shard=${text}`,
          `--shard must be i/n with i from 1 to n, such as 2/3 for the second of three parts, not "${text}"`,
        ),
      ),
    ),
    [`${command} --mix`]: both(
      async () => {
        const specs = await fleetOf(`${few} --vehicles 40 --mix aurora-2026=3,cirrus-2025`);
        const counts = ['aurora-2026', 'borealis-2026', 'cirrus-2025'].map(
          (id) => specs.filter(({ model }) => model.id === id).length,
        );
        // What seed 1 draws with a chance of three quarters.
        expect(counts).toEqual([26, 0, 14]);
      },
      refuses(
        `${command} --mix trabant`,
        '--mix must name some of aurora-2026, borealis-2026, cirrus-2025, not "trabant"',
      ),
      refuses(
        `${command} --mix aurora-2026=0`,
        '--mix must be a list such as aurora-2026=3,borealis-2026, with weights from 1 to 9999, not "aurora-2026=0"',
      ),
    ),
    [`${command} --regions`]: both(
      async () => {
        const specs = await fleetOf(`${few} --regions ES`);
        expect(new Set(specs.map(({ region }) => region))).toEqual(new Set(['ES']));
      },
      refuses(`${command} --regions XX`, '--regions must name some of DE, ES, FR, IT, SE, not "XX"'),
      refuses(`${command} --regions DE,ES,DE=2`, '--regions names DE twice; name it once'),
      refuses(
        `${command} --regions DE,`,
        '--regions must be a list such as DE=3,ES, with weights from 1 to 9999, not "DE,"',
      ),
    ),
    [`${command} --telemetry-every`]: both(
      async () => {
        expect(telemetryMsOf(await parsed(command))).toBe(10_000);
        expect(telemetryMsOf(await parsed(`${command} --telemetry-every 2min`))).toBe(120_000);
      },
      ...['5', '99ms', '25h', '-1s'].map((text) =>
        refuses(
          `${command} --telemetry-every=${text}`,
          `--telemetry-every must be a duration from 100 ms to 1 d such as "45 min", "30 s", "2 h" or "500 ms", not "${text}"`,
        ),
      ),
    ),
    [`${command} --seed`]: both(
      async () => expect(await vinsOf(`${few} --seed 2`)).not.toEqual(await vinsOf(few)),
      refuses(`${command} --seed x`, '--seed must be a whole number from 0 to 9999999, not "x"'),
    ),
    [`${command} --connectivity`]: both(
      async () => {
        const specs = await fleetOf(`${few} --connectivity garage`);
        expect(new Set(specs.map(({ connectivity }) => connectivity))).toEqual(new Set(['garage']));
      },
      refuses(
        `${command} --connectivity x`,
        '--connectivity must be one of steady, drive, tunnel, garage, sleep, flapping, not "x"',
      ),
    ),
    [`${command} --take-over`]: shownBy(
      '--take-over',
      'e2e/fleets.live.test.ts',
      'vehicles of a lost data folder are taken over with --take-over, unless they are connected',
    ),
    [`${command} --control-open`]: shownBy(
      '--control-open',
      'e2e/control-open.live.test.ts',
      'with --control-open needs no secret of a program of this machine',
    ),
    [`${command} --control-port`]: both(
      shownBy(
        '--control-port',
        'e2e/start-errors.test.ts',
        `is said before ${command === 'up' ? 'anything is started: fleetwake up' : 'a platform is asked: fleetwake fleet'}`,
      ),
      refuses(
        `${command} --control-port x --data FOLDER`,
        '--control-port must be a whole number from 0 to 65535, not "x"',
      ),
    ),
    [`${command} --models`]: async () => {
      const modelsOf = async (call: string) => new Set((await fleetOf(call)).map(({ model }) => model.id));
      expect(await modelsOf(few)).not.toEqual(new Set(['cirrus-2025']));
      expect(await modelsOf(`${few} --models ${await ownModels()}`)).toEqual(new Set(['cirrus-2025']));
    },
    [command === 'up' ? 'up --no-test-vehicles' : 'fleet --test-vehicles']: async () => {
      const flag = command === 'up' ? '--no-test-vehicles' : '--test-vehicles';
      const counts = [await vinsOf(command), await vinsOf(`${command} ${flag}`)].map(({ length }) => length);
      const [least, most] = counts.toSorted((a, b) => a - b);
      expect([counts.indexOf(5), least, most]).toEqual([
        command === 'up' ? 1 : 0,
        5,
        5 + testVehicles.length,
      ]);
    },
  };
}

const written = (name: string) => join(folder, name);
const scenario = `name: small
description: One vehicle.
timeScale: 60
vehicles: { count: 1 }
purchases: { count: 1, overMs: 1000 }
`;

/** One virtual run and its verification write every kind of report. */
const reported: Case = async () => {
  await writeFile(written('small.yaml'), scenario);
  const kinds = ['json', 'junit', 'ctrf', 'markdown', 'html'];
  const into = (prefix: string) => kinds.flatMap((kind) => [`--${kind}`, written(`${prefix}.${kind}`)]);
  const run = await inProcess([
    'run',
    written('small.yaml'),
    '--seed',
    '3',
    '--log',
    written('log'),
    ...into('run'),
  ]);
  const verify = await inProcess(['verify', written('log'), ...into('verify')]);
  expect([run.error, verify.error]).toEqual([null, null]);
  for (const prefix of ['run', 'verify']) {
    expect(JSON.parse(readFileSync(written(`${prefix}.json`), 'utf8'))).toMatchObject({ seed: 3, ok: true });
    expect(readFileSync(written(`${prefix}.junit`), 'utf8')).toContain('<testsuite');
    expect(JSON.parse(readFileSync(written(`${prefix}.ctrf`), 'utf8'))).toMatchObject({
      reportFormat: 'CTRF',
    });
    expect(readFileSync(written(`${prefix}.markdown`), 'utf8')).toMatch(/^#/);
    expect(readFileSync(written(`${prefix}.html`), 'utf8')).toMatch(/^<!doctype html>/i);
  }
  const outcome = await inProcess(['report', 'diff', written('run.json'), written('verify.json'), '--json']);
  expect(JSON.parse(outcome.stdout)).toBeTypeOf('object');
  const twice = await inProcess(['run', written('small.yaml'), '--repeat', '2', '--json']);
  expect(JSON.parse(twice.stdout)).toHaveLength(2);
};

/** Two random test cases of a seed, and no saved one. */
const checked: Case = async () => {
  const call = ['check', '--runs', '2', '--seed', '7', '--workers', '1', '--corpus', 'none'];
  const outcome = await inProcess([...call, '--json', written('check.json')]);
  // A broken rule is shown, not only that there is one.
  expect(JSON.parse(readFileSync(written('check.json'), 'utf8'))).toMatchObject({
    seed: 7,
    runs: 2,
    corpus: [],
    failures: [],
  });
  expect(outcome.error).toBe(null);
};

const day: Case = async () => {
  const call = `day --vehicles 3 --purchases 2 --hours 1 --seed 2 --json ${written('day.json')}`;
  expect((await inProcess(call.split(' '))).error).toBe(null);
  const size = { vehicleCount: 3, purchaseCount: 2, durationMs: 3_600_000, seed: 2 };
  expect(JSON.parse(readFileSync(written('day.json'), 'utf8'))).toMatchObject(size);
};

/** Sends exactly this request among others; its output is not checked. */
const sends =
  (call: string, ...parts: readonly string[]): Case =>
  async () => {
    await asked(call);
    const found = service.requests.find((request) => parts.every((part) => request.includes(part)));
    expect(found ?? service.requests).toEqual(expect.stringContaining(parts[0] ?? ''));
  };
const registers =
  (flags: string, ...parts: string[]): Case =>
  async () =>
    sends(`register ${vin} --replace --api-iot-url ${service.url}${flags}`, ...parts)();
/** The line of stand-ins that end at once. */
async function standIns(...flags: readonly string[]): Promise<Record<string, string>> {
  const ports = ['payments', 'smtp', 'mail', 'push'].flatMap((name) => [`--${name}-port`, '0']);
  const call = ['stand-ins', '--data', written('made'), ...ports, '--json', ...flags];
  return JSON.parse((await inProcess(call)).stdout);
}
/** Watches what the parts of a command are given. */
const watched = 'simulator/cli/watched-commands.live.test.ts';
const placesOf = (...names: readonly string[]) => ['event', ...names, 'environment'];
const runOnly = ['data x', 'nats-url nats://127.0.0.1:1', 'log-level info', 'install'];

/** The order that a call of `buy` sends, after it has asked for the vehicle. */
const orders = (flags: string, changes: object) => async () => {
  service.requests.length = 0;
  const { error } = await asked(
    `buy ${vin} heated-seats --customer ana --duration permanent ${flags}`.trim(),
  );
  const order = {
    ...{ customerId: 'ana', vin, serviceId: 'heated-seats', duration: { unit: 'permanent' } },
    ...{ paymentMethod: 'pm_card_visa', ...changes },
  };
  const sent = `POST /purchases ${JSON.stringify(order)}`;
  expect([error, ...service.requests.slice(0, 2)]).toEqual([null, `GET /vehicles/${vin}`, sent]);
};
const stated = `buy ${vin} heated-seats --customer ana --duration permanent`;
const ofBuy: Record<string, Case> = {
  ...ofPlatform('buy', stated),
  'buy --customer': orders('--customer bo', { customerId: 'bo' }),
  'buy --duration': both(
    orders('--duration permanent', {}),
    refuses(
      `buy ${vin} heated-seats --duration long --data FOLDER`,
      '--duration must be such as "30 days" or permanent, not "long"',
    ),
  ),
  'buy --card': both(
    orders('--card pm_card_amex', { paymentMethod: 'pm_card_amex' }),
    orders('--card amex', { paymentMethod: 'pm_card_amex' }),
  ),
  'buy --wait': shownBy(
    '--wait',
    'e2e/buy-and-events.live.test.ts',
    'ends with 0 for a service that is active',
  ),
  'buy --within': both(
    shownBy('--within', 'e2e/buy-and-events.live.test.ts', 'ends with 3 where nothing has ended'),
    refuses(
      `${stated} --within 5s --data FOLDER`,
      '--within has no effect on a purchase without --wait: leave it out',
    ),
    refuses(
      `${stated} --wait --within long --data FOLDER`,
      '--within takes a duration such as "45 min", "30 s", "2 h" or "500 ms", not "long"',
    ),
  ),
  'buy --json': shownBy(
    '--json',
    'e2e/buy-and-events.live.test.ts',
    'ends with 0 for a service that is active',
  ),
};
const ofEvents: Record<string, Case> = {
  'events --platform-url': refuses(
    'events --platform-url x --data FOLDER',
    '--platform-url (FLEETWAKE_PLATFORM_URL) must be a URL that starts with http:// or https://, not "x"',
  ),
  'events --data': refuses(
    'events --data /nowhere',
    "there is no keys.json in /nowhere: give the gateway's data folder with --data",
  ),
  'events --after': both(
    shownBy('--after', 'simulator/cli/events.test.ts', 'starts after the event that is named'),
    refuses(
      'events --after x --data FOLDER',
      '--after must be a whole number from 0 to 999999999999999, not "x"',
    ),
  ),
  'events --purchase': shownBy('--purchase', 'simulator/cli/events.test.ts', 'the events of one purchase'),
  'events --count': both(
    shownBy('--count', 'simulator/cli/events.test.ts', 'a line for people'),
    refuses(
      'events --count 0 --data FOLDER',
      '--count must be a whole number from 1 to 999999999999999, not "0"',
    ),
  ),
  'events --json': shownBy('--json', 'simulator/cli/events.test.ts', 'the events of one purchase'),
};
const backupTests = 'simulator/cli/backup.live.test.ts';
const ofBackup: Record<string, Case> = {
  'backup --data': shownBy('--data', backupTests, 'copies a data folder that is written to'),
  'backup --json': shownBy('--json', backupTests, 'copies a data folder that is written to'),
  'backup --database-url': shownBy('--database-url', backupTests, 'leaves out what is in PostgreSQL'),
  'backup --api-iot-database-url': shownBy(
    '--api-iot-database-url',
    backupTests,
    'leaves out what is in PostgreSQL',
  ),
};
const ofMosquittoAccounts: Record<string, Case> = {
  'mosquitto-accounts --data': both(
    refuses(
      'mosquitto-accounts --out FOLDER --data /nowhere',
      "there is no keys.json in /nowhere: give the gateway's data folder with --data",
    ),
    refuses(
      'mosquitto-accounts --out FOLDER --data FOLDER',
      'there is no api-iot.db in FOLDER: give the data folder of the gateway whose API IoT has registered the vehicles with --data, or its API_IOT_DATABASE_URL',
    ),
  ),
  'mosquitto-accounts --api-iot-database-url': refuses(
    'mosquitto-accounts --out FOLDER --data FOLDER --api-iot-database-url postgres://127.0.0.1:1/x',
    'the PostgreSQL of --api-iot-database-url cannot be read (connect ECONNREFUSED 127.0.0.1:1): start it, or correct --api-iot-database-url (API_IOT_DATABASE_URL)',
  ),
  ...Object.fromEntries(
    ['out', 'accounts', 'json'].map((name) => [
      `mosquitto-accounts --${name}`,
      shownBy(
        `--${name}`,
        'e2e/mosquitto-accounts.live.test.ts',
        'writes files with which a Mosquitto knows',
      ),
    ]),
  ),
};

const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    ['json', 'junit', 'ctrf', 'markdown', 'html'].flatMap((kind) => [
      [`run --${kind}`, reported],
      [`verify --${kind}`, reported],
    ]),
  ),
  'run --log': both(
    reported,
    refuses(
      'run default --log /nowhere/x',
      '--log /nowhere/x cannot be written: there is no such file; name another file',
    ),
  ),
  'run --metrics': both(
    async () => {
      const { error } = await inProcess(['run', 'default', '--metrics', written('metrics')]);
      expect(error).toBeNull();
      const text = readFileSync(written('metrics'), 'utf8');
      expect(text).toContain('up{job="fleetwake",instance="platform"} 1 ');
      expect(text.endsWith('\n# EOF\n')).toBe(true);
    },
    refuses(
      'run default --metrics /nowhere/x',
      '--metrics /nowhere/x cannot be written: there is no such file; name another file',
    ),
    refuses(
      'run default --live --metrics x',
      '--metrics records a run in virtual time: leave it out, and let Prometheus scrape the platform of a live run',
    ),
  ),
  'run --traces': both(
    async () => {
      const { error } = await inProcess([
        'run',
        'expired-token',
        '--seed',
        '3',
        '--traces',
        written('spans'),
      ]);
      expect(error).toBeNull();
      expect(spansOf(readFileSync(written('spans'), 'utf8')).map(({ name }) => name)).toContain('activation');
    },
    refuses(
      'run default --traces /nowhere/x',
      '--traces /nowhere/x cannot be written: there is no such file; name another file',
    ),
    refuses(
      'run default --live --traces x',
      '--traces records a run in virtual time: leave it out, and name a collector with OTEL_EXPORTER_OTLP_ENDPOINT',
    ),
  ),
  'run --save': both(
    async () => {
      const saved = written('run.json');
      expect((await inProcess(['run', 'expired-token', '--seed', '3', '--save', saved])).error).toBeNull();
      expect(JSON.parse(readFileSync(saved, 'utf8'))).toMatchObject({
        about: 'scenario expired-token, seed 3',
        seed: 3,
        scenario: { name: 'expired-token' },
      });
      const { stdout } = await inProcess(['replay', saved]);
      expect(stdout).toMatch(
        /\nscenario expired-token, seed 3|\n.*\n\nno rule was broken\ntrace hash [0-9a-f]{64}\n$/,
      );
      expect((await inProcess(['replay', saved, '--at', '300'])).stdout).toMatch(/^event 300, \+/);
    },
    refuses(
      'run default --save /nowhere/x',
      '--save /nowhere/x cannot be written: there is no such file; name another file',
    ),
    refuses(
      'run default --live --save x',
      '--save and --live (or --target) cannot be combined, because only a run in virtual time can be replayed; leave one of them out',
    ),
    refuses(
      'run default --adapter x --save x',
      '--save and --adapter cannot be combined: a saved run is replayed with the shipped models, catalogue and adapter',
    ),
  ),
  'run --check': both(
    shownBy('--check', 'simulator/cli/run-plan.test.ts', 'checks a file and runs nothing'),
    refuses('run default --check --plan', '--check and --plan are two questions: ask one of them'),
    refuses(
      'run default --check --html x',
      '--html has no effect with --check, which runs nothing: leave it out',
    ),
  ),
  'run --time-scale': both(
    refuses(
      'run twenty-minutes-away --time-scale 10',
      '--time-scale needs a live run, since virtual time costs nothing: add --live, or leave it out',
    ),
    refuses(
      'run underground-garage --live --time-scale 10',
      '--time-scale cannot change underground-garage: its times are those of a compressed run, which another scale would make others; write times: scenario in it',
    ),
    refuses(
      'run twenty-minutes-away --live --time-scale 0',
      '--time-scale must be a whole number from 1 to 10000, not "0"',
    ),
    shownBy('--time-scale', 'simulator/cli/run-plan.test.ts', 'at the time scale that is asked for'),
  ),
  'run --plan': both(
    shownBy('--plan', 'simulator/cli/run-plan.test.ts', 'who buys what when'),
    refuses('run default --plan --json x', 'with --plan, --json prints to standard output: leave out "x"'),
  ),
  'run --seed': both(
    reported,
    refuses('run --seed x', '--seed must be a whole number from 0 to 4294967295, not "x"'),
  ),
  'run --repeat': both(
    reported,
    refuses('run --repeat x', '--repeat must be a whole number from 1 to 1000, not "x"'),
  ),
  ...Object.fromEntries(
    ['api-iot', 'mqtt', 'payments', 'smtp', 'push', 'mail'].map((name) => [
      `run --${name}-port`,
      both(
        refuses(
          `run default --${name}-port 1`,
          `--${name}-port has no effect without --target: leave it out`,
        ),
        shownBy(`--${name}-port`, watched, 'gives every part the port of its flag'),
      ),
    ]),
  ),
  'run --target': both(
    shownBy('--target', watched, 'gives every part the port of its flag'),
    refuses('run default --target http://x', '--target and --mapping go together: give both, or neither'),
    refuses(
      'run default --target x --mapping y',
      '--target must be a URL that starts with http:// or https://, not "x"',
    ),
    refuses(
      'run default --target http://x --mapping y --repeat 2',
      '--target is the engine of one run: leave it out, or run one scenario without --all and --repeat',
    ),
  ),
  'run --mapping': both(
    shownBy('--mapping', 'e2e/run-target.live.test.ts', 'a mapping or address that fits nothing'),
    refuses('run default --mapping x', '--target and --mapping go together: give both, or neither'),
    refuses(
      'run default --target http://x --mapping /nowhere',
      '/nowhere: there is no such file; give a mapping file (docs/own-engine.md)',
    ),
  ),
  'run --rest': both(
    shownBy('--rest', 'e2e/run-target.live.test.ts', 'an engine that accepts purchases and does nothing'),
    refuses('run default --rest 1min', '--rest has no effect without --target: leave it out'),
    refuses(
      'run default --target http://x --mapping y --rest soon',
      '--rest must be a duration such as "45 min", "30 s", "2 h" or "500 ms", not "soon"',
    ),
  ),
  'verify --mapping': both(
    shownBy(
      '--mapping',
      'simulator/cli/verify-engine-log.test.ts',
      'holds a log of a purchase that was paid once',
    ),
    refuses(
      'verify /nowhere/log --mapping docs/examples/own-engine.mapping.yaml',
      '/nowhere/log: there is no such file; give a log (docs/own-engine.md)',
    ),
    refuses(
      'verify /nowhere/log --mapping /nowhere',
      '/nowhere: there is no such file; give a mapping file (docs/own-engine.md)',
    ),
  ),
  'run --live': shownBy(
    '--live',
    'simulator/scenarios/command.live.test.ts',
    'on real parts the same file gives the same plan',
  ),
  'run --all': both(
    async () => {
      const { stdout } = await inProcess(['run', '--all', '--check', '--json']);
      const files = (JSON.parse(stdout) as { file: string }[]).map(({ file }) => file);
      expect(files).toEqual(shippedNames());
    },
    refuses('run default --all', '--all runs the whole library: leave out "default", or leave out --all'),
  ),
  ...Object.fromEntries(
    runOnly.map((words) => {
      const flag = words.split(' ')[0];
      const sentence = `--${flag} needs a live run: add --live, or leave it out`;
      return [
        `run --${flag}`,
        both(
          refuses(`run --${words}`, sentence),
          flag === 'data'
            ? shownBy('--data', 'simulator/cli/run-options.test.ts', 'a live run does what %s says')
            : shownBy(`--${flag}`, watched, 'hands %s on to the run'),
        ),
      ];
    }),
  ),
  'scenarios --json': async () => {
    const { stdout } = await inProcess(['scenarios', '--json']);
    expect(JSON.parse(stdout)[0]).toHaveProperty('timeScale');
  },
  'scenarios --schema': both(
    async () => {
      const { stdout } = await inProcess(['scenarios', '--schema']);
      expect(JSON.parse(stdout)).toHaveProperty('$schema');
    },
    refuses('scenarios --schema --json', '--json has no effect on the JSON Schema: leave it out'),
  ),
  'adapters --adapter': both(
    async () => {
      const { stdout } = await inProcess(['adapters', '--adapter', adapterFile]);
      expect(stdout).toBe(
        'synchronous: synchronous, history; lacks idempotency_key, version, callback, history_item, display_text\n',
      );
    },
    refuses(
      'adapters --adapter nowhere.yaml',
      'the adapter cannot be used:\nnowhere.yaml: there is no such file; give an adapter file (docs/own-api-iot.md)',
    ),
  ),
  'adapters --show': both(
    async () => {
      const { stdout } = await inProcess(['adapters', '--show', 'synchronous']);
      expect(stdout).toBe(readFileSync(adapterFile, 'utf8'));
    },
    refuses(
      'adapters --show other',
      '--show must be one of connected-vehicle, fleetwake, polling-only, synchronous, not "other"',
    ),
  ),
  'adapters --json': async () => {
    const { stdout } = await inProcess(['adapters', '--json']);
    expect(JSON.parse(stdout)).toContainEqual({
      name: 'synchronous',
      capabilities: ['synchronous', 'history'],
      lacks: ['idempotency_key', 'version', 'callback', 'history_item', 'display_text'],
    });
  },
  'adapters --schema': both(
    async () => {
      const { stdout } = await inProcess(['adapters', '--schema']);
      expect(JSON.parse(stdout)).toHaveProperty('title', 'Fleetwake adapter of an API IoT');
    },
    refuses('adapters --schema --json', '--json has no effect on the JSON Schema: leave it out'),
  ),
  ...Object.fromEntries(
    [
      ...['adapter', 'client-id', 'client-secret', 'vin', 'feature', 'quota-vin', 'offline-vin', 'late-vin'],
      ...['quota', 'wait', 'callback-url', 'callback-secret', 'restart', 'only'],
    ].map((name) => [
      `conform --${name}`,
      shownBy(`--${name}`, watched, 'tries the claims with the value of %s'),
    ]),
  ),
  'conform --callback-port': shownBy('--callback-port', watched, 'listens for callbacks on'),
  ...Object.fromEntries(
    ['json', 'junit', 'html'].map((name) => [
      `conform --${name}`,
      shownBy(
        `--${name}`,
        'simulator/conform/conform.live.test.ts',
        'is a command with exit codes and reports',
      ),
    ]),
  ),
  'run --adapter': both(
    shownBy('--adapter', 'simulator/run/adapter.test.ts', 'runs with fewer capabilities'),
    refuses(
      'run default --adapter nowhere.yaml',
      'the adapter cannot be used:\nnowhere.yaml: there is no such file; give an adapter file (docs/own-api-iot.md)',
    ),
  ),
  'models --models': shownBy('--models', 'simulator/models/example.test.ts', 'lists the models of a folder'),
  'models --catalogue': shownBy(
    '--catalogue',
    'simulator/models/example.test.ts',
    'lists the models of a folder',
  ),
  'models --json': async () => {
    const { stdout } = await inProcess(['models', '--json']);
    expect(JSON.parse(stdout)[0]).toHaveProperty('vin', 'WFWAUR1E*TA######');
  },
  'models --schema': both(
    async () => {
      const { stdout } = await inProcess(['models', '--schema']);
      expect(JSON.parse(stdout)).toHaveProperty('title', 'Fleetwake vehicle model');
    },
    refuses('models --schema --json', '--json has no effect on the JSON Schema: leave it out'),
  ),
  'run --models': shownBy(
    '--models',
    'simulator/scenarios/scenario-parts.test.ts',
    'lets each of --models and --catalogue go before what the scenario names',
  ),
  'run --catalogue': shownBy(
    '--catalogue',
    'simulator/scenarios/scenario-parts.test.ts',
    'lets each of --models and --catalogue go before what the scenario names',
  ),
  'up --fresh': shownBy('--fresh', 'e2e/vehicles-survive.live.test.ts', 'and none of it with --fresh'),
  'fleet --fresh': shownBy('--fresh', 'e2e/vehicles-survive.live.test.ts', 'and none of it with --fresh'),
  'register --models': async () => {
    await asked(`register ${vin} --replace --models ${await ownModels()} --api-iot-url ${service.url}`);
    expect(service.requests.join()).toContain('"model":"cirrus-2025"');
  },
  'report diff --json': reported,
  'report diff --max-slower': both(async () => {
    await reported();
    await writeFile(
      written('slower.json'),
      readFileSync(written('run.json'), 'utf8').replace(/"p95": \d+/, '"p95": 9999999'),
    );
    const call = ['report', 'diff', written('run.json'), written('slower.json')];
    expect((await inProcess(call)).exitCode).toBe(0);
    const beyond = await inProcess([...call, '--max-slower', '10%']);
    expect(beyond.stdout).toMatch(/\n✗ beyond --max-slower 10%: timeToActiveMs\.p95, [\d.e+]+ % worse\n/);
    expect(beyond.stdout).toMatch(/\nWorse: .*; 1 beyond a limit\.\n$/);
    expect(beyond.exitCode).toBe(1);
    expect((await inProcess([...call, '--max-slower', 'much'])).error).toBe(
      '--max-slower takes a percentage such as 10%, not "much"',
    );
  }),
  'report diff --max-worse': async () => {
    await reported();
    await writeFile(
      written('fewer.json'),
      readFileSync(written('run.json'), 'utf8').replace('"active": 1', '"active": 0'),
    );
    const call = ['report', 'diff', written('run.json'), written('fewer.json')];
    expect((await inProcess(call)).exitCode).toBe(0);
    const beyond = await inProcess([...call, '--max-worse', 'outcomes.active=0%']);
    expect(beyond.stdout).toContain(
      '\n✗ beyond --max-worse outcomes.active=0%: outcomes.active, 100 % worse\n',
    );
    expect(beyond.exitCode).toBe(1);
    expect((await inProcess([...call, '--max-worse', 'outcomes.actives=0%'])).error).toMatch(
      /^--max-worse takes FIGURE=PERCENT with one of outcomes\.active, .*, not "outcomes\.actives=0%"$/,
    );
  },
  'up --mail-port': both(
    shownBy(
      '--mail-port',
      'e2e/start-errors.test.ts',
      'of the mail page, and the stand-ins that had started do not keep the process',
    ),
    refuses('up --mail-port x --data FOLDER', '--mail-port must be a whole number from 0 to 65535, not "x"'),
  ),
  'up --without': both(
    shownBy('--without', 'e2e/own-engine.live.test.ts', 'an engine of the user'),
    refuses('up --without engine --data FOLDER', '--without must be platform,engine, not "engine"'),
    refuses(
      'up --without platform,engine --api-iot-url http://127.0.0.1:1 --data FOLDER',
      '--without platform,engine has no effect together with --api-iot-url (API_IOT_URL), because no part of a gateway is left to run; leave one of them out',
    ),
  ),
  ...Object.fromEntries(
    ['payments', 'smtp', 'push'].map((name) => [
      `up --${name}-port`,
      both(
        shownBy(`--${name}-port`, 'e2e/own-engine.live.test.ts', 'an engine of the user'),
        refuses(
          `up --${name}-port x --data FOLDER`,
          `--${name}-port must be a whole number from 0 to 65535, not "x"`,
        ),
      ),
    ]),
  ),
  ...Object.fromEntries(
    ['up', 'console'].flatMap((command) => [
      [
        `${command} --console-port`,
        both(
          shownBy('--console-port', consoleTests, 'logs in once with the link that'),
          refuses(
            `${command} --console-port x --data FOLDER`,
            '--console-port must be a whole number from 0 to 65535, not "x"',
          ),
        ),
      ],
      [
        `${command} --reports`,
        async () => {
          // The page itself is tried in simulator/console/runs-pages.live.test.ts.
          const folders = [{ reports: 'mine' }, {}].map((flags) =>
            consoleRuns({ consolePort: '0', ...flags }, 'data'),
          );
          expect(folders.map(({ folder }) => folder)).toEqual(['mine', 'data/reports']);
        },
      ],
      [`${command} --open`, shownBy('--open', consoleTests, 'opens the browser with --open')],
    ]),
  ),
  'run --open': both(
    refuses('run --open', '--open needs a live run: add --live, or leave it out'),
    shownBy('--open', consoleTests, 'serves the console of a live run for as long as the run lasts'),
    refuses(
      'run --live --open --no-console',
      '--open has no effect together with --no-console; leave one of them out',
    ),
  ),
  'run --no-console': both(
    refuses('run --no-console', '--no-console needs a live run: add --live, or leave it out'),
    shownBy('--no-console', consoleTests, 'runs live without the console with --no-console'),
  ),
  'up --no-console': both(
    refuses(
      'up --no-console --reports x --data FOLDER',
      '--reports has no effect together with --no-console; leave one of them out',
    ),
    shownBy('--no-console', consoleTests, 'serves no console with --no-console'),
    refuses(
      'up --no-console --open --data FOLDER',
      '--open has no effect together with --no-console; leave one of them out',
    ),
    refuses(
      'up --without platform,engine --open --data FOLDER',
      '--open has no effect together with --without; leave one of them out',
    ),
  ),
  ...Object.fromEntries(
    ['platform-url', 'api-iot-url', 'control-url', 'data', 'json'].map((flag) => [
      `console --${flag}`,
      shownBy(`--${flag}`, consoleTests, 'serves a system that runs elsewhere'),
    ]),
  ),
  'console --host': shownBy('--host', consoleTests, 'listens where --host names an address'),
  'console --allowed-hosts': shownBy(
    '--allowed-hosts',
    consoleTests,
    'listens where --host names an address',
  ),
  'console --log-level': refuses(
    'console --log-level x',
    '--log-level (FLEETWAKE_LOG_LEVEL) must be one of debug, info, warn, error, silent, not "x"',
  ),
  'up --json': shownBy(
    '--json',
    'e2e/fault-command.live.test.ts',
    'fleetwake fault add, list, remove and clear act on what `fleetwake up` runs',
  ),
  ...ofFleet('up'),
  ...ofFleet('fleet'),
  ...ofPlatform('fleet', 'fleet'),
  ...Object.fromEntries(
    ['url', 'prefix', 'user', 'password', 'creds', 'nkey', 'ca', 'cert', 'key'].map((name) => [
      `fleet --nats-${name}`,
      shownBy(`--nats-${name}`, watched, 'takes each option of the connection from its flag or its variable'),
    ]),
  ),
  'up --telemetry-nats': shownBy(
    '--telemetry-nats',
    watched,
    'publishes telemetry at NATS with --telemetry-nats alone',
  ),
  'fleet --telemetry-nats': both(
    shownBy('--telemetry-nats', watched, 'publishes telemetry with --telemetry-nats alone'),
    refuses(
      'fleet --telemetry-nats --data FOLDER',
      '--telemetry-nats has no effect without --nats-url (NATS_URL); leave it out',
    ),
  ),
  'fleet --platform-url': shownBy(
    '--platform-url',
    'e2e/start-errors.test.ts',
    'to a gateway that is not there: fleetwake %j',
  ),
  'fleet --api-iot-url': shownBy(
    '--api-iot-url',
    'e2e/look-up.live.test.ts',
    'every command that calls a platform names another gateway’s data folder and the fix',
  ),
  'fleet --mqtt-url': both(
    shownBy('--mqtt-url', watched, 'connects its vehicles to the broker of'),
    refuses(
      'fleet --mqtt-url x',
      '--mqtt-url (MQTT_URL) must be a URL that starts with mqtt:// or mqtts://, not "x"',
    ),
  ),
  'fleet --log-level': both(
    shownBy('--log-level', watched, 'logs at the level of'),
    refuses(
      'fleet --log-level x',
      '--log-level (FLEETWAKE_LOG_LEVEL) must be one of debug, info, warn, error, silent, not "x"',
    ),
  ),
  ...Object.fromEntries(
    ['payments', 'smtp', 'mail', 'push'].map((name) => [
      `stand-ins --${name}-port`,
      both(
        refuses(
          `stand-ins --${name}-port x --data FOLDER`,
          `--${name}-port must be a whole number from 0 to 65535, not "x"`,
        ),
        async () => {
          const port = String(await freePort());
          const line = await standIns(`--${name}-port`, port);
          expect(line[name]).toMatch(new RegExp(`:${port}$`));
        },
      ),
    ]),
  ),
  ...ofLineProxy('gateway'),
  'gateway --models': both(
    shownBy(
      '--models',
      'simulator/models/catalogue-models.test.ts',
      'refuses a service that no model can take',
    ),
    refuses(
      'gateway --models x --data FOLDER',
      'the vehicle models cannot be used:\nx: there is no such folder; name a folder of vehicle models',
    ),
    refuses(
      'gateway --models x --roles api-iot,broker --data FOLDER',
      '--models has no effect without the role platform or engine, which read the catalogue: leave it out',
    ),
  ),
  'config check --models': shownBy(
    '--models',
    'simulator/models/catalogue-models.test.ts',
    'reports a service that no model can take as a problem',
  ),
  ...Object.fromEntries(
    ['gateway --roles api-iot,broker', 'stand-ins'].map((call) => [
      `${call.split(' ')[0]} --control-port`,
      both(
        shownBy(
          '--control-port',
          'e2e/faults-for-every-caller.live.test.ts',
          call === 'stand-ins' ? 'any client of the payment service' : 'any client of the API IoT',
        ),
        refuses(
          `${call} --control-port x --data FOLDER`,
          '--control-port must be a whole number from 0 to 65535, not "x"',
        ),
      ),
    ]),
  ),
  'stand-ins --payments': async () =>
    expect(Object.keys(await standIns('--payments'))).toEqual(placesOf('payments')),
  'stand-ins --mail': async () =>
    expect(Object.keys(await standIns('--mail'))).toEqual(placesOf('smtp', 'mail')),
  'stand-ins --push': async () => expect(Object.keys(await standIns('--push'))).toEqual(placesOf('push')),
  'stand-ins --json': async () => expect(await standIns()).toMatchObject({ event: 'stand-ins.started' }),
  'stand-ins --data': async () =>
    expect(await standIns()).toMatchObject({ environment: written('made/stand-ins.env') }),
  'stand-ins --payments-key': shownBy(
    '--payments-key',
    'e2e/stand-ins-secrets.live.test.ts',
    'takes the key of --payments-key and no other',
  ),
  'stand-ins --payments-webhook-secret': shownBy(
    '--payments-webhook-secret',
    'e2e/stand-ins-secrets.live.test.ts',
    'signs its events with the secret of --payments-webhook-secret',
  ),
  'stand-ins --platform-url': both(
    shownBy('--platform-url', watched, 'takes each option from its flag or its variable'),
    refuses(
      'stand-ins --platform-url x --data FOLDER',
      '--platform-url (FLEETWAKE_PLATFORM_URL) must be a URL that starts with http:// or https://, not "x"',
    ),
  ),
  'stand-ins --log-level': both(
    shownBy('--log-level', watched, 'takes each option from its flag or its variable'),
    refuses(
      'stand-ins --log-level x',
      '--log-level (FLEETWAKE_LOG_LEVEL) must be one of debug, info, warn, error, silent, not "x"',
    ),
  ),
  'config check --json': async () => {
    const { stdout } = await inProcess(['config', 'check', '--data', folder, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [] });
  },
  'fault add --file': both(
    async () => {
      await writeFile(written('fault.yaml'), '{ name: away, type: offline }');
      await sends(
        `fault add --file ${written('fault.yaml')}`,
        'POST /faults {"name":"away","type":"offline"}',
      )();
    },
    refuses(
      'fault add offline --file x --data FOLDER',
      'a type and --file cannot be combined: give one of them',
    ),
    refuses(
      'fault add --file x --name y --data FOLDER',
      '--name has no effect on faults of a file: leave it out',
    ),
  ),
  'fault add --name': adds('offline --name away', { ...offline, name: 'away' }),
  'fault add --set': both(
    adds('offline --set a=1 --set b=x', { ...offline, attributes: { a: 1, b: 'x' } }),
    refuses('fault add offline --set a --data FOLDER', '--set takes name=value, such as levels=2, not "a"'),
  ),
  'fault add --stream': adds('offline --stream upstream', { ...offline, stream: 'upstream' }),
  'fault add --toxicity': both(
    adds('offline --toxicity 0.5', { ...offline, toxicity: 0.5 }),
    refuses(
      'fault add offline --toxicity x --data FOLDER',
      '--toxicity takes a number from 0 to 1, or a percentage such as 3%, not "x"',
    ),
  ),
  'fault add --vin': ofVehicles('vin', vin, { selector: { vins: [vin] } }),
  'fault add --model': ofVehicles('model', 'aurora-2026', { selector: { models: ['aurora-2026'] } }),
  'fault add --region': ofVehicles('region', 'ES', { selector: { regions: ['ES'] } }),
  'fault add --share': ofVehicles('share', '0.5', { selector: { share: 0.5 } }),
  'fault add --state': ofVehicles('state', 'applying', { selector: { state: 'applying' } }),
  'fault add --mode': ofVehicles('mode', 'fixed', { mode: 'fixed' }),
  'fault add --value': ofVehicles('value', '3', { value: 3 }),
  'fault add --service': ofService('service', 'payments', { service: 'payments' }),
  'fault add --method': ofService('method', 'POST', { method: 'POST' }),
  'fault add --path': ofService('path', '/v1/*', { path: '/v1/*' }),
  'fault add --purchase': ofService('purchase', '2', { purchase: 2 }),
  'fault add --recipient': ofService('recipient', 'customer-1', { recipient: 'customer-1' }),
  'fault add --after': scheduled('after', 'afterMs'),
  'fault add --for': scheduled('for', 'forMs'),
  'fault add --every': scheduled('every', 'everyMs'),
  'fault add --from': scheduled('from', 'from'),
  'fault add --first': scheduled('first', 'first'),
  ...Object.fromEntries(
    ['add offline', 'list', 'remove fault-1', 'clear'].flatMap((call) => {
      const command = `fault ${call.split(' ')[0]}`;
      return [
        ...Object.entries(asJson(command, `fault ${call}`)),
        [
          `${command} --control-url`,
          refuses(
            `fault ${call} --data FOLDER --control-url localhost:1`,
            '--control-url (FLEETWAKE_CONTROL_URL) must be a URL that starts with http:// or https://, not "localhost:1"',
          ),
        ],
        [
          `${command} --data`,
          refuses(
            `fault ${call} --data /nowhere`,
            "there is no control.json in /nowhere: give the fleet's data folder with --data",
          ),
        ],
      ];
    }),
  ),
  ...Object.assign(
    {},
    ...[
      ['vehicle', `vehicle ${vin}`],
      ['purchase', 'purchase'],
      ['activation', 'activation'],
      ['ticket', 'ticket'],
      ['settlement', 'settlement'],
      ['restore', 'restore'],
      ['reconcile-payments', 'reconcile-payments'],
      ['notification', 'notification'],
      ['webhook-event', 'webhook-event'],
      ['incident', 'incident'],
      ['webhook-resume', 'webhook-resume'],
      ['cancel', 'cancel p1'],
      ['pause', 'pause --reason maintenance'],
      ['resume', 'resume'],
      ['requeue', 'requeue act_1'],
      ['customer erase', 'customer erase ana --yes'],
    ].map(([command = '', call = '']) => ({ ...ofPlatform(command, call), ...asJson(command, call) })),
  ),
  'pause --reason': asks('pause --reason maintenance', 'POST /incidents {"reason":"maintenance"}'),
  'cancel --json': shownBy(
    '--json',
    'e2e/look-up.live.test.ts',
    'what is cancelled is said in one sentence, for the service and for the money; as JSON',
  ),
  ...limited('purchase', '/purchases?'),
  ...limited('activation', '/activations?'),
  ...limited('ticket', '/tickets?'),
  ...limited('settlement', '/settlements?status=unsettled&'),
  ...limited('notification', '/notices?status=dead&'),
  ...limited('webhook-event', '/webhook-events?status=parked&'),
  ...limited('incident', '/incidents?status=open&'),
  'purchase record --view': sends(
    'purchase record x --view customer',
    'GET /purchases/x/record/export?view=customer&format=json',
  ),
  'purchase record --html': async () => {
    await asked(`purchase record x --html ${written('record.html')}`);
    expect(service.requests).toEqual(['GET /purchases/x/record/export?view=support&format=html']);
    expect(existsSync(written('record.html'))).toBe(true);
  },
  'purchase record --json': asJson('', 'purchase record x')[' --json'] ?? (async () => {}),
  ...ofPlatform('purchase record', 'purchase record x'),
  ...ofPlatform('activation show', 'activation show x'),
  'activation show --json': shownBy(
    '--json',
    'e2e/activation-show.live.test.ts',
    'fleetwake activation show tells one causal line',
  ),
  'activation show --api-iot-url': shownBy(
    '--api-iot-url',
    'e2e/activation-show.live.test.ts',
    'fleetwake activation show tells one causal line',
  ),
  'ticket --status': lists('--status closed', 'GET /tickets?status=closed&limit=20'),
  'ticket --state': lists('--state assigned', 'GET /tickets?state=assigned&limit=20'),
  'ticket --priority': lists('--priority HIGH', 'GET /tickets?priority=HIGH&limit=20'),
  'ticket --assignee': lists('--assignee ana', 'GET /tickets?assignee=ana&limit=20'),
  'ticket --vin': lists(`--vin ${vin}`, `GET /tickets?vin=${vin}&limit=20`),
  'ticket --overdue': lists('--overdue', 'GET /tickets?overdue=true&limit=20'),
  'ticket --incident': lists('--incident i1', 'GET /tickets?incident=i1&limit=20'),
  'ticket --as': both(
    asks('ticket t1 start --as ana', 'POST /tickets/t1/start {"by":"ana"}'),
    refuses('ticket t1 start --data FOLDER', 'fleetwake ticket ID start needs --as'),
    refuses('ticket --as ana --data FOLDER', '--as has no effect on the list: leave it out'),
  ),
  'ticket --technician': act('assign --as ana --technician bo', { technician: 'bo' }, 'technician', 'start'),
  'ticket --text': act('comment --as ana --text hello', { text: 'hello' }, 'text', 'retry'),
  'ticket --reason': act('reopen --as ana --reason cold', { reason: 'cold' }, 'reason', 'comment --text x'),
  'ticket --team': act(
    'escalate --as ana --team api-iot --reason cold',
    { team: 'api_iot', reason: 'cold' },
    'team',
    'close',
  ),
  'ticket --message': act('contact --as ana --message hello', { message: 'hello' }, 'message', 'keep'),
  'ticket --set': both(
    asks(
      'ticket t1 payload --as ana --set levels=2',
      'POST /tickets/t1/payload {"by":"ana","parameters":{"levels":2}}',
    ),
    refuses(
      'ticket t1 start --as ana --set a=1 --data FOLDER',
      '--set has no effect on the action start: leave it out',
    ),
  ),
  'ticket --workshop': act(
    'resolve --as ana --resolution service-appointment --workshop north --at 2027-01-18T09:00Z',
    { resolution: 'service_appointment', workshop: 'north', appointmentAt: Date.UTC(2027, 0, 18, 9) },
    'workshop',
    'resolve --resolution manual-activation',
  ),
  'ticket --at': both(
    act(
      'inspection --as ana --workshop north --reason x --at 2027-01-18T09:00Z',
      { workshop: 'north', appointmentAt: Date.UTC(2027, 0, 18, 9), reason: 'x' },
      'at',
      'start',
    ),
    refuses(
      'ticket t1 inspection --as ana --workshop north --reason x --at soon --data FOLDER',
      '--at must be a time such as 2027-01-18T09:00Z, not "soon"',
    ),
  ),
  'ticket --resolution': both(
    asks(
      'ticket t1 resolve --as ana --resolution manual-activation',
      'POST /tickets/t1/resolve {"by":"ana","resolution":"manual_activation"}',
    ),
    refuses(
      'ticket t1 resolve --as ana --resolution x --data FOLDER',
      '--resolution must be manual-activation, service-appointment or bug-report, not "x"',
    ),
  ),
  'ticket --reference': act(
    'resolve --as ana --resolution bug-report --reference b1 --workaround none',
    { resolution: 'bug_report', reference: 'b1', workaround: 'none' },
    'reference',
    'resolve --resolution manual-activation',
  ),
  'ticket --workaround': act(
    'resolve --as ana --resolution bug-report --reference b1 --workaround none',
    { resolution: 'bug_report', reference: 'b1', workaround: 'none' },
    'workaround',
    'resolve --resolution service-appointment',
  ),
  ...Object.fromEntries(
    ['data', 'api-iot-url'].map((flag) => [
      `parked --${flag}`,
      async () => {
        const { error } = await inProcess(['parked', '--data', folder, '--api-iot-url', service.url]);
        expect([error, ...service.requests]).toEqual([null, 'GET /callbacks?status=parked&limit=20']);
      },
    ]),
  ),
  'parked --json': async () => {
    const call = ['parked', 'c1', 'replay', '--json', '--data', folder, '--api-iot-url', service.url];
    const { stdout } = await inProcess(call);
    expect(JSON.parse(stdout)).toMatchObject({ id: 'x' });
    expect(service.requests).toEqual(['POST /callbacks/c1/replay']);
  },
  'parked --limit': both(
    async () => {
      await inProcess(['parked', '--limit', '5', '--data', folder, '--api-iot-url', service.url]);
      expect(service.requests).toEqual(['GET /callbacks?status=parked&limit=5']);
    },
    refuses('parked c1 drop --limit 5 --data FOLDER', '--limit has no effect on one parked: leave it out'),
  ),
  'restore --limit': both(
    asks('restore --limit 5', 'GET /restore?limit=5'),
    refuses('restore x --limit 5 --data FOLDER', '--limit has no effect on x: leave it out'),
  ),
  'restore --as': both(
    asks('restore pi_1 refund --as ana', 'POST /restore/findings/pi_1 {"choice":"refund","by":"ana"}'),
    refuses('restore --as ana --data FOLDER', '--as has no effect on the list of findings: leave it out'),
  ),
  'restore --customer': both(
    asks(
      'restore pi_1 adopt --as ana --customer c1',
      'POST /restore/findings/pi_1 {"choice":"adopt","by":"ana","customerId":"c1"}',
    ),
    refuses(
      'restore pi_1 refund --as ana --customer c1 --data FOLDER',
      '--customer has no effect on the decision refund: leave it out',
    ),
  ),
  'restore --duration': both(
    asks(
      'restore pi_1 adopt --as ana --duration permanent',
      'POST /restore/findings/pi_1 {"choice":"adopt","by":"ana","duration":{"unit":"permanent"}}',
    ),
    refuses(
      'restore resume --duration permanent --data FOLDER',
      '--duration has no effect on resume: leave it out',
    ),
  ),
  'reconcile-payments --apply': refuses(
    'reconcile-payments --apply --data FOLDER',
    'fleetwake reconcile-payments --apply needs --as NAME',
  ),
  'reconcile-payments --as': both(
    asks('reconcile-payments --apply --as ana', 'GET /restore?limit=100'),
    refuses(
      'reconcile-payments --as ana --data FOLDER',
      '--as has no effect on the list of payments: leave it out',
    ),
  ),
  'settlement --status': both(
    asks('settlement --status uncollectible', 'GET /settlements?status=uncollectible&limit=20'),
    refuses(
      'settlement a1 --status x --data FOLDER',
      '--status has no effect on one settlement: leave it out',
    ),
  ),
  'settlement --as': both(
    settles('--resolution retry', { resolution: 'retry' }),
    refuses(
      'settlement a1 resolve --resolution retry --data FOLDER',
      'fleetwake settlement ACTIVATION resolve needs --as',
    ),
  ),
  'settlement --resolution': both(
    settles('--resolution retry', { resolution: 'retry' }),
    refuses(
      'settlement a1 resolve --as ana --resolution x --data FOLDER',
      '--resolution must be paid-back, collected, written-off or retry, not "x"',
    ),
  ),
  'settlement --amount': both(
    paidBack,
    refuses(
      'settlement a1 resolve --as ana --resolution paid-back --reference r --amount 5 --data FOLDER',
      '--amount must be an amount with its currency such as "14.90 EUR", not "5"',
    ),
  ),
  'settlement --reference': both(
    paidBack,
    refuses(
      'settlement a1 resolve --as ana --resolution retry --reference r --data FOLDER',
      '--reference has no effect on --resolution retry: leave it out',
    ),
  ),
  'settlement --reason': both(
    settles('--resolution written-off --reason lost', { resolution: 'written_off', reason: 'lost' }),
    refuses(
      'settlement a1 resolve --as ana --resolution paid-back --reason r --data FOLDER',
      '--reason has no effect on --resolution paid-back: leave it out',
    ),
  ),
  ...ofPlatform('customer export', 'customer export ana'),
  'customer export --file': async () => {
    await asked(`customer export ana --file ${written('ana.json')}`);
    expect(existsSync(written('ana.json'))).toBe(true);
  },
  'customer erase --yes': both(
    asks('customer erase ana --yes', 'DELETE /customers/ana/personal-data'),
    refuses(
      'customer erase ana --data FOLDER',
      'erasing ana cannot be undone, and the id cannot be used again: add --yes',
    ),
  ),
  ...ofPlatform('register', `register ${vin} --replace --api-iot-url http://127.0.0.1:1`),
  'register --api-iot-url': registers('', '/vehicle'),
  'register --file': shownBy(
    '--file',
    'e2e/register-file.live.test.ts',
    'registers each line that it can, names the others by file and line',
  ),
  'register --replace': registers('', '"credentialDigest"'),
  'register --model': both(
    registers(' --model cirrus-2025', '"model":"cirrus-2025"'),
    refuses(
      `register ${vin} --model beetle`,
      'there is no model "beetle"; there are: aurora-2026, borealis-2026, cirrus-2025',
    ),
  ),
  'register --customer': registers(' --customer bo', '"id":"bo"'),
  'register --json': async () => {
    const { stdout } = await asked(`register ${vin} --replace --json --api-iot-url ${service.url}`);
    expect(JSON.parse(stdout)).toMatchObject({ vin, clientId: `vehicle-${vin}` });
  },
  'check --runs': both(
    refuses('check --runs 0', '--runs must be a whole number from 1 to 1000000, not "0"'),
    checked,
  ),
  'check --minutes': both(
    refuses('check --minutes 0', '--minutes must be a number above 0 and up to 10000, not "0"'),
    refuses('check --minutes 1 --runs 1', '--runs and --minutes cannot be combined: give one of them'),
    shownBy('--minutes', watched, 'draws test cases as %s says'),
  ),
  'check --seed': both(
    refuses('check --seed x', '--seed must be a whole number from 0 to 9999999, not "x"'),
    checked,
  ),
  'check --workers': both(
    refuses('check --workers 0', '--workers must be a whole number from 1 to 64, not "0"'),
    shownBy(
      '--workers',
      'simulator/cli/check-workers.live.test.ts',
      'the workers of `fleetwake check` end when it is killed',
    ),
  ),
  'check --policy': both(
    refuses('check --policy /nowhere', '/nowhere cannot be read: there is no such file; correct its path'),
    shownBy('--policy', watched, 'draws test cases as %s says'),
  ),
  'check --catalogue': both(
    refuses('check --catalogue /nowhere', '/nowhere cannot be read: there is no such file; correct its path'),
    shownBy('--catalogue', watched, 'draws test cases as %s says'),
  ),
  'check --corpus': checked,
  'check --failures': async () => {
    const path = join('test/regressions', firstRegression);
    const { schedule } = testCaseOf(path, readFileSync(path, 'utf8'));
    const failure = { rule: 'rule', sentence: 'It broke.', schedule, traceHash: null, run: 3 };
    const [saved] = await saveFailures(written('failures'), 7, [failure as never]);
    expect(saved?.file).toBe(written('failures/failure-7-3.json'));
    expect(testCaseOf('saved', readFileSync(saved?.file ?? '', 'utf8')).schedule).toEqual(schedule);
  },
  'check --json': checked,
  'check --coverage': shownBy(
    '--coverage',
    'simulator/cli/coverage.live.test.ts',
    'check --coverage counts the calls of all workers',
  ),
  'check --shard': both(
    shownBy('--shard', shards, 'in every format'),
    refuses(
      'check --shard 3/2',
      '--shard must be i/n with i from 1 to n, such as 2/3 for the second of three parts, not "3/2"',
    ),
    refuses(
      'check --shard 1/2 --coverage',
      '--coverage and --shard cannot be combined: functions that one shard did not call, another one may; leave one of them out',
    ),
  ),
  'check --ctrf': shownBy('--ctrf', shards, 'in every format'),
  'check --markdown': shownBy('--markdown', shards, 'in every format'),
  ...Object.fromEntries(
    ['json', 'junit', 'ctrf', 'markdown'].map((name) => [
      `report merge --${name}`,
      shownBy(`--${name}`, shards, 'in every format'),
    ]),
  ),
  'check --junit': async () => {
    const none = { seed: 7, seconds: 1, startedAt: 0, corpus: [], failures: [], probesMissed: [], runs: 12 };
    await writeCheckFiles({ junit: written('check.xml') }, none as never);
    expect(readFileSync(written('check.xml'), 'utf8')).toContain('12 runs of seed 7');
  },
  'replay --catalogue': both(
    shownBy('--catalogue', watched, 'judges the saved test case with the services of'),
    refuses(
      'replay test/regressions/REGRESSION --catalogue /nowhere',
      '/nowhere cannot be read: there is no such file; correct its path',
    ),
  ),
  'replay --at': both(
    async () => {
      const { stdout } = await inProcess(['replay', join('test/regressions', firstRegression), '--at', '20']);
      expect(stdout).toMatch(
        /^event 20, -0:09\.\d{3} after the first moment of the workload\nactivations:\n {2}nothing\nvehicles:\n/,
      );
    },
    refuses(
      'replay test/regressions/REGRESSION --at soon',
      '--at soon is not the number of an event: give a whole number from 0',
    ),
    refuses(
      'replay test/regressions/REGRESSION --at 1 --scenario x.yaml',
      '--at and --scenario cannot be combined: leave one of them out',
    ),
    refuses(
      'replay test/regressions/REGRESSION --at 1 --html x.html',
      '--html with --at shows a run beside its branch: add --fault, --remove-fault or --replace-fault, or leave --at out',
    ),
  ),
  'replay --json': both(
    async () => {
      const call = ['replay', join('test/regressions', firstRegression), '--at', '20', '--json'];
      const { stdout } = await inProcess(call);
      expect(Object.keys(JSON.parse(stdout))).toEqual([
        'event',
        'atMs',
        'lines',
        'traceHash',
        'state',
        'isEnd',
        'faults',
      ]);
      expect((await inProcess(call)).stdout).toBe(stdout);
    },
    refuses('replay test/regressions/REGRESSION --json', '--json needs --at, the event to stop at: add it'),
  ),
  'replay --fault': both(
    async () => {
      buildWhenOutdated();
      const fault = JSON.stringify({ type: 'down', service: 'payments', forMs: 3_600_000 });
      const { stdout } = await inProcess([
        ...['replay', join('test/regressions', firstRegression), '--at', '12', '--fault', fault],
        ...['--html', written('branch.html')],
      ]);
      expect(stdout).toMatch(/\nthe branch parts from the run at \+0:\d\d\.\d{3}\nthe run: {4}\d+ events, /);
      expect(readFileSync(written('branch.html'), 'utf8')).toContain('with the change');
    },
    refuses(
      `replay test/regressions/REGRESSION --fault {}`,
      '--fault needs --at, the event to stop at: add it',
    ),
    refuses(
      'replay test/regressions/REGRESSION --at 1 --fault down',
      `--fault down is not a JSON object: write a fault, for example '{"type":"down","service":"payments","forMs":60000}'`,
    ),
  ),
  'replay --remove-fault': both(
    async () => {
      const saved = written('removed.json');
      await inProcess(['run', 'expired-token', '--save', saved]);
      const { stdout } = await inProcess(['replay', saved, '--at', '9', '--remove-fault', '0', '--json']);
      const { partsAt, branch, scenario } = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
      expect(partsAt?.line).toBeGreaterThan(0);
      expect(branch?.broken).toEqual({ rule: 'faults at the API IoT = 10', sentence: 'found: 0' });
      expect(scenario?.faults).toMatchObject({ vehicles: [], apiIot: [] });
    },
    refuses(
      `replay test/regressions/REGRESSION --remove-fault 0`,
      '--remove-fault needs --at, the event to stop at: add it',
    ),
    refuses(
      'replay test/regressions/REGRESSION --at 1 --remove-fault first',
      '--remove-fault takes the number of a fault: the numbers stand at the end of what --at prints',
    ),
  ),
  'replay --replace-fault': both(
    async () => {
      const saved = written('replaced.json');
      await inProcess(['run', 'expired-token', '--save', saved]);
      const fault = JSON.stringify({ name: 'none', type: 'unauthorized', toxicity: 0, attributes: {} });
      const call = ['replay', saved, '--at', '9', '--replace-fault', `0=${fault}`, '--json'];
      const { scenario } = JSON.parse((await inProcess(call)).stdout) as Record<
        string,
        Record<string, unknown>
      >;
      expect(JSON.stringify(scenario?.faults)).toContain('"toxicity":0');
    },
    refuses(
      'replay test/regressions/REGRESSION --at 1 --replace-fault 7',
      '--replace-fault takes the number of a fault, an equals sign and the fault as JSON: the numbers stand at the end of what --at prints',
    ),
  ),
  'replay --html': async () => {
    buildWhenOutdated();
    await inProcess(['replay', join('test/regressions', firstRegression), '--html', written('line.html')]);
    expect(readFileSync(written('line.html'), 'utf8')).toContain('data-timeline="timeline"');
  },
  'replay --traces': async () => {
    const replay = ['replay', join('test/regressions', firstRegression)];
    const plain = await inProcess(replay);
    const spans = written('replayed-spans');
    const traced = await inProcess([...replay, '--traces', spans]);
    expect(traced.stdout).toBe(`${plain.stdout}spans written to ${spans}\n`);
    expect(spansOf(readFileSync(spans, 'utf8')).map(({ name }) => name)).toContain('attempt');
  },
  'replay --scenario': async () => {
    const lost = { type: 'message', channel: 'command', nth: 1, how: 'drop', delayMs: 1 } as const;
    const saved = { about: 'A lost command.', schedule: calmTestCase([{ faults: [lost] }]) };
    await writeFile(written('lost.json'), JSON.stringify(saved));
    await inProcess(['replay', written('lost.json'), '--scenario', written('lost.yaml')]);
    const scenario = parse(readFileSync(written('lost.yaml'), 'utf8')) as Scenario;
    expect(scenario.description).toBe('A lost command.');
    expect(scenario.faults.list).toEqual([
      {
        name: 'command drop',
        layer: 'message',
        toxicity: 1,
        type: 'lose_command',
        stream: 'downstream',
        attributes: {},
        schedule: { first: 1 },
        target: {
          selector: {
            vins: [vinOf(0)],
            commands: {
              feature: scenario.purchases.services[0]?.feature,
              kind: 'activation',
              from: 1,
              to: 1,
            },
          },
        },
      },
    ]);
  },
  'day --vehicles': both(day, refuses('day --vehicles 0', '--vehicles must be at least 1')),
  'day --purchases': both(day, refuses('day --purchases 0', '--purchases must be at least 1')),
  'day --hours': both(day, refuses('day --hours 0', '--hours must be at least 1')),
  'day --seed': both(
    day,
    refuses('day --seed x', '--seed must be a whole number from 0 to 9999999, not "x"'),
  ),
  'day --json': day,
  ...ofBuy,
  ...ofEvents,
  ...ofBackup,
  ...ofMosquittoAccounts,
};

const everyName = await everyOption();
/** Tested while a gateway runs, in running-options.live.test.ts, and as what `up` starts with, in watched-commands.live.test.ts. */
const ofGateway = new Set(
  Object.values(options).flatMap(({ flag }) => [
    `gateway --${flag}`,
    `up --${flag}`,
    `config check --${flag}`,
  ]),
);

describe('every option of every command', () => {
  it('has a case, and no case is left of an option that is gone', () => {
    const expected = everyName.filter((name) => !ofGateway.has(name));
    expect(Object.keys(cases).toSorted()).toEqual(expected.toSorted());
  });

  it('of the gateway is one of up as well, but for the push service, which is a stand-in there', () => {
    expect([...ofGateway].filter((name) => !everyName.includes(name))).toEqual(['up --push-private']);
  });

  it.each(Object.entries(cases))('has its documented effect: %s', (_, holds) => holds());
});
