import Table from 'cli-table3';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { ApiAnswer, ApiClient } from '../run/api-client.ts';
import { exitCodes, UsageError } from './exit.ts';
import { type FlagNames, lookUpFlags, withFlagNames } from './flag-names.ts';
import { askedPlatform, type PlatformFlags, type Surface, withPlatformOptions } from './platform.ts';
import { withShownTimes } from './shown-times.ts';
import { refuseUnused } from './unused-flags.ts';
import { countOf } from './whole-number.ts';

export interface LookUp {
  readonly name: string;
  readonly argument: string;
  readonly description: string;
  readonly one: (id: string) => string;
  /** Where the list is, its rows' field and the columns that a list shows; null where there is no list. */
  readonly list: { readonly path: string; readonly columns: readonly string[] } | null;
}

const lookUps: readonly LookUp[] = [
  {
    name: 'vehicle',
    argument: 'vin',
    description: 'show a vehicle with its services',
    one: (vin) => `/vehicles/${vin}`,
    list: null,
  },
  {
    name: 'purchase',
    argument: 'id',
    description: 'show a purchase, or list the newest',
    one: (id) => `/purchases/${id}`,
    list: { path: '/purchases', columns: ['id', 'customerId', 'vin', 'serviceId', 'status'] },
  },
  {
    name: 'activation',
    argument: 'id',
    description: 'show an activation with its attempts, or list the newest',
    one: (id) => `/activations/${id}`,
    list: { path: '/activations', columns: ['id', 'kind', 'vin', 'feature', 'phase'] },
  },
];

export interface AnswerFlags extends PlatformFlags {
  readonly json?: true;
}

export interface LookUpFlags extends AnswerFlags {
  readonly limit?: string;
}

/** `fleetwake vehicle|purchase|activation`: look-ups at a running platform. */
export function addLookUps(program: Command): void {
  for (const lookUp of lookUps) {
    const argument = lookUp.list ? `[${lookUp.argument}]` : `<${lookUp.argument}>`;
    const command = program
      .command(lookUp.name)
      .argument(argument)
      .description(lookUp.description)
      .option('--json', 'print the response as JSON');
    if (lookUp.list) command.option('--limit <number>', 'number of entries in a list', '20');
    withPlatformOptions(command).action(async (id: string | undefined, flags: LookUpFlags, self: Command) => {
      if (id !== undefined) refuseUnused(self, ['limit'], `one ${lookUp.name}`);
      process.exitCode = await show(lookUp, id, flags);
    });
  }
}

/** One by its id, else the list. `filter` are the list's own parameters. */
export function show(
  lookUp: LookUp,
  id: string | undefined,
  flags: LookUpFlags,
  filter = new URLSearchParams(),
  named: FlagNames = {},
  surface: Surface = 'platform',
): Promise<number> {
  const limit = countOf('--limit', flags.limit ?? '20', 100, 1);
  const list = new URLSearchParams([...filter, ['limit', String(limit)]]);
  const path = id === undefined ? `${lookUp.list?.path}?${list}` : lookUp.one(encodeURIComponent(id));
  const print = id === undefined ? (body: unknown) => table(lookUp, body) : withTimesAsText;
  const names = { ...lookUpFlags(lookUp.argument), ...named };
  return printAnswer(flags, (client) => client.get(path), print, names, surface);
}

const withTimesAsText = (body: unknown) => stringify(withShownTimes(body));

/** Asks the platform and prints what it answers: on standard error why not, with exit code 1, or 2 for what cannot be asked. */
export async function printAnswer(
  flags: AnswerFlags,
  ask: (platform: ApiClient) => Promise<ApiAnswer>,
  print: (body: unknown) => string = withTimesAsText,
  named: FlagNames = {},
  surface: Surface = 'platform',
): Promise<number> {
  const asked = await askedPlatform(flags);
  const answer = await asked.ask(ask, surface);
  // The platform does not know such a thing: what was asked for cannot be.
  if (answer.status === 422) throw new UsageError(problemText(answer, named));
  if (answer.status !== 200 && answer.status !== 201) {
    process.stderr.write(`fleetwake: ${problemText(answer, named)}\n`);
    return exitCodes.failed;
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(answer.body, null, 2)}\n`);
  else process.stdout.write(print(answer.body));
  return exitCodes.ok;
}

/** Returns why the platform does not do it, with each field named as the flag that the user typed. */
export function problemText({ status, body }: ApiAnswer, named: FlagNames): string {
  const { detail, title } = (body ?? {}) as { detail?: string; title?: string };
  return withFlagNames(detail ?? title ?? `the platform answered ${status}`, named);
}

/** A list's rows are the one array in its answer. */
function table(lookUp: LookUp, body: unknown): string {
  const shown = withShownTimes(body) as Record<string, unknown>;
  const rows = Object.values(shown).find(Array.isArray) as Record<string, unknown>[] | undefined;
  const columns = lookUp.list?.columns ?? [];
  if (!rows || rows.length === 0) return `no ${lookUp.name}s\n`;
  const drawn = new Table({ head: [...columns], style: { head: [], border: [] } });
  for (const row of rows) drawn.push(columns.map((column) => String(row[column] ?? '')));
  return `${drawn.toString()}\n`;
}
