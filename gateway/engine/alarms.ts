import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { activationTrace } from '../../shared/protocol/activation-trace.ts';
import type { Fact } from '../activation/fact.ts';
import type { Failure } from '../activation/failure.ts';
import { peoplesStatuses } from '../activation/settlement.ts';
import type { StoredActivation } from '../store/activations.ts';
import type { OpenedTicket } from '../support/ticket.ts';

/** Logs what an operator has to know of facts that are saved: money that people have to settle at error, a failure at warn. */
export function logFacts(
  { log, secrets }: { readonly log: Log; readonly secrets: Secrets },
  { activation, purchaseId }: StoredActivation,
  facts: readonly Fact[],
  ticket: OpenedTicket | null,
): void {
  const { id: activationId, vin, serviceId, settlement } = activation;
  for (const { type, data } of facts) {
    const isOpen = settlement !== null && peoplesStatuses.has(settlement.status);
    // What the bank has decided already needs no operator.
    if (isOpen && (type === 'payment.unsettled' || type === 'payment.uncollectible')) {
      const { amountMinor, currency, problem = null, settleBy = null } = settlement ?? {};
      const money = { amountMinor, currency, problem, settleBy };
      log.error('settlement.refused', { activationId, purchaseId, status: settlement?.status, ...money });
    }
    if (type === 'activation.escalating_to_support') {
      const { category = null, message = null } = (data.failure ?? {}) as Partial<Failure>;
      const { traceId } = activationTrace(secrets.digest(activationId));
      const found = { ticketId: ticket?.id ?? null, priority: ticket?.priority ?? null, traceId };
      log.warn('activation.failed', {
        ...{ activationId, purchaseId, vin, serviceId, category, message },
        ...found,
      });
    }
  }
}
