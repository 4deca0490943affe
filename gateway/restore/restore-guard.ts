import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import { PaymentsUnavailable } from '../../shared/ports/payments.ts';
import { backOffMs } from '../background/back-off.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import type { WorkGate } from '../engine/work-gate.ts';
import { type ComparisonDeps, findEpoch, findFeatures, findPayments, isRestored } from './comparison.ts';
import type { Finding } from './finding.ts';
import {
  countUndecided,
  endStop,
  type Installation,
  markRestored,
  nameInstallation,
  raiseEpoch,
  readInstallation,
  saveFindings,
} from './installation.ts';

export interface RestoreGuardDeps extends ComparisonDeps {
  readonly log: Log;
  readonly ids: Ids;
  /** False: another process makes the comparison, and this one uses its result. */
  readonly compares: boolean;
  /** Called once, when the database is known to be the newest, or was brought up to date. */
  readonly onClear: () => void;
}

/**
 * - `unchecked`: the payment service has not been asked, or has not answered. Nothing is switched off.
 * - `clear`: everything is worked on.
 * - `stopped`: the database is older than the payments. Nothing is worked on until people decided about each finding.
 */
export type RestoreState = 'unchecked' | 'clear' | 'stopped';

export interface RestoreGuard extends WorkGate {
  state(): RestoreState;
  /** Asks the database what was saved, and begins to compare. */
  start(): Promise<void>;
  /** Reads at once what another part of this process has saved. */
  wake(): void;
  stop(): Promise<void>;
}

/** Why nothing is sold while it is stopped. */
export const stoppedSentence =
  'The platform database is older than the payments that were ordered by it: an operator decides about the findings of "fleetwake restore", then "fleetwake restore resume".';

/** How often what another process or an operator has saved is looked for. */
const pollMs = 5_000;

/**
 * Recognises an older database after a restore: its payments carry a later epoch, or name activations that it does not know. Until
 * that is known nothing is switched off, and afterwards nothing is worked on before each finding is decided.
 */
export function restoreGuard(deps: RestoreGuardDeps): RestoreGuard {
  const { database, clock, ids, log, compares, onClear } = deps;
  let state: RestoreState = 'unchecked';
  let unanswered = 0;

  function enter(next: RestoreState): void {
    if (next === 'clear' && state !== 'clear') onClear();
    state = next;
  }

  /** An empty database, and one whose payments carry no epoch yet, can be compared with nothing. */
  async function isNew(): Promise<boolean> {
    const known = await readInstallation(database.reader);
    if (known !== null) return false;
    await database.write((transaction) => nameInstallation(transaction, ids.next('ins')));
    return true;
  }

  async function compare(installation: Installation): Promise<void> {
    if (!(await isRestored(deps, installation))) {
      await database.write((transaction) => raiseEpoch(transaction));
      return enter('clear');
    }
    await database.write((transaction) => markRestored(transaction, clock.now()));
    enter('stopped');
    log.error('restore.recognised', {
      reason:
        'the platform database is older than the payments that were ordered by it: nothing is worked on',
      fix: 'decide about each finding of "fleetwake restore", then "fleetwake restore resume"',
    });
  }

  async function collect(installation: Installation): Promise<void> {
    const findings = await findPayments(deps, installation);
    const all: Finding[] = [...findings, ...(await findFeatures(deps))];
    await database.write((transaction) => saveFindings(transaction, all, clock.now()));
    for (const finding of all) log.error('restore.finding', loggedFinding(finding));
    log.error('restore.findings_collected', { findings: all.length });
  }

  async function pass(): Promise<number | null> {
    const installation = await readInstallation(database.reader);
    if (installation === null) return clock.now() + pollMs;
    if (installation.stoppedAt !== null) {
      enter('stopped');
      if (compares && installation.collectedAt === null) await collect(installation);
      return clock.now() + pollMs;
    }
    if (state === 'stopped' || !compares) enter('clear');
    else await compare(installation);
    // A process that compares nothing learns from the database alone that another one has stopped.
    return state === 'clear' && compares ? null : clock.now() + pollMs;
  }

  const loop = backgroundLoop({
    clock,
    log,
    failureLog: 'restore.comparison_failed',
    pass: async () => {
      try {
        return await pass();
      } catch (error) {
        if (!(error instanceof PaymentsUnavailable)) throw error;
        unanswered += 1;
        log.warn('restore.payments_unanswered', { reason: error.message, unanswered });
        return clock.now() + backOffMs({ baseMs: pollMs, maxMs: 30_000 }, unanswered);
      }
    },
    backOff: { baseMs: pollMs, maxMs: 30_000 },
  });

  return {
    state: () => state,
    mayWork: () => state !== 'stopped',
    maySwitchOff: () => state === 'clear',
    async start() {
      if (await isNew()) enter('clear');
      // Saved by a restore: the engine, which starts next, must not work before the comparison.
      if ((await readInstallation(database.reader))?.stoppedAt != null) enter('stopped');
      if (state !== 'clear' || !compares) loop.start();
    },
    wake: () => loop.wake(),
    stop: () => loop.stop(),
  };
}

function loggedFinding(finding: Finding): Record<string, unknown> {
  if (finding.kind === 'feature_without_owner') return { ...finding };
  const { id, kind, serviceId, vin, payment } = finding;
  const { amountMinor, currency, status, createdAt } = payment;
  const books = kind === 'payment_differs' ? finding.books : {};
  return { id, kind, serviceId, vin, amountMinor, currency, status, createdAt, ...books };
}

/** Resolves with the number of undecided findings; null if work resumes now, or was not stopped. */
export async function resumeAfterRestore(deps: ComparisonDeps): Promise<number | 'uncollected' | null> {
  const { database } = deps;
  const installation = await readInstallation(database.reader);
  if (installation === null || installation.stoppedAt === null) return null;
  if (installation.collectedAt === null) return 'uncollected';
  const undecided = await countUndecided(database.reader);
  if (undecided > 0) return undecided;
  const epoch = await findEpoch(deps, installation);
  await database.write((transaction) => endStop(transaction, epoch));
  return null;
}
