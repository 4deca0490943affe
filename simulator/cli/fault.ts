import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { controlKeysFile, openControlKeys } from '../live/control-server.ts';
import { readYaml } from '../scenarios/yaml-file.ts';
import { type AddressFlags, addressOf, withAddress } from './addresses.ts';
import { exitCodes, UsageError } from './exit.ts';
import { type FaultFlags, faultOfFlags } from './fault-request.ts';
import { textOfNamedFile } from './named-file.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';
import { collect } from './set-option.ts';

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
}

/** `fleetwake fault add|list|remove|clear`: faults of a fleet that runs. */
export function addFault(program: Command): void {
  const fault = program.command('fault').description('faults of a running fleet: add, list, remove, clear');
  const add = fault
    .command('add')
    .argument('[type]', 'what happens (docs/faults.md)')
    .description('adds a fault to the vehicles that its target means, while they run')
    .option('--file <file>', 'a fault, or a list of them, as YAML or JSON; - reads standard input')
    .option('--name <name>', 'how it is called; without it its type')
    .option('--set <name=value>', 'an attribute; repeat it for more', collect)
    .option('--stream <stream>', 'upstream (from the vehicle) or downstream')
    .option('--toxicity <chance>', 'the chance that it strikes, 0 to 1')
    .option('--vin <vin>', 'only this vehicle; repeat it for more', collect)
    .option('--model <model>', 'only this model; repeat it for more', collect)
    .option('--region <region>', 'only this region; repeat it for more', collect)
    .option('--share <share>', 'only this share of the fleet, 0 to 1')
    .option(
      '--state <state>',
      'each time a vehicle is connected, receiving, applying or answering; needs --for',
    )
    .option('--mode <mode>', 'one, all, fixed, fixed-percent or random-max-percent of those that are left')
    .option('--value <number>', 'of the mode')
    .option('--service <service>', 'between the gateway and api_iot, payments, mail or push')
    .option('--method <method>', "a service's requests with this method")
    .option('--path <path>', "a service's requests with this path; a star stands for one segment")
    .option('--after <ms>', 'begins so many milliseconds from now')
    .option('--for <ms>', 'lasts so long; without it until it is removed')
    .option('--every <ms>', 'begins again so often')
    .option('--first <number>', 'strikes each vehicle only so often');
  reached(add).action(async (type: string | undefined, flags: Flags) => {
    for (const wish of await wishesOf(type, flags)) {
      const answer = await ask(flags, 'POST', '/faults', wish);
      show(flags, answer, (added: ShownFault) => `${added.id} is on ${placeOf(added)}\n`);
    }
  });
  reached(fault.command('list').description('the faults that there are')).action(async (flags: Flags) => {
    show(flags, await ask(flags, 'GET', '/faults'), ({ faults }: { faults: readonly ShownFault[] }) =>
      table(faults),
    );
  });
  reached(fault.command('remove').argument('<id>').description('takes a fault away')).action(
    async (id: string, flags: Flags) => {
      const answer = await ask(flags, 'DELETE', `/faults/${encodeURIComponent(id)}`);
      show(flags, answer, () => `${id} is gone\n`);
    },
  );
  reached(fault.command('clear').description('takes every fault away')).action(async (flags: Flags) => {
    show(
      flags,
      await ask(flags, 'DELETE', '/faults'),
      ({ removed }: { removed: number }) => `${removed} removed\n`,
    );
  });
}

function reached(command: Command): Command {
  withAddress(command, 'controlUrl').option('--json', 'print the answer as it came');
  return withGatewayOptions(command, ['data']);
}

async function wishesOf(type: string | undefined, flags: Flags): Promise<unknown[]> {
  if (flags.file === undefined) {
    if (type !== undefined) return [faultOfFlags(type, flags)];
    throw new UsageError('say which fault: fleetwake fault add TYPE, or fleetwake fault add --file FILE');
  }
  if (type !== undefined) throw new UsageError('a fault comes from its type or from --file, not from both');
  const file = flags.file;
  const text = file === '-' ? await standardInput() : textOfNamedFile(file, 'name a file with a fault');
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
      `there is no ${controlKeysFile} in ${data}: name the fleet's data folder with --data`,
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
      `no fleet is controlled at ${controlUrl} (${reason}): start one with "fleetwake up" or "fleetwake fleet", or name it with --control-url`,
    );
  });
  if (response.status === 401) {
    throw new UsageError(
      `${controlUrl} does not know the secret in ${keysFile}: name the fleet's data folder with --data`,
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
  if (status === 422) throw new UsageError(detail ?? 'the fault was refused');
  process.stderr.write(`fleetwake: ${detail ?? `the control answered ${status}`}\n`);
  process.exitCode = exitCodes.failed;
}

function table(faults: readonly ShownFault[]): string {
  if (faults.length === 0) return 'no faults\n';
  const drawn = new Table({
    head: ['id', 'layer', 'type', 'name', 'on', 'struck'],
    style: { head: [], border: [] },
  });
  for (const fault of faults) {
    const { id, layer, type, name, struck } = fault;
    drawn.push([id, layer, type, name, placeOf(fault), struck]);
  }
  return `${drawn.toString()}\n`;
}

function placeOf({ layer, vehicles, vins: [first = ''] }: ShownFault): string {
  if (layer === 'services') return 'the service';
  return vehicles === 1 ? first : `${vehicles} vehicles`;
}
