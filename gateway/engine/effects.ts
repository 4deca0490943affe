import type { Transaction } from 'kysely';
import { type PaymentAnswer, PaymentsUnavailable } from '../../shared/ports/payments.ts';
import { type Activation, isBackground } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { Failure } from '../activation/failure.ts';
import type { Effect } from '../activation/outstanding.ts';
import { chargeDisputed, isKeyLapsed, type PaymentStep, type Settlement } from '../activation/settlement.ts';
import type { VehicleConnection } from '../adapter/answers.ts';
import { disputeOf, lostDisputes } from '../disputes/dispute-store.ts';
import { checkOwnership } from '../entitlement/ownership-check.ts';
import { reached } from '../payments/reached.ts';
import { isCustomerWaiting, isVehicleBusy, type StoredActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { Answer } from './api-client.ts';
import { askedCommand, eventOfCommand, isAsked } from './command.ts';
import { configure } from './configure.ts';
import { readDiagnostics } from './diagnostics.ts';
import type { EffectDeps } from './ports.ts';
import { isGatewayBusy } from './refusal.ts';
import { systemicCauseOf } from './systemic-cause.ts';

/** Result of an effect: an event, or a function that decides the event inside the saving transaction because it depends on other rows. */
export type Decision =
  | ActivationEvent
  | ((transaction: Transaction<PlatformSchema>, activation: Activation) => Promise<ActivationEvent>);

/** One, or several in their order. */
export type Decisions = Decision | readonly Decision[];

/** Runs one effect. Every expected error is an event; an exception is a bug or a broken process, and the effect is tried again. */
export function runEffect(deps: EffectDeps, stored: StoredActivation, effect: Effect): Promise<Decisions> {
  const { activation } = stored;
  switch (effect.type) {
    case 'check_vehicle':
      return unlessHeldBack(deps, activation, checkVehicle);
    case 'start_attempt':
      return unlessHeldBack(deps, activation, startAttempt);
    case 'send_command':
      return sendCommand(deps, activation, effect.attempt);
    case 'poll_command':
      return pollCommand(deps, activation, effect);
    case 'read_diagnostics':
      return readDiagnostics(deps, activation);
    case 'pay':
      return pay(deps, activation, effect.step);
  }
}

/** A systemic cause at the API IoT, or a pause, costs no attempt: the activation waits within its deadline. */
async function unlessHeldBack(
  deps: EffectDeps,
  activation: Activation,
  run: (deps: EffectDeps, activation: Activation) => Promise<Decisions>,
): Promise<Decisions> {
  const { breaker, clock } = deps;
  const until = breaker?.holdsBack() ? await breaker.admit(activation.id) : null;
  if (until === null) return run(deps, activation);
  const reason = breaker?.incident()?.cause === 'paused' ? 'paused' : 'api_iot_unavailable';
  return { type: 'postponed', at: clock.now(), reason, until };
}

/** An offline vehicle is attempted all the same: the command waits in the broker (docs/activation-spec.md, section 11). */
async function checkVehicle(deps: EffectDeps, activation: Activation): Promise<ActivationEvent> {
  const [status, health] = await Promise.all([
    deps.vehicles.status(activation.vin),
    deps.vehicles.health(activation.vin),
  ]);
  const at = deps.clock.now();
  const reachable = reachability(health);
  if (!status.ok) {
    // Data errors end the activation; a temporary error will show again in the attempt itself.
    const isUnknown = status.failure.category === 'unknown_vehicle';
    const failure = isUnknown && !status.failure.temporary ? status.failure : null;
    const incident = isUnknown ? deps.breaker?.incident() : null;
    if (incident) return { type: 'postponed', at, reason: 'api_iot_unavailable', until: incident.probeAt };
    return {
      type: 'vehicle_checked',
      at,
      failure,
      message: `${reachable}, status unknown: ${status.failure.message}`,
    };
  }
  const { reported, model } = status.value;
  const lacks = reported !== null && !reported.some((one) => one.feature === activation.feature);
  const failure: Failure | null = lacks
    ? {
        category: 'vehicle_incompatible',
        code: 'feature_not_supported',
        message: `the vehicle (model ${model ?? 'unknown'}) has no ${activation.feature}`,
        temporary: false,
        mayHaveSucceeded: false,
      }
    : null;
  return {
    type: 'vehicle_checked',
    at,
    failure,
    message: lacks ? 'the feature is not supported' : reachable,
  };
}

function reachability(health: Answer<VehicleConnection>): string {
  if (!health.ok) return `health unknown (${health.failure.message})`;
  const { online } = health.value;
  return online === null ? 'the API IoT does not say whether it is online' : online ? 'online' : 'offline';
}

/** Background commands go only to a connected vehicle, and leave quota for commands that customers wait for. */
async function startAttempt(deps: EffectDeps, activation: Activation): Promise<Decision> {
  if (isBackground(activation)) {
    const health = await deps.vehicles.health(activation.vin);
    const at = deps.clock.now();
    if (!health.ok || health.value.online === false) return { type: 'postponed', at, reason: 'vehicle_away' };
    const { quotaRemaining } = health.value;
    if (quotaRemaining !== null && quotaRemaining <= deps.reservedQuota)
      return { type: 'postponed', at, reason: 'quota_reserved' };
  }
  return (transaction, current) => decideStart(transaction, current, deps.clock.now());
}

/** One command at a time per vehicle (docs/activation-spec.md, section 5), decided where it is saved, so that two cannot both go. */
export async function decideStart(
  transaction: Transaction<PlatformSchema>,
  activation: Activation,
  at: number,
): Promise<ActivationEvent> {
  const settled = await checkOwnership(transaction, activation, at);
  if (settled !== null) return settled;
  if (isBackground(activation) && (await isCustomerWaiting(transaction, activation, at)))
    return { type: 'postponed', at, reason: 'vehicle_busy' };
  if (await isVehicleBusy(transaction, activation)) return { type: 'postponed', at, reason: 'vehicle_busy' };
  return { type: 'attempt_started', at };
}

async function sendCommand(deps: EffectDeps, activation: Activation, attempt: number): Promise<Decisions> {
  const answer = await configure(deps, activation, attempt);
  const at = deps.clock.now();
  if ('retryAt' in answer) return { type: 'rate_limited', at, attempt, retryAt: answer.retryAt };
  if (!answer.ok) {
    const incident = isUnmade(answer.failure) ? deps.breaker?.incident() : null;
    if (incident) {
      const { probeAt: retryAt, cause } = incident;
      return { type: 'rate_limited', at, attempt, retryAt, cause };
    }
    return { type: 'command_failed', at, attempt, failure: answer.failure, draw: deps.random.fraction() };
  }
  const command = answer.value;
  const version = command.features.find((one) => one.feature === activation.feature)?.version ?? null;
  const accepted: ActivationEvent = {
    type: 'command_accepted',
    at,
    attempt,
    commandId: command.id,
    version,
    expiresAt: command.expiresAt,
  };
  // 200 with the vehicle's confirmation: it has the same proof as a callback or a poll, and counts at once.
  if (command.state === 'accepted' || !isAsked(command, activation)) return accepted;
  return [accepted, await eventOfCommand(deps, activation.vin, attempt, command)];
}

/** It failed with what a breaker opens on, and the vehicle cannot have got the command: it is made later under the same key. */
function isUnmade(failure: Failure): boolean {
  return !failure.mayHaveSucceeded && systemicCauseOf(failure) !== null;
}

async function pollCommand(
  deps: EffectDeps,
  activation: Activation,
  { attempt, commandId }: { attempt: number; commandId: string },
): Promise<Decisions> {
  const answer = await deps.vehicles.command(activation.vin, commandId, askedCommand(activation, attempt));
  if (answer.ok && isAsked(answer.value, activation))
    return eventOfCommand(deps, activation.vin, attempt, answer.value);
  // A busy gateway has not asked: the result may be there, and no attempt ends for it.
  if (!answer.ok && isGatewayBusy(answer.failure)) return [];
  return { type: 'command_pending', at: deps.clock.now(), attempt, draw: deps.random.fraction() };
}

/**
 * A step's key does not change between tries, so a lost answer is asked for again and never paid twice; `:{n}` follows
 * where the service may have forgotten the one before.
 */
function paymentKey(activationId: string, step: PaymentStep, keysLapsed = 0): string {
  return keysLapsed === 0 ? `${activationId}:${step}` : `${activationId}:${step}:${keysLapsed + 1}`;
}

const settled = { capture: 'payment_captured', void: 'payment_voided', refund: 'payment_refunded' } as const;

async function pay(deps: EffectDeps, activation: Activation, step: PaymentStep): Promise<Decisions> {
  const { settlement, requestedAt } = activation;
  try {
    if (settlement && isKeyLapsed(settlement, requestedAt, deps.clock.now()))
      return await lookUpPayment(deps, settlement, step);
    const answer = await askPayments(deps, activation, step);
    const at = deps.clock.now();
    if (!answer.ok) {
      const { code, message } = answer;
      const refused = { type: 'payment_refused', at, step, code, message } as const;
      return code === chargeDisputed && step === 'refund' ? disputedRefund(refused) : refused;
    }
    if (step !== 'authorise') return { type: settled[step], at };
    return { type: 'payment_authorised', at, paymentId: answer.paymentId, holdExpiresAt: answer.expiresAt };
  } catch (error) {
    if (!(error instanceof PaymentsUnavailable)) throw error;
    return { type: 'payment_unanswered', at: deps.clock.now(), step, message: error.message };
  }
}

/**
 * What follows from a refund that was refused because of a dispute, decided where it is saved: what the bank decides later comes with
 * its event (`gateway/disputes/`), what it has decided meanwhile is taken from the dispute's row.
 */
function disputedRefund(refused: Extract<ActivationEvent, { type: 'payment_refused' }>): Decisions {
  const { at, step } = refused;
  const disputed = (transaction: Transaction<PlatformSchema>, { id }: Activation) =>
    disputeOf(transaction, id);
  return [
    async (transaction, activation) => {
      const dispute = await disputed(transaction, activation);
      // The old key would only get the same answer.
      return dispute?.status === 'won' ? { type: 'payment_key_lapsed', at, step } : refused;
    },
    async (transaction, activation) => {
      const dispute = await disputed(transaction, activation);
      return dispute !== null && lostDisputes.includes(dispute.status)
        ? { type: 'payment_charged_back', at, reference: dispute.id }
        : refused;
    },
  ];
}

/** Instead of a key that the service may have forgotten: has the step happened already? */
async function lookUpPayment(
  deps: EffectDeps,
  { paymentId }: Settlement,
  step: PaymentStep,
): Promise<ActivationEvent> {
  const state = paymentId === null ? null : await deps.payments.retrieve(paymentId);
  const at = deps.clock.now();
  if (step !== 'authorise' && state !== null && reached[step].includes(state.status))
    return { type: settled[step], at };
  return { type: 'payment_key_lapsed', at, step };
}

function askPayments(deps: EffectDeps, activation: Activation, step: PaymentStep): Promise<PaymentAnswer> {
  const { id: activationId, settlement } = activation;
  if (!settlement) throw new Error(`${activationId} has no settlement and cannot ${step}`);
  const key = paymentKey(activationId, step, settlement.keysLapsed);
  if (step === 'authorise') {
    const { amountMinor, currency, method, customer, epoch, capture } = settlement;
    const description = `${activation.serviceId} for ${activation.vin}`;
    return deps.payments.authorise({
      key,
      activationId,
      amountMinor,
      currency,
      method,
      ...(customer === undefined ? {} : { customer }),
      ...(epoch === undefined ? {} : { epoch }),
      capture,
      description,
    });
  }
  if (!settlement.paymentId) throw new Error(`${activationId} has no payment to ${step}`);
  return deps.payments[step]({ key, activationId, paymentId: settlement.paymentId });
}
