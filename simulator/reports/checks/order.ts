import { groupBy } from '../../../shared/memory/group.ts';
import type { FeatureResult, ReportedFeature } from '../../../shared/protocol/device-messages.ts';
import type { PlannedVehicle } from '../../scenarios/plan-vehicles.ts';
import type { BrokerLog, Seen } from '../broker-log.ts';
import type { Evidence, VehicleEvidence } from '../evidence.ts';
import { type Reading, readingOf } from '../reading.ts';
import { type Verdict, verdict } from '../verdict.ts';

const rule = { id: 9, title: 'Every vehicle is at the highest version that it could apply' };

const reached: readonly string[] = ['applied', 'already_active', 'already_dormant'];

/** Command for one feature, and the vehicle's published answer (null: none). */
interface Target {
  readonly commandId: string;
  readonly target: 'active' | 'dormant';
  readonly version: number;
  readonly answer: FeatureResult | null;
  /** The broker had it and so the vehicle got it; where a process died, only the vehicle's own end proves that. */
  readonly arrived: boolean;
}

/**
 * Rule 9, from the vehicles themselves, held against the commands and results that the broker carried. Where a vehicle's
 * results were lost on purpose, or the plan disturbs it, a command without an answer proves nothing.
 */
export function order(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { log } = reading;
  const targets = targetsByFeature(log, evidence.crashes > 0);
  const planned = new Map(evidence.plan.vehicles.map((vehicle) => [vehicle.vin, vehicle]));
  const known = evidence.vehicles.filter((vehicle) => planned.has(vehicle.vin));
  return verdict(
    rule,
    new Set(known.map((vehicle) => vehicle.vin)).size,
    { count: planned.size, name: 'vehicles in the plan' },
    [
      ...known.flatMap((vehicle) =>
        vehicle.features.flatMap((feature) =>
          judge(
            vehicle,
            planned.get(vehicle.vin) ?? null,
            feature,
            targets.get(`${vehicle.vin} ${feature.feature}`) ?? [],
          ),
        ),
      ),
      ...fallingVersions(log),
    ],
  );
}

function targetsByFeature(log: BrokerLog, mayForget: boolean): Map<string, Target[]> {
  const answers = new Map<string, FeatureResult>();
  for (const { message } of log.results) {
    for (const result of message.results) answers.set(`${message.commandId} ${result.feature}`, result);
  }
  const all = log.commands.flatMap(({ vin, message, atVehicle }) =>
    message.features.map(({ feature, target, version }) => ({
      place: `${vin} ${feature}`,
      commandId: message.id,
      target,
      version,
      answer: answers.get(`${message.id} ${feature}`) ?? null,
      arrived: atVehicle || !mayForget,
    })),
  );
  return groupBy(all, (target) => target.place);
}

function judge(
  vehicle: VehicleEvidence,
  planned: PlannedVehicle | null,
  { feature, state, version }: ReportedFeature,
  targets: readonly Target[],
): string[] {
  const place = `${vehicle.vin} ${feature}`;
  const violations: string[] = [];
  const stands = targets.filter((target) => target.version === version);
  // Another control unit stands where the last command left its version, and does what it did elsewhere.
  const isReplaced = planned?.faults.some(
    ({ type, attributes }) =>
      (type === 'feature_lost' || type === 'feature_gained') && attributes.feature === feature,
  );
  if (version > 0 && !isReplaced && !stands.some((target) => target.target === state)) {
    violations.push(`${place}: ${state} at version ${version}, which no command requested`);
  }
  for (const { commandId, version: sent, answer, arrived } of targets) {
    if (sent <= version) continue;
    if (answer !== null && reached.includes(answer.outcome)) {
      violations.push(`${place}: at version ${version}, but answered ${answer.outcome} to version ${sent}`);
    }
    if (answer === null && arrived && planned?.faults.length === 0) {
      violations.push(
        `${place}: at version ${version}, but never answered ${commandId} with version ${sent}`,
      );
    }
  }
  return violations;
}

/** A vehicle's own reports never go back to a lower version. */
function fallingVersions(log: BrokerLog): string[] {
  const highest = new Map<string, number>();
  const violations: string[] = [];
  const read = ({ vin, message }: Seen<{ readonly features?: readonly ReportedFeature[] | undefined }>) => {
    for (const { feature, version } of message.features ?? []) {
      const place = `${vin} ${feature}`;
      const before = highest.get(place) ?? 0;
      if (version < before) violations.push(`${place}: reported version ${version} after version ${before}`);
      highest.set(place, Math.max(before, version));
    }
  };
  for (const status of log.statuses) read(status);
  return violations;
}
