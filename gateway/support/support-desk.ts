import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { NoticeSettings } from '../notifications/notice-insertion.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { type SlaDeps, slaTimer } from './sla.ts';
import type { SupportSettings } from './support-settings.ts';
import { ticketWebhook, type WebhookDeps, type WebhookSettings } from './ticket-webhook.ts';

export interface SupportDeskSettings {
  readonly support: SupportSettings;
  /** Null: no outside system receives ticket events. */
  readonly webhook: WebhookSettings | null;
  /** Longest time between two polls of the tickets' SLA: changes of other processes are found then. */
  readonly slaPollMs: number;
  readonly notifications: NoticeSettings;
}

interface SupportDeskDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly http: Http;
  readonly log: Log;
  readonly settings: SupportDeskSettings;
  /** Called after each commit of the desk that wrote record rows or notifications. */
  readonly onRecorded: () => void;
}

export interface SupportDeskOverrides {
  readonly sla?: (deps: SlaDeps) => SlaDeps;
  readonly webhook?: (deps: WebhookDeps) => WebhookDeps;
}

const unchanged = <Deps>(deps: Deps) => deps;

/** What the support desk does without a request: the SLA timer with its hand-over, and the outgoing webhook. */
export function supportDesk(deps: SupportDeskDeps, overrides: SupportDeskOverrides = {}) {
  const { database, clock, ids, http, log, settings } = deps;
  const { sla: overrideSla = unchanged, webhook: overrideWebhook = unchanged } = overrides;
  const webhook =
    settings.webhook === null
      ? null
      : ticketWebhook(overrideWebhook({ database, clock, http, log, settings: settings.webhook }));
  const sla = slaTimer(
    overrideSla({
      database,
      clock,
      ids,
      log,
      roster: settings.support.roster,
      lookEveryMs: settings.slaPollMs,
      onRecorded: deps.onRecorded,
    }),
  );
  return {
    /** Tells the clocks and the webhook that a ticket may have been opened or changed. */
    wake(): void {
      sla.wake();
      webhook?.wake();
    },
    start(): void {
      sla.start();
      webhook?.wake();
    },
    async stop(): Promise<void> {
      await sla.stop();
      await webhook?.stop();
    },
  };
}
