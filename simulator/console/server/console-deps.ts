import type { Clock } from '../../../shared/ports/clock.ts';
import type { Http } from '../../../shared/ports/http.ts';
import type { Log } from '../../../shared/ports/log.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import type { Origins } from './access.ts';
import type { ConsoleAssets } from './assets.ts';
import type { LoginLinks } from './login-links.ts';
import type { Sessions } from './sessions.ts';
import type { VirtualRuns } from './virtual-runs.ts';

/** What the console's server is made of. */
export interface ConsoleDeps {
  readonly assets: ConsoleAssets;
  readonly http: Http;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly sessions: Sessions;
  readonly links: LoginLinks;
  readonly origins: Origins;
  /** Runs in virtual time; null where this console makes none. */
  readonly virtualRuns: VirtualRuns | null;
  /** Control of the faults; null where none is known. */
  readonly control: { readonly origin: string; readonly secret: string } | null;
  /** How many times as fast time runs in the system, for faults with the times of a scenario. */
  readonly timeScale: number;
}
