import { expect } from 'vitest';
import { type Activation, nextDueAt, targetOf } from '../../../gateway/activation/activation.ts';
import type { ActivationEvent } from '../../../gateway/activation/event.ts';
import type { Fact } from '../../../gateway/activation/fact.ts';
import { type Effect, outstanding } from '../../../gateway/activation/outstanding.ts';
import { finalPhases } from '../../../gateway/activation/phase.ts';
import type { PaymentStep } from '../../../gateway/activation/settlement.ts';
import {
  incompatible,
  lostOnTheWay,
  price,
  refusedBeforehand,
  second,
  step,
} from '../../helpers/activation-events.ts';

export const commandTimeoutMs = 300 * second;
/** Longest Retry-After of the API IoT (429). */
export const longestLimitMs = 3_600 * second;

interface Command {
  readonly id: string;
  readonly attempt: number;
  readonly version: number;
  readonly target: 'active' | 'dormant';
  readonly expiresAt: number;
  /** `waiting`: on its way to the vehicle. `silent`: applied, and the result lost. */
  state: 'waiting' | 'silent' | 'applied' | 'failed' | 'rejected';
}

type LedgerState = 'none' | 'declined' | 'held' | 'taken' | 'released' | 'returned';

/**
 * Smallest environment of an activation: an API IoT with one vehicle, and a payment service whose ledger has each step once,
 * by its key. Its failures are read from a list of numbers; 0 is success, and after the end of the list every call succeeds:
 * the faults have stopped.
 */
export class World {
  now = 0;
  /** When the tape ended. */
  calmAt: number | null = null;
  steps = 0;
  readonly vehicle = { feature: 'dormant' as 'active' | 'dormant', version: 0 };
  readonly commands = new Map<string, Command>();
  readonly answers = new Map<string, ActivationEvent>();
  readonly facts: Fact[] = [];
  ledger: LedgerState = 'none';
  readonly #tape: readonly number[];
  #read = 0;

  constructor(tape: readonly number[]) {
    this.#tape = tape;
  }

  /** One of `choices`, 0 the good one. */
  draw(choices: number): number {
    const value = this.#tape[this.#read];
    this.#read += 1;
    if (value === undefined) this.calmAt ??= this.now;
    return (value ?? 0) % choices;
  }

  get netMinor(): number {
    return this.ledger === 'taken' ? price : 0;
  }
}

/** Does what is outstanding until nothing is, with crashes, repeats and stragglers as the tape has them. */
export function drive(world: World, begun: Activation): Activation {
  let activation = begun;
  const hear = (event: ActivationEvent) => {
    const outcome = step(activation, event);
    expect(outcome.verdict).not.toBe('rejected');
    if (outcome.verdict === 'accepted') world.facts.push(...outcome.facts);
    activation = outcome.activation;
    expect([0, price]).toContain(world.netMinor);
    // Notified "not charged" only when the ledger confirms it.
    if ((activation.phase === 'failed' || activation.phase === 'cancelled') && activation.settlement) {
      if (activation.settlement.status !== 'unsettled')
        expect(['released', 'returned']).toContain(world.ledger);
    }
  };
  for (;;) {
    world.steps += 1;
    if (world.steps > 5_000) throw new Error(`no end in sight: ${JSON.stringify(activation)}`);
    const effects = outstanding(activation, world.now);
    const effect = effects[effects.length > 1 ? world.draw(effects.length) : 0];
    if (effect) perform(world, activation, effect, hear);
    else if (!wait(world, activation, hear)) return activation;
    straggle(world, activation, hear);
  }
}

/** The effect happens; its answer may arrive never, once or several times. */
function perform(
  world: World,
  activation: Activation,
  effect: Effect,
  hear: (event: ActivationEvent) => void,
): void {
  const event = answerTo(world, activation, effect);
  world.now += world.draw(4) * 7 * second;
  const heard = world.draw(6);
  if (heard === 1) return; // The process dies between the effect and the save.
  hear({ ...event, at: world.now });
  if (heard === 2) hear({ ...event, at: world.now });
}

/** Goes to the next due moment; false when there is none and an operator has nothing to settle either. */
function wait(world: World, activation: Activation, hear: (event: ActivationEvent) => void): boolean {
  const dueAt = nextDueAt(activation);
  if (dueAt !== null) {
    world.now = Math.max(world.now, dueAt);
    return true;
  }
  if (activation.settlement?.status !== 'unsettled') {
    expect(finalPhases.has(activation.phase)).toBe(true);
    return false;
  }
  const isHold = activation.settlement.capture === 'on_delivery';
  world.ledger = isHold ? 'released' : 'returned';
  hear({ type: isHold ? 'payment_voided' : 'payment_refunded', at: world.now });
  return true;
}

/** A customer who thinks otherwise, a vehicle that gets a command late, and an answer that comes late. */
function straggle(world: World, activation: Activation, hear: (event: ActivationEvent) => void): void {
  if (activation.kind === 'activation' && world.draw(20) === 1)
    hear({ type: 'cancel_requested', at: world.now });
  if (world.draw(5) !== 1) return;
  const commands = [...world.commands.values()];
  const command = commands[world.draw(Math.max(1, commands.length))];
  if (!command?.id.startsWith(activation.id)) return;
  if (command.state === 'waiting' && world.now < command.expiresAt) apply(world, command);
  if (command.state === 'applied' || command.state === 'silent') {
    hear({ type: 'command_applied', at: world.now, attempt: command.attempt, vehicleClock: null });
  }
  if (command.state === 'rejected') {
    hear({ type: 'command_failed', at: world.now, attempt: command.attempt, failure: incompatible, draw: 0 });
  }
}

function apply(world: World, command: Command): void {
  command.state = 'applied';
  if (command.version < world.vehicle.version) return;
  world.vehicle.feature = command.target;
  world.vehicle.version = command.version;
}

function answerTo(world: World, activation: Activation, effect: Effect): ActivationEvent {
  const at = world.now;
  switch (effect.type) {
    case 'check_vehicle':
      return {
        type: 'vehicle_checked',
        at,
        failure: world.draw(12) === 1 ? incompatible : null,
        message: 'read',
      };
    case 'start_attempt':
      return world.draw(5) === 1
        ? { type: 'postponed', at, reason: 'vehicle_busy' }
        : { type: 'attempt_started', at };
    case 'send_command':
      return send(world, activation, effect.attempt);
    case 'poll_command':
      return poll(world, activation, effect.attempt);
    case 'read_diagnostics': {
      const known = [...world.commands.values()].filter((one) => one.id.startsWith(activation.id));
      const proof = known.find(
        (one) => one.state === 'applied' || (one.state === 'silent' && world.vehicle.version >= one.version),
      );
      const delivered = world.draw(3) === 1 ? null : (proof?.attempt ?? null);
      return { type: 'diagnostics_read', at, delivered, diagnostics: null };
    }
    case 'pay':
      return pay(world, activation, effect.step);
  }
}

/** One command per key, also after repeats. */
function send(world: World, activation: Activation, attempt: number): ActivationEvent {
  const key = `${activation.id}:${attempt}`;
  const at = world.now;
  const trouble = world.draw(9);
  const refuse = (failure: typeof incompatible) =>
    ({ type: 'command_failed', at, attempt, failure, draw: 0 }) satisfies ActivationEvent;
  const known = world.commands.get(key);
  if (!known) {
    if (trouble === 1)
      return { type: 'rate_limited', at, attempt, retryAt: at + world.draw(60) * 61 * second };
    if (trouble === 2) return refuse(refusedBeforehand);
    if (trouble === 3) return refuse({ ...incompatible, category: 'authorization_failure' });
    accept(world, activation, attempt, key);
  }
  const { id: commandId, version, expiresAt } = known ?? commandOf(world, key);
  // The API IoT acted and its answer got lost.
  if (trouble === 4) return refuse(lostOnTheWay);
  return { type: 'command_accepted', at, attempt, commandId, version, expiresAt };
}

function commandOf(world: World, key: string): Command {
  const command = world.commands.get(key);
  if (!command) throw new Error(`there is no command ${key}`);
  return command;
}

function accept(world: World, activation: Activation, attempt: number, key: string): void {
  const command: Command = {
    id: key,
    attempt,
    version: world.commands.size + 1,
    target: targetOf(activation.kind),
    expiresAt: world.now + commandTimeoutMs,
    state: 'waiting',
  };
  world.commands.set(key, command);
  const fate = world.draw(6);
  if (fate === 1) return;
  if (fate === 2) command.state = 'failed';
  else if (fate === 3) command.state = 'rejected';
  else apply(world, command);
  if (fate === 4) command.state = 'silent';
}

function poll(world: World, activation: Activation, attempt: number): ActivationEvent {
  const { state } = commandOf(world, `${activation.id}:${attempt}`);
  const at = world.now;
  if (world.draw(5) === 1 || state === 'waiting' || state === 'silent') {
    return { type: 'command_pending', at, attempt, draw: 0 };
  }
  if (state === 'applied') return { type: 'command_applied', at, attempt, vehicleClock: null };
  const failure = state === 'rejected' ? incompatible : refusedBeforehand;
  return { type: 'command_failed', at, attempt, failure, draw: 0 };
}

const ledgerAfter: Readonly<Record<Exclude<PaymentStep, 'authorise'>, LedgerState>> = {
  capture: 'taken',
  void: 'released',
  refund: 'returned',
};

/** Acts at most once a key and says the same about it ever after; sometimes says nothing, before or after acting. */
function pay(world: World, activation: Activation, one: PaymentStep): ActivationEvent {
  const at = world.now;
  const key = `${activation.id}:${one}`;
  const silent: ActivationEvent = { type: 'payment_unanswered', at, step: one, message: 'no answer' };
  const trouble = world.draw(7);
  if (trouble === 1) return silent;
  const answer = world.answers.get(key) ?? settle(world, activation, one, trouble === 2);
  world.answers.set(key, answer);
  return trouble === 3 ? silent : { ...answer, at };
}

function settle(world: World, activation: Activation, one: PaymentStep, refuses: boolean): ActivationEvent {
  const at = world.now;
  if (refuses) {
    if (one === 'authorise') world.ledger = 'declined';
    return { type: 'payment_refused', at, step: one, code: 'declined', message: 'declined' };
  }
  if (one === 'authorise') {
    const atOnce = activation.settlement?.capture === 'immediately';
    expect(world.ledger).toBe('none');
    world.ledger = atOnce ? 'taken' : 'held';
    return { type: 'payment_authorised', at, paymentId: 'pay_1', holdExpiresAt: null };
  }
  expect(world.ledger).toBe(one === 'refund' ? 'taken' : 'held');
  world.ledger = ledgerAfter[one];
  const type =
    one === 'capture' ? 'payment_captured' : one === 'void' ? 'payment_voided' : 'payment_refunded';
  return { type, at };
}
