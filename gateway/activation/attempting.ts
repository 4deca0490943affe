import { type Activation, type Attempt, lastAttempt, nextAttemptNumber, unmade } from './activation.ts';
import { isCancelRequested, stopTrying } from './cancelling.ts';
import type { VehicleEvent } from './event.ts';
import type { Fact } from './fact.ts';
import { deadlineExceeded, type Failure, noResult } from './failure.ts';
import { accept, ignore, type Outcome, passed, reject } from './outcome.ts';
import { backoffMs, rateLimitWaitMaxMs, rateLimitWaitMinMs } from './policy.ts';

type EventOf<Type extends VehicleEvent['type']> = Extract<VehicleEvent, { type: Type }>;

/** A revocation tries for ever; its state must not grow for ever. */
const keptAttempts = 20;

/** The check before attempt 1: a model that lacks the feature ends it with no attempt; what could not be read stops nothing. */
export function checkVehicle(activation: Activation, event: EventOf<'vehicle_checked'>): Outcome {
  if (activation.kind !== 'activation') return reject(activation, 'only an activation is checked');
  if (activation.vehicleChecked) return ignore(activation, 'the vehicle was checked before');
  const checked = { ...activation, vehicleChecked: true, dueAt: event.at };
  const fact: Fact = { type: 'vehicle.checked', at: event.at, data: { message: event.message } };
  if (event.failure === null) return accept(checked, [fact]);
  const { failure } = event;
  return giveUp(checked, failure, event.at, [fact, passed('failure', event.at, { failure })]);
}

export function startAttempt(activation: Activation, event: EventOf<'attempt_started'>): Outcome {
  if (activation.kind === 'activation' && !activation.vehicleChecked)
    return reject(activation, 'the vehicle was not checked yet');
  if (activation.dueAt !== null && event.at < activation.dueAt) return ignore(activation, 'too early');
  if (activation.deadlineAt !== null && event.at > activation.deadlineAt) {
    const failure = deadlineExceeded(activation.deadlineAt, activation.failure);
    return giveUp(activation, failure, event.at, [passed('failure', event.at, { failure })]);
  }
  const number = nextAttemptNumber(activation);
  const attempt: Attempt = { ...unmade, number, startedAt: event.at };
  const kept =
    activation.kind === 'revocation' ? activation.attempts.slice(1 - keptAttempts) : activation.attempts;
  return accept(
    { ...activation, phase: 'sending_command', dueAt: event.at, postponed: 0, attempts: [...kept, attempt] },
    [passed('sending_command', event.at, { attempt: number })],
  );
}

/** Costs no retry. Waits like a retry would, so that a vehicle that stays away is not asked for all the time. */
export function postpone(activation: Activation, event: EventOf<'postponed'>): Outcome {
  if (activation.dueAt !== null && event.at < activation.dueAt) return ignore(activation, 'too early');
  if (activation.deadlineAt !== null && event.at > activation.deadlineAt) {
    const failure = deadlineExceeded(activation.deadlineAt, activation.failure);
    return giveUp(activation, failure, event.at, [passed('failure', event.at, { failure })]);
  }
  const waitedAt = event.until ?? event.at + backoffMs(activation.policy, activation.postponed, 0);
  // The first moment at which no attempt may start is when it ends: a hold must not lapse while it waits.
  const dueAt = Math.min(waitedAt, (activation.deadlineAt ?? waitedAt) + 1);
  const next = { ...activation, dueAt, postponed: activation.postponed + 1 };
  // One line in the record a streak, not one a look.
  if (activation.postponed > 0) return accept(next, []);
  return accept(next, [
    { type: 'activation.postponed', at: event.at, data: { reason: event.reason, until: dueAt } },
  ]);
}

export function resume(activation: Activation, event: EventOf<'vehicle_free'>): Outcome {
  // An attempt that an incident has removed waits as one does that met a 429.
  const isTakenBack = event.cause === 'incident_ended' && (activation.rateLimits ?? 0) > 0;
  if (activation.postponed === 0 && !isTakenBack) return ignore(activation, 'was not postponed');
  // Its own back-off was over when it was postponed, so nothing else holds it.
  return accept({ ...activation, dueAt: event.at }, []);
}

export function acceptCommand(activation: Activation, event: EventOf<'command_accepted'>): Outcome {
  const current = lastAttempt(activation);
  if (current?.number !== event.attempt) return ignore(activation, 'belongs to an attempt that is over');
  const { commandId, version, expiresAt } = event;
  const pollAt = Math.min(
    event.at + activation.policy.pollEveryMs,
    expiresAt + activation.policy.resultGraceMs,
  );
  return accept(
    {
      ...activation,
      phase: 'waiting_response',
      dueAt: Math.max(event.at, pollAt),
      ...(activation.rateLimits ? { rateLimits: 0 } : {}),
      attempts: [...activation.attempts.slice(0, -1), { ...current, commandId, version, expiresAt }],
    },
    [
      {
        type: 'command.accepted',
        at: event.at,
        data: { attempt: event.attempt, commandId, version, expiresAt },
      },
      passed('waiting_response', event.at, { attempt: event.attempt }),
    ],
  );
}

/** 429 is neither success nor failure: the attempt is removed and made later, under the same number and key. */
export function limitRate(activation: Activation, event: EventOf<'rate_limited'>): Outcome {
  const current = lastAttempt(activation);
  if (current?.number !== event.attempt) return ignore(activation, 'belongs to an attempt that is over');
  const { deadlineAt, policy, rateLimits = 0 } = activation;
  const taken: Activation = {
    ...activation,
    attempts: activation.attempts.slice(0, -1),
    rateLimits: rateLimits + 1,
  };
  const leastMs = rateLimitWaitMinMs(policy, rateLimits);
  const lastStartAt = (deadlineAt ?? event.at + rateLimitWaitMaxMs) - rateLimitWaitMinMs(policy, 0);
  const dueAt = Math.min(Math.max(event.retryAt, event.at + leastMs), lastStartAt);
  const fact: Fact = {
    type: 'activation.rate_limited',
    at: event.at,
    data: {
      attempt: event.attempt,
      retryAt: event.retryAt,
      ...(dueAt === event.retryAt ? {} : { until: dueAt }),
      ...(event.cause === undefined ? {} : { cause: event.cause }),
    },
  };
  if (isCancelRequested(activation)) return stopTrying(taken, event.at, [fact]);
  if (deadlineAt !== null && dueAt < event.at + leastMs) {
    const failure = deadlineExceeded(deadlineAt, activation.failure);
    return giveUp(taken, failure, event.at, [fact, passed('failure', event.at, { failure })]);
  }
  const phase = taken.attempts.length === 0 ? 'queued_for_activation' : 'waiting_backoff';
  return accept({ ...taken, phase, dueAt }, [fact, passed(phase, event.at)]);
}

/** Asked, and nothing final yet. After the expiry and the grace the outcome is unknown, and this attempt is over. */
export function awaitResult(activation: Activation, event: EventOf<'command_pending'>): Outcome {
  const current = lastAttempt(activation);
  if (current?.number !== event.attempt) return ignore(activation, 'belongs to an attempt that is over');
  const endAt = (current.expiresAt ?? current.startedAt) + activation.policy.resultGraceMs;
  if (event.at >= endAt) {
    const failure = noResult('no result came before the command expired');
    return failAttempt(activation, { ...event, type: 'command_failed', failure });
  }
  if (activation.dueAt !== null && event.at < activation.dueAt) return ignore(activation, 'too early');
  return accept({ ...activation, dueAt: Math.min(event.at + activation.policy.pollEveryMs, endAt) }, []);
}

/** An attempt ended without delivery: again later, or no more. */
export function failAttempt(activation: Activation, event: EventOf<'command_failed'>): Outcome {
  const { at, failure } = event;
  const current = lastAttempt(activation);
  const known = activation.attempts.some((attempt) => attempt.number === event.attempt);
  if (!current || !known) return ignore(activation, 'belongs to an attempt that is not kept');
  const isCurrent = current.number === event.attempt && current.endedAt === null;
  // A final refusal counts at any time, once: a revocation continues after it, so a repeat must not find the attempt open.
  const endsIt = activation.kind === 'revocation' ? lacksFeature(failure) : !failure.temporary;
  if (!isCurrent && !endsIt) return ignore(activation, 'belongs to an attempt that is over');
  const ended: Activation = { ...activation, failure, attempts: endAttempts(activation.attempts, event) };
  const facts = [
    passed('checking_response', at, { attempt: event.attempt }),
    passed('failure', at, { attempt: event.attempt, failure }),
    passed('evaluating_retry', at, { attempt: event.attempt }),
  ];
  if (activation.kind === 'revocation') return failRevocation(ended, event, facts);
  if (isCancelRequested(activation)) return stopTrying(ended, at, facts);
  if (!failure.temporary) return giveUp(ended, failure, at, facts);
  const { maxRetries } = activation.policy;
  if (maxRetries !== null && current.number > maxRetries) {
    return giveUp(ended, failure, at, [
      ...facts,
      passed('max_retries_exceeded', at, { attempts: current.number }),
    ]);
  }
  return backOff(ended, current.number, event, facts);
}

function backOff(
  ended: Activation,
  attempt: number,
  event: EventOf<'command_failed'>,
  facts: Fact[],
): Outcome {
  const retry = attempt - 1;
  const delayMs = backoffMs(ended.policy, retry, event.draw);
  const dueAt = event.at + delayMs;
  if (ended.deadlineAt !== null && dueAt > ended.deadlineAt) {
    return giveUp(ended, deadlineExceeded(ended.deadlineAt, event.failure), event.at, facts);
  }
  return accept({ ...ended, phase: 'waiting_backoff', dueAt }, [
    ...facts,
    passed('calculate_backoff', event.at, { retry, delayMs }),
    passed('waiting_backoff', event.at, { until: dueAt }),
  ]);
}

/**
 * The API IoT knows that the vehicle lacks the feature. A vehicle's own `rejected` says only that it did not apply the
 * command: what it had applied before stays on.
 */
function lacksFeature(failure: Failure): boolean {
  return failure.category === 'vehicle_incompatible' && failure.code !== 'rejected';
}

/** A revocation continues after every answer, except when the vehicle cannot have the feature at all. */
function failRevocation(ended: Activation, event: EventOf<'command_failed'>, facts: Fact[]): Outcome {
  if (!lacksFeature(event.failure)) {
    return backOff(ended, lastAttempt(ended)?.number ?? 1, event, facts);
  }
  return accept({ ...ended, phase: 'dormant', dueAt: null }, [...facts, passed('dormant', event.at)]);
}

/** The failure goes to its attempt; an attempt that was still open ends with it, its own outcome unknown. */
function endAttempts(attempts: readonly Attempt[], event: EventOf<'command_failed'>): Attempt[] {
  return attempts.map((attempt) => {
    if (attempt.number === event.attempt)
      return { ...attempt, endedAt: attempt.endedAt ?? event.at, failure: event.failure };
    if (attempt.endedAt !== null) return attempt;
    return {
      ...attempt,
      endedAt: event.at,
      failure: noResult('another attempt was refused for good meanwhile'),
    };
  });
}

/** No attempt follows. The vehicle is asked once more before anything that touches money is decided. */
export function giveUp(
  activation: Activation,
  failure: Failure,
  at: number,
  facts: readonly Fact[],
): Outcome {
  return accept({ ...activation, failure, phase: 'querying_vehicle_state', dueAt: at }, [
    ...facts,
    passed('querying_vehicle_state', at),
  ]);
}
