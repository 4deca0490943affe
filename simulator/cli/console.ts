import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { secretsOf } from '../../gateway/config.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import { openConsole } from '../live/console-server.ts';
import { controlKeysFile, openControlKeys } from '../live/control-server.ts';
import { type AddressFlags, addressOf, withAddress } from './addresses.ts';
import {
  type ConsoleFlags,
  consolePort,
  consolePortFlag,
  consoleRuns,
  linkNote,
  openWhenAsked,
  withConsoleOptions,
} from './console-options.ts';
import { gatewayConfig } from './options.ts';
import { apiIotDefaultUrl, withPlatformOptions } from './platform.ts';

type Flags = ConsoleFlags & AddressFlags & { readonly json?: true } & Record<string, unknown>;

const consolePortDefault = 8090;

/** `fleetwake console`: the console of a system that runs elsewhere, until a signal. */
export function addConsole(program: Command): void {
  const command = program
    .command('console')
    .description('serve the console for a system that runs elsewhere: see the fleet, break it, work tickets');
  withConsoleOptions(command, consolePortDefault).option('--json', 'print its addresses as one JSON line');
  withPlatformOptions(withAddress(command, 'controlUrl'), ['apiIotUrl', 'host', 'allowedHosts', 'logLevel'], {
    data: {
      help: 'data folder of the system: with its secrets there is a login link and the control of faults',
    },
  }).action(async (flags: Flags) => {
    await serveConsole(flags);
  });
}

async function serveConsole(flags: Flags): Promise<void> {
  const port = consolePort(flags);
  const config = gatewayConfig(flags, process.env);
  const { data, apiIotUrl, host, allowedHosts, logLevel } = config;
  // Read before anything listens, also where no secret of the control is there to use them with.
  const addresses = { platform: addressOf('platformUrl', flags), control: addressOf('controlUrl', flags) };
  const hasKeys = existsSync(join(data, 'keys.json'));
  const hasControl = existsSync(join(data, controlKeysFile));
  const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
  try {
    const served = await openConsole({
      ...{ port, flag: consolePortFlag, hostname: host, allowedHosts },
      origins: { platform: addresses.platform, apiIot: apiIotUrl ?? apiIotDefaultUrl },
      control: hasControl
        ? { origin: addresses.control, secret: (await openControlKeys(data)).secret }
        : null,
      virtualRuns: consoleRuns(flags, data),
      log: jsonLog(logLevel, secretsOf(config)),
    });
    try {
      const login = hasKeys ? served.loginLink((await openKeys(data)).developerSecret) : null;
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ event: 'console', console: served.origin, consoleLogin: login })}\n`
          : startedText(served.origin, login),
      );
      await openWhenAsked(flags, login ?? served.origin);
      await signal.promise;
    } finally {
      await served.stop();
    }
  } finally {
    signal.dispose();
  }
}

function startedText(origin: string, login: string | null): string {
  const line =
    login === null
      ? `  console   ${origin}   (log in with a client id and its secret, or with a token)`
      : `  console   ${login}   ${linkNote}`;
  return `The console is up. Ctrl-C stops it.\n\n${line}\n`;
}
