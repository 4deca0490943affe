import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { layerOf } from '../faults/fault.ts';
import type { FaultTime } from '../faults/fault-time.ts';
import { controlKeysFile, openControlKeys } from '../live/control-server.ts';
import { uncompressedTime } from '../reports/scenario-time.ts';
import { type AddressFlags, addressOf, withAddress } from './addresses.ts';
import { exitCodes, UsageError } from './exit.ts';
import { type FaultFlags, faultOfFlags } from './fault-request.ts';
import { faultFlags, withFlagNames } from './flag-names.ts';
import { textOfNamedFile } from './named-file.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';
import { collect } from './set-option.ts';
import { refuseUnused } from './unused-flags.ts';

interface Flags extends FaultFlags, AddressFlags, Record<string, unknown> {
  readonly json?: true;
  readonly file?: string;
}

/** A fault as the control surface shows it. */
interface ShownFault {
  readonly id: string;
  readonly layer: string;
  readonly type: string;
  readonly name: string;
  readonly vehicles: number;
  readonly vins: readonly string[];
  readonly struck: number;
  readonly state: FaultTime['state'];
  readonly remainingMs: number | null;
  readonly target?: { readonly selector?: { readonly state?: string } };
}

/** `fleetwake fault add|list|remove|clear`: faults of a fleet that runs. */
export function addFault(program: Command): void {
  const fault = program.command('fault').description('control the faults of a running fleet');
  const add = fault
    .command('add')
    .argument('[type]', 'fault type (docs/faults.md)')
    .description('add a fault to the vehicles of its target')
    .option('--file <file>', 'file with a fault or a list of faults, as YAML or JSON; - reads standard input')
    .option('--name <name>', 'name of the fault; default: its type')
    .option('--set <name=value>', 'attribute; repeatable', collect)
    .option('--stream <stream>', 'direction: upstream (from the vehicle) or downstream')
    .option('--toxicity <chance>', 'probability of the fault: 0 to 1, or a percentage')
    .option('--vin <vin>', 'only this vehicle; repeatable', collect)
    .option('--model <model>', 'only this model; repeatable', collect)
    .option('--region <region>', 'only this region; repeatable', collect)
    .option('--share <share>', 'only this share of the fleet: 0 to 1, or a percentage')
    .option(
      '--state <state>',
      'vehicle state that triggers the fault: connected, receiving, applying or answering; needs --for',
    )
    .option('--mode <mode>', 'selection mode: one, all, fixed, fixed-percent or random-max-percent')
    .option('--value <number>', 'value of the selection mode')
    .option('--service <service>', 'service: api_iot, payments, platform, mail or push')
    .option('--method <method>', 'only requests of the service with this method')
    .option('--path <path>', 'only requests of the service with this path; * matches one segment')
    .option('--purchase <number>', 'only calls of the n-th purchase that the service receives')
    .option('--recipient <text>', 'only messages to an address, or a push endpoint, with this text')
    .option('--after <duration>', 'start delay, such as 30s or "5 min"; a number is milliseconds')
    .option('--for <duration>', 'duration; default: until removed')
    .option('--every <duration>', 'interval between repetitions')
    .option('--from <number>', 'first message or request of a vehicle that is affected, counted from 1')
    .option('--first <number>', 'maximum number of times per vehicle');
  reached(add).action(async (type: string | undefined, flags: Flags) => {
    refuseUnused(add, unusedFor(type, flags), callOf(type));
    for (const wish of await wishesOf(type, flags)) {
      const answer = await ask(flags, 'POST', '/faults', wish);
      show(flags, answer, (added: ShownFault) => `added ${added.id} to ${placeOf(added)}\n`);
    }
  });
  reached(fault.command('list').description('list the faults')).action(async (flags: Flags) => {
    show(flags, await ask(flags, 'GET', '/faults'), ({ faults }: { faults: readonly ShownFault[] }) =>
      table(faults),
    );
  });
  reached(fault.command('remove').argument('<id>').description('remove a fault')).action(
    async (id: string, flags: Flags) => {
      const answer = await ask(flags, 'DELETE', `/faults/${encodeURIComponent(id)}`);
      show(flags, answer, () => `removed ${id}\n`);
    },
  );
  reached(fault.command('clear').description('remove all faults')).action(async (flags: Flags) => {
    show(
      flags,
      await ask(flags, 'DELETE', '/faults'),
      ({ removed }: { removed: number }) => `${removed} removed\n`,
    );
  });
}

const ofVehicles = ['vin', 'model', 'region', 'share', 'state', 'mode', 'value'];
const ofServices = ['service', 'method', 'path', 'purchase', 'recipient'];

/** The flags that have no part in a fault of this type. */
function unusedFor(type: string | undefined, { file }: Flags): readonly string[] {
  if (file !== undefined)
    return [
      'name',
      'set',
      'toxicity',
      'after',
      'for',
      'every',
      'stream',
      'from',
      'first',
      ...ofVehicles,
      ...ofServices,
    ];
  if (type === undefined) return [];
  return layerOf(type) === 'services' ? ofVehicles : ofServices;
}

function callOf(type: string | undefined): string {
  return type === undefined ? 'faults of a file' : `a fault of type ${type}`;
}

function reached(command: Command): Command {
  withAddress(command, 'controlUrl').option('--json', 'print the response as JSON');
  return withGatewayOptions(command, ['data'], {
    data: { help: 'data folder of the fleet, whose secret for the control is used' },
  });
}

async function wishesOf(type: string | undefined, flags: Flags): Promise<unknown[]> {
  if (flags.file === undefined) {
    if (type !== undefined) return [faultOfFlags(type, flags)];
    throw new UsageError(
      'the fault type is missing: fleetwake fault add TYPE, or fleetwake fault add --file FILE',
    );
  }
  if (type !== undefined) throw new UsageError('a type and --file cannot be combined: give one of them');
  const file = flags.file;
  const text = file === '-' ? await standardInput() : textOfNamedFile(file, 'give a file with a fault');
  const value: unknown = yamlOf(text, file);
  return Array.isArray(value) ? value : [value];
}

function yamlOf(text: string, file: string): unknown {
  const reading = readYaml(text, file);
  if (reading.ok) return reading.file.value;
  throw new UsageError(reading.mistakes.join('\n'));
}

async function standardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(flags: Flags, method: string, path: string, body?: unknown): Promise<Answer> {
  const { data } = gatewayConfig(flags, process.env);
  const controlUrl = addressOf('controlUrl', flags);
  const keysFile = join(data, controlKeysFile);
  if (!existsSync(keysFile)) {
    throw new UsageError(
      `there is no ${controlKeysFile} in ${data}: give the fleet's data folder with --data`,
    );
  }
  const { secret } = await openControlKeys(data);
  const { http } = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const init = {
    method,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await http(new Request(`${controlUrl}${path}`, init)).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `no fault control API answers at ${controlUrl} (${reason}): start a fleet with "fleetwake up" or "fleetwake fleet", or give its address with --control-url`,
    );
  });
  if (response.status === 401) {
    throw new UsageError(
      `${controlUrl} does not accept the secret in ${keysFile}: give the fleet's data folder with --data`,
    );
  }
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

/** On standard error why not: a record that cannot be ends as a wrong call, what is not there as a failed look-up. */
function show<Body>(flags: Flags, { status, body }: Answer, words: (body: Body) => string): void {
  if (status < 300) {
    process.stdout.write(flags.json ? `${JSON.stringify(body, null, 2)}\n` : words(body as Body));
    return;
  }
  const { detail } = (body ?? {}) as { detail?: string };
  if (status === 422) {
    const text = detail ?? 'the fault was refused';
    throw new UsageError(flags.file === undefined ? withFlagNames(text, faultFlags) : text);
  }
  process.stderr.write(`fleetwake: ${detail ?? `the control answered ${status}`}\n`);
  process.exitCode = exitCodes.failed;
}

function table(faults: readonly ShownFault[]): string {
  if (faults.length === 0) return 'no faults\n';
  const drawn = new Table({
    head: ['id', 'layer', 'type', 'name', 'on', 'struck', 'time'],
    style: { head: [], border: [] },
  });
  for (const fault of faults) {
    const { id, layer, type, name, struck } = fault;
    drawn.push([id, layer, type, name, placeOf(fault), struck, timeOf(fault)]);
  }
  return `${drawn.toString()}\n`;
}

function timeOf({ state, remainingMs, target }: ShownFault): string {
  const time = remainingMs === null ? null : uncompressedTime(remainingMs);
  switch (state) {
    case 'waiting':
      return `begins in ${time}`;
    case 'active':
      return time === null ? 'until removed' : `${time} left`;
    case 'triggered':
      return `each time a vehicle is ${target?.selector?.state ?? 'ready'}`;
    case 'over':
      return 'over';
  }
}

function placeOf({ layer, vehicles, vins: [first = ''] }: ShownFault): string {
  if (layer === 'services') return 'the service';
  return vehicles === 1 ? first : `${vehicles} vehicles`;
}
