import { readTextFile } from '../../shared/files/text-file.ts';
import { wallClock } from '../../shared/live/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import { fileTrouble } from '../../shared/protocol/file-trouble.ts';
import type { GatewayConfig } from '../config.ts';
import type { Projections } from '../engine/projection.ts';
import type { NoticeSettings } from '../notifications/notice-insertion.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { alwaysOnDuty, type Roster } from '../support/roster.ts';
import { readRoster } from '../support/roster-file.ts';
import { slaTimer } from '../support/sla.ts';
import { standardSupport } from '../support/support-settings.ts';
import { noteOnTicket, openTicket, resolveByRetry } from '../support/ticket-desk.ts';
import { standardWebhook, ticketWebhook } from '../support/ticket-webhook.ts';

interface Deps {
  readonly config: GatewayConfig;
  readonly database: Database<PlatformSchema>;
  readonly ids: Ids;
  readonly http: Http;
  readonly log: Log;
  readonly notices: NoticeSettings;
  /** Called after each commit of the desk that wrote record rows or notices. */
  readonly onRecorded: () => void;
}

const demoRoster = alwaysOnDuty(['technician-1', 'technician-2', 'technician-3']);

function rosterOf({ supportRoster: file }: GatewayConfig): Roster {
  if (file === null) return demoRoster;
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    throw new Error(`--support-roster: ${file} cannot be read: ${fileTrouble(error)}; correct the path`);
  }
  return readRoster(file, text);
}

/** The support desk of a live platform: what the engine writes of tickets, the SLA's timer and the outgoing webhook. */
export function supportDesk(deps: Deps) {
  const { config, database, ids, http, log, notices } = deps;
  const scale = config.timeScale;
  const settings = standardSupport(rosterOf(config), scale);
  const compress = (ms: number, least: number) => Math.max(least, Math.round(ms / scale));
  const { ticketWebhookUrl: url, ticketWebhookSecret: secret, ticketWebhookFormat: format } = config;
  const webhook =
    url === null || secret === null
      ? null
      : ticketWebhook({
          database,
          clock: wallClock,
          http,
          log,
          settings: { ...standardWebhook, url, secret, format, retryBaseMs: compress(1_000, 50) },
        });
  const sla = slaTimer({
    database,
    clock: wallClock,
    ids,
    log,
    roster: settings.roster,
    lookEveryMs: compress(60_000, 1_000),
    onRecorded: deps.onRecorded,
  });
  const projections: Pick<Projections, 'openTicket' | 'resolveTicket' | 'noteOnTicket'> = {
    openTicket: (transaction, { activation }, diagnostics, at) =>
      openTicket(transaction, { ids, settings }, activation, diagnostics, at),
    resolveTicket: (transaction, { activation }, at) =>
      resolveByRetry(transaction, { ids, notices }, activation, at),
    noteOnTicket: (transaction, id, text, at) => noteOnTicket(transaction, { ids }, id, text, at),
  };
  return {
    settings,
    projections,
    /** There may be new lines in the record. */
    wake(): void {
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
