import type { Activation } from '../../gateway/activation/activation.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { ApiClient } from '../run/api-client.ts';
import { saidProblem } from '../run/purchase.ts';
import { retryUntilAnswered } from '../run/retry-until-answered.ts';
import type { ScheduledActivation, TechnicianAct } from './test-case.ts';

/** What a technician did with a ticket, and what the desk said to it. */
export interface DeskAct {
  readonly ticketId: string;
  readonly act: TechnicianAct;
  readonly at: number;
  readonly status: number;
  readonly problem: string | null;
}

export type Script = NonNullable<ScheduledActivation['support']>;

export interface TechnicianDeps {
  readonly clock: Clock;
  readonly client: ApiClient;
  /** How tickets of this activation's feature are worked; empty: not at all. */
  readonly scriptOf: (activation: Activation) => Script;
  readonly onAct: (act: DeskAct) => void;
}

const by = 'technician-1';
const visit = { workshop: 'Workshop North', appointmentAt: 1_900_000_000_000 };

const requests: Readonly<Record<TechnicianAct, { readonly move: string; readonly body?: object }>> = {
  start: { move: 'start' },
  retry: { move: 'retry' },
  keep: { move: 'keep' },
  contact: { move: 'contact', body: { message: 'Is the car parked in a garage?' } },
  inspection: { move: 'inspection', body: { ...visit, reason: 'The control unit answers nothing.' } },
  escalate: { move: 'escalate', body: { team: 'development', reason: 'The log names no cause.' } },
  assign: { move: 'assign', body: { technician: 'technician-2' } },
  resolve_active: { move: 'resolve', body: { resolution: 'manual_activation' } },
  resolve_visit: { move: 'resolve', body: { resolution: 'service_appointment', ...visit } },
  resolve_workaround: {
    move: 'resolve',
    body: { resolution: 'bug_report', reference: 'BUG-17', workaround: 'Use the button.' },
  },
  close: { move: 'close' },
  reopen: { move: 'reopen', body: { reason: 'The customer called again.' } },
};

/** Technicians work each ticket as its feature's script says; what the desk refuses is left, and the next act follows. */
export function technicians(deps: TechnicianDeps) {
  const { clock, client } = deps;
  let busy = 0;

  async function ticketOf(activationId: string): Promise<string | null> {
    const { body } = await retryUntilAnswered(clock, () => client.get('/tickets?status=open&limit=100'));
    const { tickets } = body as { tickets: readonly { id: string; activationId: string }[] };
    return tickets.find((ticket) => ticket.activationId === activationId)?.id ?? null;
  }

  async function work(activationId: string, script: Script): Promise<void> {
    let ticketId: string | null = null;
    for (const [index, { act, afterMs }] of script.entries()) {
      await sleep(clock, afterMs);
      ticketId ??= await ticketOf(activationId);
      if (ticketId === null) return;
      const { move, body } = requests[act];
      const path = `/tickets/${ticketId}/${move}`;
      const key = `technician-${ticketId}-${index}`;
      const answer = await retryUntilAnswered(clock, () => client.send('POST', path, { by, ...body }, key));
      deps.onAct({
        ticketId,
        act,
        at: clock.now(),
        status: answer.status,
        problem: saidProblem(answer.body),
      });
    }
  }

  return {
    /** An activation has been saved: where it has failed, its ticket is open. */
    look(before: Activation | null, after: Activation): void {
      // A manual retry that failed goes back to the ticket of what it retried.
      if (after.phase !== 'failed' || before?.phase === 'failed' || after.origin === 'support') return;
      const script = deps.scriptOf(after);
      if (script.length === 0) return;
      busy += 1;
      void work(after.id, script).finally(() => {
        busy -= 1;
      });
    },
    isBusy: () => busy > 0,
  };
}
