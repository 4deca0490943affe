import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import type { Handler } from '../../shared/live/http-server.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Log } from '../../shared/ports/log.ts';
import { clientAccess, type Origins } from '../console/server/access.ts';
import { readConsoleAssets } from '../console/server/assets.ts';
import { consoleApp } from '../console/server/console-app.ts';
import type { ConsoleDeps } from '../console/server/console-deps.ts';
import { loginLinks } from '../console/server/login-links.ts';
import { newSessions } from '../console/server/sessions.ts';
import type { VirtualRuns } from '../console/server/virtual-runs.ts';

export interface ConsoleOptions {
  readonly port: number;
  /** What chooses the port, for the sentence of a failure. */
  readonly flag: string;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  readonly allowedHosts?: readonly string[];
  readonly origins: Origins;
  readonly control: ConsoleDeps['control'];
  /** Of the system; default 1. */
  readonly timeScale?: number;
  readonly log: Log;
  /** Ends with the console. */
  readonly virtualRuns?: VirtualRuns;
}

export interface Console {
  readonly origin: string;
  /** Returns an address that logs in once, as the client `developer`. */
  loginLink(developerSecret: string): string;
  stop(): Promise<void>;
}

/** Serves the console. Rejects with a sentence when its port is taken, or when its page was not built. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const {
    port,
    flag,
    hostname,
    allowedHosts,
    origins,
    control,
    log,
    virtualRuns = null,
    timeScale = 1,
  } = options;
  const assets = await readConsoleAssets();
  const live = liveHttp({ clock: wallClock, timeoutMs: 30_000 });
  const common = { http: live.http, clock: wallClock, secrets: systemSecrets };
  const sessions = newSessions(common);
  const links = loginLinks(common);
  const app = consoleApp({
    ...{ ...common, assets, log, sessions, links, origins, control, virtualRuns, timeScale },
  });
  const handler: Handler = (request) => app.fetch(request);
  const server = await live.serve(handler, {
    ...{ port, flag },
    ...(hostname === undefined ? {} : { hostname }),
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
  });
  return {
    origin: server.origin,
    loginLink(clientSecret) {
      const access = clientAccess({ ...common, origins }, { clientId: 'developer', clientSecret });
      // After the hash: no log of a server and no Referer has it.
      return `${server.origin}/login#${links.issue(access)}`;
    },
    async stop() {
      sessions.closeAll();
      await virtualRuns?.stop();
      await server.close();
    },
  };
}
