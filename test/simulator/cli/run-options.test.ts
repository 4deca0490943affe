import { Command } from 'commander';
import { expect, it } from 'vitest';
import { options } from '../../../gateway/config.ts';
import { addRun } from '../../../simulator/cli/run.ts';
import { configOfRun, type LiveFlags } from '../../../simulator/cli/run-live.ts';

function flagsOf(...parameters: readonly string[]): LiveFlags {
  const program = new Command();
  addRun(program);
  const [run] = program.commands;
  run?.parseOptions(['--live', ...parameters]);
  return run?.opts() ?? {};
}
const configOf = (flags: LiveFlags, environment = {}) =>
  configOfRun(flags, environment, flags.data ?? 'temporary');

it.each([
  [['--data', 'folder'], 'data', 'temporary', 'folder'],
  [['--nats-url', 'nats://127.0.0.1:1'], 'natsUrl', 'null', 'nats://127.0.0.1:1'],
  [['--install'], 'install', 'no', 'yes'],
  [['--log-level', 'info'], 'logLevel', 'warn', 'info'],
] as const)('a live run does what %s says', (parameters, name, before, after) => {
  expect(
    [configOf(flagsOf()), configOf(flagsOf(...parameters))].map((config) => String(config[name])),
  ).toEqual([before, after]);
});

it('takes only the variables that concern a run: those of another gateway change nothing', () => {
  const foreign = {
    FLEETWAKE_DATA: 'elsewhere',
    FLEETWAKE_ROLES: 'engine',
    API_IOT_URL: 'http://127.0.0.1:1',
    PAYMENTS_KEY: 'sk_test_1',
    MQTT_URL: 'mqtt://127.0.0.1:1',
    FLEETWAKE_TIME_SCALE: 'nonsense',
  };
  const own = { DATABASE_URL: 'postgres://127.0.0.1/x', NATS_SERVER: 'other', FLEETWAKE_LOG_LEVEL: 'info' };
  expect(configOf({}, foreign)).toEqual(configOf({}));
  const { databaseUrl, natsServer, logLevel } = configOf({}, { ...foreign, ...own });
  expect([String(databaseUrl), natsServer, logLevel]).toEqual(['postgres://127.0.0.1/x', 'other', 'info']);
});

it('says in its help where a run keeps its data, not where a gateway does', () => {
  const program = new Command();
  addRun(program);
  const help = program.commands[0]?.helpInformation().replaceAll(/\s+/g, ' ');
  expect(help).toContain(
    '--data <folder> new or empty folder for databases, secrets and the data of nats-server of a live run; default: a temporary folder that is removed afterwards --nats-url',
  );
  expect(help).not.toContain(options.data.fallback);
});
