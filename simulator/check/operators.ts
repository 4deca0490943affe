import type { Activation } from '../../gateway/activation/activation.ts';
import { peoplesStatuses } from '../../gateway/activation/settlement.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { ApiClient } from '../run/api-client.ts';
import { saidProblem } from '../run/purchase.ts';
import { retryUntilAnswered } from '../run/retry-until-answered.ts';
import type { OperatorDecision, ScheduledActivation } from './test-case.ts';

/** What an operator decided about the money of an activation, and what the platform said to it. */
export interface OperatorAct {
  readonly activationId: string;
  readonly resolution: string;
  readonly status: number;
  readonly problem: string | null;
}

export type OperatorScript = NonNullable<ScheduledActivation['operator']>;

export interface OperatorDeps {
  readonly clock: Clock;
  readonly client: ApiClient;
  /** What is decided about the money of this activation, each time that it waits for people; empty: nothing. */
  readonly scriptOf: (activation: Pick<Activation, 'vin' | 'feature'>) => OperatorScript;
  readonly onAct: (act: OperatorAct) => void;
}

interface SettlementShown {
  readonly settlement: {
    readonly status: string;
    readonly amountMinor: number;
    readonly currency: string;
  };
}

const by = 'controller-1';

function bodyOf(
  decision: OperatorDecision,
  { settlement }: SettlementShown,
): { readonly resolution: string } {
  const { status, amountMinor, currency } = settlement;
  switch (decision) {
    case 'other_means': {
      const resolution = status === 'unsettled' ? 'paid_back' : 'collected';
      const paid = { resolution, amountMinor, currency };
      return { ...paid, ...{ by, reference: 'SEPA-1' } };
    }
    case 'written_off':
      return { resolution: decision, ...{ by, reason: 'The amount is too small.' } };
    case 'retry':
      return { resolution: decision, ...{ by } };
  }
}

/**
 * Operators settle the money of each activation as its script says: the next decision each time that it waits for people, or that a
 * bank has opened or decided a dispute. What the platform refuses is left.
 */
export function operators(deps: OperatorDeps) {
  const { clock, client } = deps;
  const used = new Map<string, number>();
  let busy = 0;

  async function decide(activationId: string, { decision, afterMs }: OperatorScript[number]): Promise<void> {
    await sleep(clock, afterMs);
    const shown = await retryUntilAnswered(clock, () => client.get(`/settlements/${activationId}`));
    const body = bodyOf(decision, shown.body as SettlementShown);
    const { status, body: said } = await retryUntilAnswered(clock, () =>
      client.send('POST', `/settlements/${activationId}/resolve`, body),
    );
    deps.onAct({ activationId, resolution: body.resolution, status, problem: saidProblem(said) });
  }

  /** The money of an activation waits for people. */
  function call(activation: Pick<Activation, 'id' | 'vin' | 'feature'>): void {
    const at = used.get(activation.id) ?? 0;
    const next = deps.scriptOf(activation)[at];
    if (next === undefined) return;
    used.set(activation.id, at + 1);
    busy += 1;
    void decide(activation.id, next).finally(() => {
      busy -= 1;
    });
  }

  return {
    call,
    /** An activation has been saved. */
    look(before: Activation | null, after: Activation): void {
      const waits = ({ settlement }: Activation) =>
        settlement !== null && peoplesStatuses.has(settlement.status);
      if (waits(after) && (before === null || !waits(before))) call(after);
    },
    isBusy: () => busy > 0,
  };
}
