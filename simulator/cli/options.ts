import type { Command } from 'commander';
import { type GatewayConfig, readConfig, options as table } from '../../gateway/config.ts';
import type { Option } from '../../gateway/option.ts';
import { withEnvironmentFiles } from './environment-files.ts';
import { UsageError } from './exit.ts';

/** Gives a command every option of the gateway's table, or those named. */
export function withGatewayOptions(
  command: Command,
  names: readonly (keyof GatewayConfig)[] | null = null,
): Command {
  for (const [name, option] of Object.entries(table)) {
    if (names !== null && !names.includes(name as keyof GatewayConfig)) continue;
    addOption(command, option);
  }
  return command;
}

/** With its environment name and default in the help. */
export function addOption(
  command: Command,
  { flag, environment, placeholder, help, fallback }: Omit<Option<unknown>, 'read'>,
): Command {
  const isSwitch = flag === table.install.flag;
  const isNone = fallback === null || (Array.isArray(fallback) && fallback.length === 0);
  const known = isNone || isSwitch ? '' : `; default ${String(fallback)}`;
  return command.option(
    isSwitch ? `--${flag}` : `--${flag} <${placeholder}>`,
    `${help} (${environment}${known})`,
  );
}

/** The name under which commander hands over the value of a flag: `--quota-window-ms` is `quotaWindowMs`. */
function attributeOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The gateway's configuration from parsed flags and the environment; all faults at once when it cannot be. */
export function gatewayConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  changes: Partial<GatewayConfig> = {},
): GatewayConfig {
  const texts: Record<string, string> = {};
  for (const [name, { flag }] of Object.entries(table)) {
    const value = flags[attributeOf(flag)];
    if (value === true) texts[name] = 'yes';
    else if (typeof value === 'string') texts[name] = value;
  }
  const result = readConfig(texts, withEnvironmentFiles(environment));
  if ('faults' in result) throw new UsageError(result.faults.join('\n'));
  return { ...result.config, ...changes };
}
