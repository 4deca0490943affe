import { join } from 'node:path';
import type { Command } from 'commander';
import { openInBrowser } from '../../shared/live/open-browser.ts';
import { linkLifeMs } from '../console/server/login-links.ts';
import type { VirtualRuns } from '../console/server/virtual-runs.ts';
import { UsageError } from './exit.ts';
import { virtualRuns } from './virtual-runs.ts';
import { countOf } from './whole-number.ts';

export interface ConsoleFlags {
  readonly consolePort: string;
  readonly open?: true;
  readonly reports?: string;
  /** False with `--no-console`. */
  readonly console?: boolean;
}

export const consolePortFlag = '--console-port';

/** What every command that serves the console takes. */
export function withConsoleOptions(command: Command, portDefault: number): Command {
  return command
    .option(`${consolePortFlag} <port>`, 'port of the console; 0 picks a free port', `${portDefault}`)
    .option('--open', 'open the console in the browser of this machine')
    .option(
      '--reports <folder>',
      'folder of reports and saved runs that the console shows and writes (default: reports in the data folder)',
    );
}

/** Runs in virtual time of a console, with the folder of their reports. */
export function consoleRuns({ reports }: ConsoleFlags, dataFolder: string): VirtualRuns {
  return virtualRuns(reports ?? join(dataFolder, 'reports'));
}

export function consolePort({ consolePort: port }: ConsoleFlags): number {
  return countOf(consolePortFlag, port, 65_535);
}

/** Refuses options of a console that is left out: by its own flag, or with the platform. */
export function refuseWithoutConsole(flags: ConsoleFlags & { readonly without?: string }): void {
  const idle = flags.open === true ? '--open' : flags.reports === undefined ? null : '--reports';
  const why = flags.console === false ? '--no-console' : flags.without === undefined ? null : '--without';
  if (idle !== null && why !== null)
    throw new UsageError(`${idle} has no effect together with ${why}; leave one of them out`);
}

/** How long the link is good for, behind it on its line. */
export const linkNote = `(logs in once, within ${linkLifeMs / 60_000} min)`;

/** Opens the browser where asked; a machine without one gets a sentence. */
export async function openWhenAsked({ open }: Pick<ConsoleFlags, 'open'>, url: string): Promise<void> {
  if (open === true && !(await openInBrowser(url)))
    process.stderr.write(
      'fleetwake: no program of this machine opens a browser; open the address yourself\n',
    );
}
