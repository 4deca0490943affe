import type { Transaction } from 'kysely';
import type { FeatureResult, FeatureTarget, ReportedFeature } from '../../shared/protocol/device-messages.ts';
import { featuresOf } from './command-resource.ts';
import { hasWrongVersion, reaches, stateFromResults } from './command-state.ts';
import type { ResultReading } from './device-reading.ts';
import { type Ending, recordEnding } from './endings.ts';
import type { RefusalReason } from './refusals.ts';
import { findCommand, liftDesired } from './store/commands.ts';
import type { ApiIotSchema } from './store/schema.ts';
import { saveTwin } from './store/vehicles.ts';
import { heardTwin } from './twin.ts';

export type ResultVerdict =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  /** The command has its answer already: the first one stands. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'ended'; readonly ending: Ending };

/** The reported features after this answer; a version that the twin already passed changes nothing. */
function mergeResults(
  reported: readonly ReportedFeature[],
  targets: readonly FeatureTarget[],
  results: readonly FeatureResult[],
): ReportedFeature[] {
  return reported.map((known) => {
    const target = targets.find(({ feature }) => feature === known.feature)?.target;
    const result = results.find(({ feature }) => feature === known.feature);
    if (target === undefined || result === undefined || !reaches(target, result.outcome)) return known;
    if (result.version < known.version) return known;
    const { parameters, ...rest } = known;
    // A dormant feature has none; what an active one has changed to is in the status that follows.
    const kept = target === 'dormant' || parameters === undefined ? {} : { parameters };
    return { ...rest, ...kept, state: target, version: result.version };
  });
}

/**
 * Records a vehicle's answer. One that comes after the time-out is kept as late: the state follows it, the twin is
 * updated, and the caller is called back once more.
 */
export async function applyResult(
  transaction: Transaction<ApiIotSchema>,
  message: ResultReading,
  now: number,
  wallAheadMs = 0,
): Promise<ResultVerdict> {
  const command = await findCommand(transaction, message.commandId);
  if (command === null) return { kind: 'refused', reason: 'unknown_command' };
  if (command.vin !== message.vin) return { kind: 'refused', reason: 'foreign_command' };
  if (command.results !== null) return { kind: 'duplicate' };
  const targets = featuresOf(command);
  if (hasWrongVersion(targets, message.results)) return { kind: 'refused', reason: 'wrong_version' };
  const late = command.state === 'timed_out' || now >= command.expires_at;
  const ending = await recordEnding(transaction, command, {
    state: stateFromResults(targets, message.results),
    ended_at: now,
    results: JSON.stringify(message.results),
    late: late ? 1 : 0,
    clock: message.clock,
  });
  // The time-out came in between: read again, and the answer is a late one.
  if (ending === null) return applyResult(transaction, message, now, wallAheadMs);
  for (const { feature, outcome, version } of message.results)
    if (outcome === 'superseded') await liftDesired(transaction, { vin: command.vin, feature, version });
  const twin = await heardTwin(transaction, command.vin, message.clock, now, wallAheadMs);
  const reported =
    twin.reported === null
      ? null
      : JSON.stringify(
          mergeResults(JSON.parse(twin.reported) as ReportedFeature[], targets, message.results),
        );
  await saveTwin(transaction, { ...twin, reported });
  return { kind: 'ended', ending };
}
