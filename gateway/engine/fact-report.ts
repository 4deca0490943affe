import type { Log } from '../../shared/ports/log.ts';
import { activationTrace } from '../../shared/protocol/activation-trace.ts';
import type { Fact } from '../activation/fact.ts';
import type { Failure } from '../activation/failure.ts';
import { finalPhases } from '../activation/phase.ts';
import { peoplesStatuses } from '../activation/settlement.ts';
import type { StoredActivation } from '../store/activations.ts';
import type { OpenedTicket } from '../support/ticket.ts';
import { recordActivation, recordAttempt, type SpanDeps } from './activation-spans.ts';

interface ReportDeps extends SpanDeps {
  readonly log: Log;
}

/**
 * Logs what an operator has to know of facts that are saved: money that people have to settle at error, a failure at warn, the end of
 * each attempt and activation at info. Those two are spans as well.
 */
export function reportFacts(
  deps: ReportDeps,
  stored: StoredActivation,
  facts: readonly Fact[],
  ticket: OpenedTicket | null,
): void {
  const { log, secrets } = deps;
  const { activation, purchaseId } = stored;
  const { id: activationId, vin, serviceId, settlement } = activation;
  const traceIdOnce = () => activationTrace(secrets.digest(activationId)).traceId;
  for (const fact of facts) {
    const { type, data } = fact;
    const isOpen = settlement !== null && peoplesStatuses.has(settlement.status);
    // What the bank has decided already needs no operator.
    if (isOpen && (type === 'payment.unsettled' || type === 'payment.uncollectible')) {
      const { amountMinor, currency, problem = null, settleBy = null } = settlement ?? {};
      const money = { amountMinor, currency, problem, settleBy };
      log.error('settlement.refused', { activationId, purchaseId, status: settlement?.status, ...money });
    }
    if (type === 'activation.escalating_to_support') {
      const { category = null, message = null } = (data.failure ?? {}) as Partial<Failure>;
      const found = {
        ticketId: ticket?.id ?? null,
        priority: ticket?.priority ?? null,
        traceId: traceIdOnce(),
      };
      log.warn('activation.failed', {
        ...{ activationId, purchaseId, vin, serviceId, category, message },
        ...found,
      });
    }
    if (type === 'activation.failure' || type === 'activation.success')
      reportAttempts(deps, stored, fact, traceIdOnce());
    if (type === `activation.${activation.phase}` && finalPhases.has(activation.phase)) {
      const { kind, phase, failure, attempts, requestedAt } = activation;
      log.info('activation.ended', {
        ...{ activationId, purchaseId, kind, outcome: phase, category: failure?.category ?? null },
        ...{
          attempts: attempts.at(-1)?.number ?? 0,
          durationMs: fact.at - requestedAt,
          traceId: traceIdOnce(),
        },
      });
      recordActivation(deps, activation, fact.at);
    }
  }
}

/** The attempts that ended with this fact: the one that it names, and one that was open beside it. */
function reportAttempts(
  deps: ReportDeps,
  { activation }: StoredActivation,
  fact: Fact,
  traceId: string,
): void {
  for (const attempt of activation.attempts) {
    if (attempt.endedAt !== fact.at || fact.data.attempt === undefined) continue;
    const { number, startedAt, commandId, failure } = attempt;
    const isDelivery = fact.type === 'activation.success' && number === fact.data.attempt;
    deps.log.info('activation.attempt_ended', {
      ...{ activationId: activation.id, attempt: number, outcome: isDelivery ? 'applied' : 'failed' },
      ...{ category: failure?.category ?? null, commandId, durationMs: fact.at - startedAt, traceId },
    });
    recordAttempt(deps, activation, attempt);
  }
}
