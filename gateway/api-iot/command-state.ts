import type { CommandState } from '../../shared/protocol/api-iot.ts';
import type { FeatureOutcome, FeatureResult, FeatureTarget } from '../../shared/protocol/device-messages.ts';

const reached: Readonly<Record<FeatureTarget['target'], readonly FeatureOutcome[]>> = {
  active: ['applied', 'already_active'],
  dormant: ['applied', 'already_dormant'],
};

/** Whether this outcome says that the feature stands at the target. */
export function reaches(target: FeatureTarget['target'], outcome: FeatureOutcome): boolean {
  return reached[target].includes(outcome);
}

/**
 * True when a result contradicts itself: a feature cannot stand at its target below the version that asked for it, and
 * cannot have been superseded by a version that is not higher.
 */
export function hasWrongVersion(
  targets: readonly FeatureTarget[],
  results: readonly FeatureResult[],
): boolean {
  return targets.some(({ feature, target, version }) => {
    const result = results.find((candidate) => candidate.feature === feature);
    if (result === undefined) return false;
    if (result.outcome === 'superseded') return result.version <= version;
    return reaches(target, result.outcome) && result.version < version;
  });
}

/**
 * The final state that a vehicle's answer means: `applied` only when every feature stands at its target; one `rejected`
 * makes the command rejected, one `expired` expired; anything else (a temporary error, superseded, a feature without an
 * answer) is `failed`.
 */
export function stateFromResults(
  targets: readonly FeatureTarget[],
  results: readonly FeatureResult[],
): CommandState {
  const outcomes = targets.map(({ feature, target }) => {
    const outcome = results.find((result) => result.feature === feature)?.outcome ?? 'failed';
    return reaches(target, outcome) ? 'reached' : outcome;
  });
  if (outcomes.every((outcome) => outcome === 'reached')) return 'applied';
  if (outcomes.includes('rejected')) return 'rejected';
  if (outcomes.includes('expired')) return 'expired';
  return 'failed';
}
