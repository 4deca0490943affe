import type {
  ConfigureCommand,
  FeatureResult,
  FeatureTarget,
  ReportedFeature,
} from '../../shared/protocol/device-messages.ts';
import type { VehicleMessage, VehicleStep } from './event.ts';
import { completeParameters, parameterRefusal, sameParameters } from './parameters.ts';
import { notReadyReason } from './readiness.ts';
import { resultMessage, statusMessage } from './report.ts';
import {
  acceptedMax,
  answerMax,
  type CommandAnswer,
  clockOf,
  featureOf,
  type UnitFault,
  type Vehicle,
} from './vehicle.ts';

/**
 * Takes a command into non-volatile memory, or answers at once where nothing needs applying: it came again, it is too
 * old, or no feature in it would change.
 */
export function receiveCommand(vehicle: Vehicle, command: ConfigureCommand, now: number): VehicleStep {
  if (!vehicle.running) return { vehicle, messages: [], refused: 'not_running' };
  if (command.vin !== vehicle.vin) return { vehicle, messages: [], refused: 'foreign_vin' };
  const known = vehicle.answers.find((answer) => answer.commandId === command.id);
  if (known) return { vehicle, messages: [resultMessage(vehicle, known, now)] };
  if (vehicle.accepted.some((accepted) => accepted.id === command.id)) return { vehicle, messages: [] };
  if (isExpired(vehicle, command, now) || !command.features.some((target) => changes(vehicle, target))) {
    return settle(vehicle, command, now);
  }
  if (vehicle.accepted.length >= acceptedMax) return { vehicle, messages: [], refused: 'too_many_commands' };
  const text = textsOf(command)?.receiving;
  return {
    vehicle: {
      ...vehicle,
      accepted: [...vehicle.accepted, command],
      display: text ?? vehicle.display,
    },
    messages: [],
    applying: [command.id],
    ...(text === undefined ? {} : { display: text }),
  };
}

/** Applies an accepted command. An id that is not (or no longer) accepted changes nothing. */
export function applyAccepted(vehicle: Vehicle, commandId: string, now: number): VehicleStep {
  const command = vehicle.accepted.find((accepted) => accepted.id === commandId);
  if (!command || !vehicle.running) return { vehicle, messages: [] };
  if (waitsForCycle(vehicle, command, now)) {
    const waiting = [...vehicle.waiting.filter((id) => id !== commandId), commandId];
    return { vehicle: { ...vehicle, waiting }, messages: [] };
  }
  return settle(withoutAccepted(vehicle, command), command, now);
}

/** Ends the commands that waited for the ignition: all of them at the end of an ignition cycle, else those that expired. */
export function endWaiting(vehicle: Vehicle, isCycleEnd: boolean, now: number): VehicleStep {
  let next = vehicle;
  const messages: VehicleMessage[] = [];
  for (const command of vehicle.accepted) {
    if (!vehicle.waiting.includes(command.id)) continue;
    if (!isCycleEnd && !isExpired(vehicle, command, now)) continue;
    const step = settle(withoutAccepted(next, command), command, now, isCycleEnd);
    next = step.vehicle;
    messages.push(...step.messages);
  }
  return { vehicle: next, messages };
}

function withoutAccepted(vehicle: Vehicle, command: ConfigureCommand): Vehicle {
  return {
    ...vehicle,
    accepted: vehicle.accepted.filter((accepted) => accepted.id !== command.id),
    waiting: vehicle.waiting.filter((id) => id !== command.id),
  };
}

/** Something in the command cannot be done now, and its control unit waits for the next ignition cycle instead of refusing. */
function waitsForCycle(vehicle: Vehicle, command: ConfigureCommand, now: number): boolean {
  if (isExpired(vehicle, command, now)) return false;
  return command.features.some((target) => {
    const feature = vehicle.model.known.find(({ id }) => id === target.feature);
    if (feature?.whenNotReady !== 'next_ignition_cycle' || target.target === 'dormant') return false;
    const isRefused = parameterRefusal(feature, target.parameters ?? {}) !== null;
    return !isRefused && changes(vehicle, target) && notReadyReason(vehicle, feature, false) !== null;
  });
}

/** Returns how long the control units need for an accepted command: as long as its slowest feature. */
export function applyMsOf({ accepted, model }: Vehicle, commandId: string): number {
  const targets = accepted.find(({ id }) => id === commandId)?.features ?? [];
  const times = targets.map(({ feature }) => model.known.find(({ id }) => id === feature)?.applyMs ?? 0);
  return Math.max(0, ...times);
}

/** Decides every feature of the command, remembers the answer and says it. */
function settle(vehicle: Vehicle, command: ConfigureCommand, now: number, isCycleEnd = false): VehicleStep {
  const expired = isExpired(vehicle, command, now);
  const results: FeatureResult[] = [];
  let next = vehicle;
  for (const [index, target] of command.features.entries()) {
    const decision = expired ? expiry(next, target) : decide(next, target, index, isCycleEnd);
    results.push(decision.result);
    next = decision.vehicle;
  }
  if (!expired) next = { ...next, unitFaults: spend(vehicle.unitFaults, command) };
  const answer: CommandAnswer = {
    commandId: command.id,
    results,
    ...(command.traceparent === undefined ? {} : { traceparent: command.traceparent }),
  };
  const succeeded = results.every((result) => successes.has(result.outcome));
  const text = succeeded ? textsOf(command)?.applied : undefined;
  next = { ...next, answers: [...next.answers, answer].slice(-answerMax), display: text ?? null };
  const messages: VehicleMessage[] = [resultMessage(next, answer, now)];
  if (next.features !== vehicle.features) messages.push(statusMessage(next, now));
  return { vehicle: next, messages, ...(text === undefined ? {} : { display: text }) };
}

const successes: ReadonlySet<string> = new Set(['applied', 'already_active', 'already_dormant']);

/** One feature of one command, the `index`-th: the outcome, and the vehicle after it. A lower version never changes anything. */
function decide(
  vehicle: Vehicle,
  target: FeatureTarget,
  index: number,
  isCycleEnd: boolean,
): { vehicle: Vehicle; result: FeatureResult } {
  const stands = featureOf(vehicle, target.feature);
  if (!stands) {
    return {
      vehicle,
      result: { ...named(target, 0), outcome: 'rejected', reason: absence(vehicle, target.feature) },
    };
  }
  const at = named(target, stands.version);
  if (target.version < stands.version) return { vehicle, result: { ...at, outcome: 'superseded' } };
  const isOther = target.target !== stands.state || isUpdate(vehicle, target);
  if (target.version === stands.version && isOther) {
    // Two commands with one version is a mistake of the sender; the first one stands.
    return { vehicle, result: { ...at, outcome: 'superseded', reason: 'version_reused' } };
  }
  if (!isOther) {
    const outcome = stands.state === 'active' ? 'already_active' : 'already_dormant';
    return { vehicle: raise(vehicle, target), result: { ...named(target, target.version), outcome } };
  }
  const model = vehicle.model.known.find(({ id }) => id === target.feature);
  const refusal =
    target.target === 'active' && model ? parameterRefusal(model, target.parameters ?? {}) : null;
  if (refusal !== null) return { vehicle, result: { ...at, outcome: 'rejected', reason: refusal } };
  const unitFault = vehicle.unitFaults.find(
    (item) =>
      (item.feature === null || item.feature === target.feature) &&
      (item.kind !== 'partial_apply' || index > 0),
  );
  if (unitFault) {
    const outcome = unitFault.kind === 'reject' ? 'rejected' : 'failed';
    return { vehicle, result: { ...at, outcome, reason: unitFault.reason ?? unitFault.kind } };
  }
  const reason = target.target === 'active' && model ? notReadyReason(vehicle, model, isCycleEnd) : null;
  if (reason !== null) return { vehicle, result: { ...at, outcome: 'failed', reason } };
  return {
    vehicle: raise(vehicle, target),
    result: { ...named(target, target.version), outcome: 'applied' },
  };
}

function expiry(vehicle: Vehicle, target: FeatureTarget): { vehicle: Vehicle; result: FeatureResult } {
  const version = featureOf(vehicle, target.feature)?.version ?? 0;
  return { vehicle, result: { ...named(target, version), outcome: 'expired' } };
}

function named(target: FeatureTarget, version: number) {
  return { feature: target.feature, version };
}

function absence(vehicle: Vehicle, feature: string): string {
  const known = vehicle.model.known.find(({ id }) => id === feature);
  if (known?.kind === 'always_on') return 'always_on';
  return known ? 'unsupported_hardware' : 'unknown_feature';
}

/** True when applying the target takes the ECU's time: the hardware is there, and its state is another one. */
function changes(vehicle: Vehicle, target: FeatureTarget): boolean {
  const stands = featureOf(vehicle, target.feature);
  if (stands === null || target.version <= stands.version) return false;
  return target.target !== stands.state || isUpdate(vehicle, target);
}

/** The feature is active and stays so, with other parameters. A command without parameters asks for none of them to change. */
function isUpdate(vehicle: Vehicle, target: FeatureTarget): boolean {
  if (target.target !== 'active' || target.parameters === undefined) return false;
  const stands = featureOf(vehicle, target.feature);
  const model = vehicle.model.known.find(({ id }) => id === target.feature);
  if (!model || stands?.state !== 'active') return false;
  const isRefused = parameterRefusal(model, target.parameters) !== null;
  return isRefused || !sameParameters(stands.parameters ?? {}, completeParameters(model, target.parameters));
}

function raise(vehicle: Vehicle, target: FeatureTarget): Vehicle {
  const stands = featureOf(vehicle, target.feature);
  if (stands?.version === target.version) return vehicle;
  const features = vehicle.features.map((item) =>
    item.feature === target.feature
      ? { feature: item.feature, state: target.target, version: target.version, ...set(vehicle, target) }
      : item,
  );
  return { ...vehicle, features };
}

/** The parameters of a feature that is active from now on; a dormant feature, or one that takes none, has none. */
function set(vehicle: Vehicle, target: FeatureTarget): Pick<ReportedFeature, 'parameters'> {
  const model = vehicle.model.known.find(({ id }) => id === target.feature);
  if (target.target === 'dormant' || !model || model.parameters.length === 0) return {};
  const stands = featureOf(vehicle, target.feature);
  const isKept = target.parameters === undefined && stands?.state === 'active';
  const kept = isKept ? stands.parameters : undefined;
  return { parameters: kept ?? completeParameters(model, target.parameters ?? {}) };
}

function isExpired(vehicle: Vehicle, command: ConfigureCommand, now: number): boolean {
  return clockOf(vehicle, now) > command.expiresAt;
}

/** The command's texts, else the vehicle's own; a command that only switches off shows none of its own. */
function textsOf(command: ConfigureCommand): { receiving: string; applied: string } | null {
  if (command.display) return command.display;
  const enables = command.features.some((target) => target.target === 'active');
  return enables ? { receiving: 'Receiving configuration', applied: 'Feature enabled' } : null;
}

/** Reduces the count of each fault that lasts for N commands by one; other faults stay. */
function spend(unitFaults: readonly UnitFault[], command: ConfigureCommand): readonly UnitFault[] {
  const met = (unitFault: UnitFault) =>
    unitFault.feature === null || command.features.some((target) => target.feature === unitFault.feature);
  if (!unitFaults.some((unitFault) => unitFault.remaining !== null && met(unitFault))) return unitFaults;
  return unitFaults
    .map((unitFault) =>
      unitFault.remaining !== null && met(unitFault)
        ? { ...unitFault, remaining: unitFault.remaining - 1 }
        : unitFault,
    )
    .filter((unitFault) => unitFault.remaining === null || unitFault.remaining > 0);
}
