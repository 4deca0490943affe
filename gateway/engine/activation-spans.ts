import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import { activationTrace, attemptTraceparent } from '../../shared/protocol/activation-trace.ts';
import type { Activation, Attempt } from '../activation/activation.ts';
import type { Effect } from '../activation/outstanding.ts';

export interface SpanDeps {
  readonly secrets: Pick<Secrets, 'digest'>;
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
}

/** Runs work whose requests belong to an activation: to its attempt while one sends its command. */
export function inTraceOf<T>({ secrets, tracing }: SpanDeps, id: string, work: () => T, attempt?: number): T {
  if (!tracing?.isOn) return work();
  const context =
    attempt === undefined
      ? activationTrace(secrets.digest(id)).traceparent
      : attemptTraceparent(secrets, id, attempt);
  return tracing.within(tracing.sampled(context), work);
}

/** The attempt that an effect belongs to, if it belongs to one. */
export function attemptOf(effect: Effect): number | undefined {
  return 'attempt' in effect ? effect.attempt : undefined;
}

/** Records an attempt once it has ended; it is linked to the attempt before. */
export function recordAttempt(deps: SpanDeps, activation: Activation, attempt: Attempt): void {
  const { secrets, tracing } = deps;
  if (!tracing?.isOn) return;
  const { id } = activation;
  const { number, startedAt, endedAt, failure } = attempt;
  const contextOf = (which: number) => tracing.sampled(attemptTraceparent(secrets, id, which));
  tracing
    .start({
      name: 'attempt',
      kind: 'internal',
      parent: tracing.sampled(activationTrace(secrets.digest(id)).traceparent),
      self: contextOf(number),
      startedAt,
      links: number > 1 ? [contextOf(number - 1)] : [],
      attributes: {
        'fleetwake.activation.id': id,
        'fleetwake.attempt': number,
        'fleetwake.command.id': attempt.commandId ?? undefined,
      },
    })
    .end({ error: failure?.category, endedAt: endedAt ?? startedAt });
}

/** Records an activation once it has ended: the root of its trace. */
export function recordActivation(deps: SpanDeps, activation: Activation, endedAt: number): void {
  const { secrets, tracing } = deps;
  if (!tracing?.isOn) return;
  const { id, kind, serviceId, phase, attempts, failure, requestedAt } = activation;
  tracing
    .start({
      name: kind,
      kind: 'internal',
      self: tracing.sampled(activationTrace(secrets.digest(id)).traceparent),
      startedAt: requestedAt,
      attributes: {
        'fleetwake.activation.id': id,
        'fleetwake.service.id': serviceId,
        'fleetwake.outcome': phase,
        'fleetwake.attempts': attempts.at(-1)?.number ?? 0,
      },
    })
    .end({
      endedAt,
      ...(phase === 'failed' || phase === 'declined' ? { error: failure?.category ?? phase } : {}),
    });
}
