import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import type { Adapter } from '../../gateway/adapter/adapter.ts';
import { readAdapterFile } from '../../gateway/adapter/adapter-file.ts';
import { adapterJsonSchema, capabilities } from '../../gateway/adapter/adapter-schema.ts';
import { shippedAdaptersFolder } from '../../gateway/adapter/shipped-adapters.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { exitCodes, UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { refuseUnused } from './unused-flags.ts';

interface Flags {
  readonly adapter?: string;
  readonly show?: string;
  readonly schema?: true;
  readonly json?: true;
}

/** Adds `fleetwake adapters`: lists the adapters of API IoTs, and says what is wrong with one. */
export function addAdapters(program: Command): void {
  program
    .command('adapters')
    .description('check adapters of API IoTs and list what they can do')
    .option('--adapter <file>', 'check this adapter file instead of the shipped ones (docs/own-api-iot.md)')
    .option('--show <name>', 'print a shipped adapter, as a start for one of your own')
    .option('--schema', 'print the JSON Schema of adapter files, for an editor')
    .option('--json', 'print the list as JSON')
    .action((flags: Flags, self: Command) => {
      if (flags.schema) refuseUnused(self, ['json', 'adapter', 'show'], 'the JSON Schema');
      if (flags.show !== undefined) refuseUnused(self, ['json', 'adapter'], 'a shipped adapter');
      process.stdout.write(textOf(flags));
      process.exitCode = exitCodes.ok;
    });
}

function textOf({ adapter: file, show, schema, json }: Flags): string {
  if (schema) return `${JSON.stringify(adapterJsonSchema(), null, 2)}\n`;
  if (show !== undefined) return shippedText(show);
  const files = file === undefined ? shippedNames().map(shippedPath) : [file];
  const adapters = files.map(adapterAt);
  return json ? `${JSON.stringify(adapters.map(asJson), null, 2)}\n` : `${adapters.map(lineOf).join('\n')}\n`;
}

/** Returns the adapter of a file. Throws `UsageError` with every mistake. */
export function adapterAt(file: string): Adapter {
  const reading = readAdapterFile(file);
  if (!reading.ok) throw new UsageError(`the adapter cannot be used:\n${reading.mistakes.join('\n')}`);
  return reading.adapter;
}

const shippedPath = (name: string) => join(shippedAdaptersFolder(), `${name}.yaml`);

function shippedNames(): string[] {
  return readdirSync(shippedAdaptersFolder())
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort((a, b) => a.localeCompare(b));
}

function shippedText(name: string): string {
  const names = shippedNames();
  if (!names.includes(name))
    throw new UsageError(`--show must be one of ${names.join(', ')}, not ${givenText(name)}`);
  return textOfNamedFile(shippedPath(name), 'install Fleetwake again');
}

function asJson({ name, file }: Adapter) {
  return { name, capabilities: file.capabilities, lacks: lacking(file.capabilities) };
}

const lacking = (has: readonly string[]) => capabilities.filter((capability) => !has.includes(capability));

function lineOf({ name, file }: Adapter): string {
  const lacks = lacking(file.capabilities);
  const can = file.capabilities.length === 0 ? 'nothing' : file.capabilities.join(', ');
  return `${name}: ${can}${lacks.length === 0 ? '' : `; lacks ${lacks.join(', ')}`}`;
}
