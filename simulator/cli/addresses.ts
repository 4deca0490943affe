import type { Command } from 'commander';
import { type Option, readOptions, readUrl } from '../../gateway/option.ts';
import { controlPortDefault } from '../live/control-server.ts';
import { UsageError } from './exit.ts';
import { addOption } from './options.ts';

function address(words: Omit<Option<string>, 'read' | 'placeholder'>): Option<string> {
  return { ...words, placeholder: 'url', read: (value) => readUrl(value, ['http://', 'https://']) };
}

/** Where what runs is asked: a flag wins over the environment, which wins over the default, as for the gateway's own options. */
export const addresses = {
  platformUrl: address({
    flag: 'platform-url',
    environment: 'FLEETWAKE_PLATFORM_URL',
    help: 'URL of the platform API for look-ups, cancel, customer, register, fleet and the events of stand-ins',
    fallback: 'http://127.0.0.1:8080',
  }),
  controlUrl: address({
    flag: 'control-url',
    environment: 'FLEETWAKE_CONTROL_URL',
    help: 'URL of the fault control API of a running fleet',
    fallback: `http://127.0.0.1:${controlPortDefault}`,
  }),
};

export type AddressFlags = Readonly<Partial<Record<keyof typeof addresses, string>>>;

export function withAddress(command: Command, name: keyof typeof addresses): Command {
  return addOption(command, addresses[name]);
}

/** Without a slash at its end; a `UsageError` with a sentence when it cannot be one. */
export function addressOf(name: keyof typeof addresses, flags: AddressFlags): string {
  const { values, faults } = readOptions({ [name]: addresses[name] }, flags, process.env);
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  return String(values[name]);
}
