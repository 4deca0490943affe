import type { Command } from 'commander';
import { type GatewayConfig, readConfig, options as table } from '../../gateway/config.ts';
import { whyIdle } from '../../gateway/idle-options.ts';
import type { Option } from '../../gateway/option.ts';
import { withEnvironmentFiles } from './environment-files.ts';
import { UsageError } from './exit.ts';

/** What an option means for a command where that differs from its meaning for the gateway. */
export type Meanings = Readonly<
  Partial<
    Record<
      keyof GatewayConfig,
      { readonly help: string; readonly fallback?: string | null; readonly environment?: null }
    >
  >
>;

/** Gives a command every option of the gateway's table, or those named. */
export function withGatewayOptions(
  command: Command,
  names: readonly (keyof GatewayConfig)[] | null = null,
  meanings: Meanings = {},
): Command {
  for (const [key, option] of Object.entries(table)) {
    const name = key as keyof GatewayConfig;
    if (names === null || names.includes(name)) addOption(command, { ...option, ...meanings[name] });
  }
  return command;
}

/** With its environment name and default in the help. */
export function addOption(
  command: Command,
  {
    flag,
    environment,
    placeholder,
    help,
    fallback,
  }: Omit<Option<unknown>, 'read' | 'environment'> & { readonly environment: string | null },
): Command {
  const isSwitch = flag === table.install.flag;
  const isNone = fallback === null || (Array.isArray(fallback) && fallback.length === 0);
  const shown = [environment, isNone || isSwitch ? null : `default ${String(fallback)}`].filter(Boolean);
  return command.option(
    isSwitch ? `--${flag}` : `--${flag} <${placeholder}>`,
    shown.length === 0 ? help : `${help} (${shown.join('; ')})`,
  );
}

/**
 * Refuses flags of the command line that have no effect beside the others. Variables are often shared by several processes:
 * those may be idle.
 */
export function refuseIdleFlags(flags: Readonly<Record<string, unknown>>, config: GatewayConfig): void {
  const faults = Object.entries(table).flatMap(([name, { flag }]) => {
    const typed = flags[attributeOf(flag)];
    // Port 0 is always accepted: scripts give it for every listener.
    const why = typed === undefined || typed === '0' ? null : whyIdle(name as keyof GatewayConfig, config);
    return why === null ? [] : [`--${flag} has no effect, because ${why}; leave it out`];
  });
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
}

/** The name under which commander hands over the value of a flag: `--quota-window-ms` is `quotaWindowMs`. */
function attributeOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns what the flags of the command line say, by the names of the table. */
export function optionTexts(flags: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, { flag }] of Object.entries(table)) {
    const value = flags[attributeOf(flag)];
    if (value === true) texts[name] = 'yes';
    else if (typeof value === 'string') texts[name] = value;
  }
  return texts;
}

/** The gateway's configuration from parsed flags and the environment; all faults at once when it cannot be. */
export function gatewayConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  changes: Partial<GatewayConfig> = {},
): GatewayConfig {
  const result = readConfig(optionTexts(flags), withEnvironmentFiles(environment));
  if ('faults' in result) throw new UsageError(result.faults.join('\n'));
  return { ...result.config, ...changes };
}
