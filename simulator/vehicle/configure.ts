import type {
  ConfigureCommand,
  FeatureResult,
  FeatureTarget,
} from '../../shared/protocol/device-messages.ts';
import type { VehicleMessage, VehicleStep } from './event.ts';
import { resultMessage, statusMessage } from './report.ts';
import {
  acceptedMax,
  answerMax,
  type CommandAnswer,
  clockOf,
  featureOf,
  type Trouble,
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
  const rest = { ...vehicle, accepted: vehicle.accepted.filter((accepted) => accepted !== command) };
  return settle(rest, command, now);
}

/** Returns how long the control units need for an accepted command: as long as its slowest feature. */
export function applyMsOf({ accepted, model }: Vehicle, commandId: string): number {
  const targets = accepted.find(({ id }) => id === commandId)?.features ?? [];
  const times = targets.map(({ feature }) => model.known.find(({ id }) => id === feature)?.applyMs ?? 0);
  return Math.max(0, ...times);
}

/** Decides every feature of the command, remembers the answer and says it. */
function settle(vehicle: Vehicle, command: ConfigureCommand, now: number): VehicleStep {
  const expired = isExpired(vehicle, command, now);
  const results: FeatureResult[] = [];
  let next = vehicle;
  for (const [index, target] of command.features.entries()) {
    const decision = expired ? expiry(next, target) : decide(next, target, index);
    results.push(decision.result);
    next = decision.vehicle;
  }
  if (!expired) next = { ...next, troubles: spend(vehicle.troubles, command) };
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
  if (target.version === stands.version && target.target !== stands.state) {
    // Two commands with one version is a mistake of the sender; the first one stands.
    return { vehicle, result: { ...at, outcome: 'superseded', reason: 'version_reused' } };
  }
  if (target.target === stands.state) {
    const outcome = stands.state === 'active' ? 'already_active' : 'already_dormant';
    return { vehicle: raise(vehicle, target), result: { ...named(target, target.version), outcome } };
  }
  const trouble = vehicle.troubles.find(
    (item) =>
      (item.feature === null || item.feature === target.feature) &&
      (item.kind !== 'partial_apply' || index > 0),
  );
  if (trouble) {
    const outcome = trouble.kind === 'reject' ? 'rejected' : 'failed';
    return { vehicle, result: { ...at, outcome, reason: trouble.reason ?? trouble.kind } };
  }
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
  return stands !== null && target.version > stands.version && target.target !== stands.state;
}

function raise(vehicle: Vehicle, target: FeatureTarget): Vehicle {
  const stands = featureOf(vehicle, target.feature);
  if (stands?.version === target.version) return vehicle;
  const features = vehicle.features.map((item) =>
    item.feature === target.feature
      ? { feature: item.feature, state: target.target, version: target.version }
      : item,
  );
  return { ...vehicle, features };
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
function spend(troubles: readonly Trouble[], command: ConfigureCommand): readonly Trouble[] {
  const met = (trouble: Trouble) =>
    trouble.feature === null || command.features.some((target) => target.feature === trouble.feature);
  if (!troubles.some((trouble) => trouble.remaining !== null && met(trouble))) return troubles;
  return troubles
    .map((trouble) =>
      trouble.remaining !== null && met(trouble) ? { ...trouble, remaining: trouble.remaining - 1 } : trouble,
    )
    .filter((trouble) => trouble.remaining === null || trouble.remaining > 0);
}
