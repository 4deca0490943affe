import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import {
  claimProbe,
  closeIncident,
  type IncidentRow,
  openIncident,
  openIncidentOf,
} from '../store/incidents.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { type BreakerIncident, type BreakerSettings, breaker, probeGrowthMax } from './breaker.ts';
import type { CallOutcome } from './systemic-cause.ts';

export interface SharedBreakerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database<PlatformSchema>;
  readonly ids: Ids;
  readonly settings: BreakerSettings;
  /** Called after each commit of a line of the history. */
  readonly onRecorded: () => void;
}

/** The breaker of one engine process, which shares its incident with the others through the database. */
export interface SharedBreaker {
  observe(outcome: CallOutcome): void;
  /** False: every activation may call the API IoT, and none needs to be admitted. */
  holdsBack(): boolean;
  /** Null: the activation may call the API IoT; else when to ask again. */
  admit(id: string): Promise<number | null>;
  incident(): BreakerIncident | null;
  /** The longest that an activation is postponed for an incident. */
  readonly longestWaitMs: number;
  /** Takes over what other processes have found out, and writes down what could not be written yet. */
  follow(): Promise<void>;
  /** Resolves when what is under way is written. */
  stop(): Promise<void>;
}

const incidentOf = (row: IncidentRow): BreakerIncident => ({
  cause: row.cause,
  since: row.opened_at,
  probeAt: row.probe_at,
  closesBy: row.closes_by,
  calls: row.calls,
});

/**
 * One incident of all engine processes: the first that opens it writes it down, which is the one alarm; the others follow, also
 * after a restart. A probe is made by one process, and what one finds well again all resume.
 */
export function sharedBreaker(deps: SharedBreakerDeps): SharedBreaker {
  const { clock, log, database, ids, onRecorded } = deps;
  const local = breaker({
    clock,
    settings: deps.settings,
    onOpened: () => later(open),
    onClosed: () => later(close),
  });
  /** The open incident as it stands in the database, as far as is known. */
  let row: IncidentRow | null = null;
  /** One after the other, so that an incident is closed after it was opened. */
  let writing: Promise<void> = Promise.resolve();

  function later(work: () => Promise<void>): void {
    writing = writing.then(work).catch((error: unknown) => {
      // The next pass of `follow` tries again.
      log.error('api_iot.incident_not_saved', {
        cause: local.incident()?.cause ?? null,
        reason: String(error),
      });
    });
  }

  async function open(): Promise<void> {
    const incident = local.incident();
    if (incident === null || row !== null) return;
    const { cause, calls, closesBy: closes_by, since: opened_at, probeAt: probe_at } = incident;
    const opened = await database
      .write((transaction) =>
        openIncident(transaction, ids, { cause, calls, closes_by, opened_at, probe_at }),
      )
      .catch(async (error: unknown) => {
        // Two processes at the same moment: the unique index refused this one.
        const other = await openIncidentOf(database.reader).catch(() => null);
        if (other === null) throw error;
        return { incident: other, isNew: false };
      });
    row = opened.incident;
    if (!opened.isNew) return local.adopt(incidentOf(row));
    // The alarm: one line for the incident, however many activations wait and processes run.
    log.error('api_iot.breaker_opened', { incidentId: row.id, cause, calls, probeAt: probe_at });
    onRecorded();
  }

  async function close(): Promise<void> {
    const known = row ?? (await openIncidentOf(database.reader));
    // Only an operator ends a pause.
    if (known === null || known.cause === 'paused' || local.incident() !== null) return;
    const at = clock.now();
    const closed = await database.write((transaction) =>
      closeIncident(transaction, ids, known.id, { actor: 'engine', at }),
    );
    row = null;
    if (closed === null) return;
    const { id: incidentId, cause, opened_at: since } = closed;
    log.info('api_iot.breaker_closed', { incidentId, cause, downMs: at - since });
    onRecorded();
  }

  async function follow(): Promise<void> {
    await writing;
    const known = row;
    const current = await openIncidentOf(database.reader);
    if (current !== null) {
      // It is well again here, and that could not be written yet.
      if (known !== null && local.incident() === null && current.cause !== 'paused') return later(close);
      if (current.cause === 'paused' && current.id !== known?.id)
        log.warn('engine.paused', { incidentId: current.id, by: current.opened_by, reason: current.reason });
      row = current;
      local.adopt(incidentOf(current));
    } else if (known !== null) {
      if (known.cause === 'paused') log.warn('engine.resumed', { incidentId: known.id });
      row = null;
      local.resume();
    } else if (local.incident() !== null) later(open);
  }

  return {
    observe: local.observe,
    holdsBack: () => !local.isClosed(),
    async admit(id) {
      const probe = local.probeDue();
      if (probe === null) {
        // An operator or another process may have ended it since the last sweep.
        if (local.incident() !== null && row !== null) await follow();
        return local.admit(id);
      }
      await writing;
      const incidentId = row?.id;
      const isOurs =
        incidentId === undefined ||
        (await database.write((transaction) => claimProbe(transaction, { id: incidentId, ...probe })));
      if (isOurs) {
        local.grantProbe(id, probe);
        return null;
      }
      await follow();
      return local.admit(id);
    },
    incident: local.incident,
    longestWaitMs: deps.settings.probeAfterMs * probeGrowthMax,
    follow,
    async stop() {
      await writing;
    },
  };
}
