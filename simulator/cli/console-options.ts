import type { Command } from 'commander';
import { openInBrowser } from '../../shared/live/open-browser.ts';
import { linkLifeMs } from '../console/server/login-links.ts';
import { UsageError } from './exit.ts';
import { countOf } from './whole-number.ts';

export interface ConsoleFlags {
  readonly consolePort: string;
  readonly open?: true;
  /** False with `--no-console`. */
  readonly console?: boolean;
}

export const consolePortFlag = '--console-port';

/** What every command that serves the console takes. */
export function withConsoleOptions(command: Command, portDefault: number): Command {
  return command
    .option(`${consolePortFlag} <port>`, 'port of the console; 0 picks a free port', `${portDefault}`)
    .option('--open', 'open the console in the browser of this machine');
}

export function consolePort({ consolePort: port }: ConsoleFlags): number {
  return countOf(consolePortFlag, port, 65_535);
}

/** Refuses options of a console that is left out. */
export function refuseWithoutConsole(flags: ConsoleFlags): void {
  if (flags.console === false && flags.open === true)
    throw new UsageError('--open has no effect together with --no-console; leave one of them out');
}

/** How long the link is good for, behind it on its line. */
export const linkNote = `(logs in once, within ${linkLifeMs / 60_000} min)`;

/** Opens the browser where asked; a machine without one gets a sentence. */
export async function openWhenAsked({ open }: ConsoleFlags, url: string): Promise<void> {
  if (open === true && !(await openInBrowser(url)))
    process.stderr.write(
      'fleetwake: no program of this machine opens a browser; open the address yourself\n',
    );
}
