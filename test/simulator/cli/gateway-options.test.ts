import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type GatewayConfig, options, readConfig } from '../../../gateway/config.ts';
import { UsageError } from '../../../simulator/cli/exit.ts';
import { gatewayConfig, withGatewayOptions } from '../../../simulator/cli/options.ts';
import { companionsOf, parametersOf, rows, whole } from './gateway-option-rows.ts';

/** The configuration of `gateway` with these parameters, as the command reads it. */
function read(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): GatewayConfig {
  const command = withGatewayOptions(new Command('gateway'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(parameters, { from: 'user' });
  return gatewayConfig(command.opts(), environment);
}

const table = Object.entries(options) as [keyof GatewayConfig, (typeof options)[keyof typeof options]][];

describe('every option of the gateway', () => {
  it('is in this test', () => {
    expect(Object.keys(rows).toSorted()).toEqual(Object.keys(options).toSorted());
  });

  it.each(table)(
    '%s has its default without flag and environment, or with an empty variable',
    (key, option) => {
      expect(read([])[key]).toEqual(option.fallback);
      expect(read([], { [option.environment]: '' })[key]).toEqual(option.fallback);
    },
  );

  it.each(table)('%s is changed by its flag, by its environment name, and the flag wins', (key, option) => {
    const row = rows[key];
    const flag = [...parametersOf(key, row.text), ...companionsOf(row)];
    expect(row.value).not.toEqual(option.fallback);
    expect(whole(read(flag)[key])).toEqual(row.value);
    expect(whole(read(companionsOf(row), { [option.environment]: row.text })[key])).toEqual(row.value);
    const other = Array.isArray(option.fallback) ? 'broker' : String(option.fallback ?? 'x');
    expect(whole(read(flag, { [option.environment]: other })[key])).toEqual(row.value);
  });

  it.each(table.filter(([key]) => rows[key].bad !== null))(
    '%s refuses what it cannot be, with the names of its flag and its variable',
    (key, option) => {
      const row = rows[key];
      const [text, sentence] = row.bad ?? ['', ''];
      const words = `--${option.flag} (${option.environment}) ${sentence}`;
      const refusal = new UsageError(words);
      if (key !== 'install')
        expect(() => read([...parametersOf(key, text), ...companionsOf(row)])).toThrow(refusal);
      expect(() => read(companionsOf(row), { [option.environment]: text })).toThrow(refusal);
    },
  );

  it('has a flag and a variable of its own', () => {
    expect(new Set(table.map(([, { flag }]) => flag)).size).toBe(table.length);
    expect(new Set(table.map(([, { environment }]) => environment)).size).toBe(table.length);
  });

  it('is not what a misspelt flag sets', () => {
    expect(() => read(['--prot', '9090'])).toThrow("unknown option '--prot'");
  });
});

it.each([
  ['--mail-timeout-ms', '30s', 'mailTimeoutMs', 30_000],
  ['--quota-window-ms', '45 min', 'quotaWindowMs', 2_700_000],
  ['--command-timeout-ms', '1h', 'commandTimeoutMs', 3_600_000],
  ['--reconcile-ms', '1 h 30 min', 'reconcileMs', 5_400_000],
] as const)('takes a duration in a unit: %s %s', (_, text, name, ms) => {
  const read = readConfig({ [name]: text }, {});
  expect('faults' in read ? read.faults : read.config[name]).toBe(ms);
});
