import type { Log } from '../../shared/ports/log.ts';
import { openConsole } from '../live/console-server.ts';
import type { RunningGateway } from '../live/scenario-run.ts';
import { type ConsoleFlags, linkNote, openWhenAsked } from './console-options.ts';

export type RunConsoleFlags = Pick<ConsoleFlags, 'console' | 'open'>;

const nothing = { stop: async () => {} };

/**
 * Serves the console for a live run, on a free port of this machine, until the gateway of the run is stopped. A run needs no
 * console, so that one that cannot be served is said and no more.
 */
export async function serveRunConsole(
  { origins, developerSecret }: RunningGateway,
  flags: RunConsoleFlags,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  if (flags.console === false) return nothing;
  try {
    const served = await openConsole({
      ...{ port: 0, flag: '--no-console', log, origins },
      // The faults of a run are those of its plan.
      control: null,
    });
    const login = served.loginLink(developerSecret);
    process.stderr.write(`console ${login}   ${linkNote}\n`);
    await openWhenAsked(flags, login);
    return served;
  } catch (error) {
    process.stderr.write(`no console: ${error instanceof Error ? error.message : String(error)}\n`);
    return nothing;
  }
}
