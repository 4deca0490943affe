import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { ActionAnswer, PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedAction } from '../scenarios/planned-action.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';
import { saidProblem } from './purchase.ts';
import { type Patience, retryWithin } from './retry-until-answered.ts';
import type { RunContext } from './run-context.ts';

/** People who act after their purchases. */
interface Actors {
  /** Of customers, who cancel, and of dealers, who register a vehicle for its next owner. */
  readonly customer: ApiClient;
  readonly technician: ApiClient;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly vehicles: readonly { readonly vin: string; readonly model: Pick<VehicleModel, 'id' | 'name'> }[];
}

/** Returns what a run needs for the actions of its plan; nothing where it has none. */
export function actionsOf(plan: Plan, actors: Actors): Pick<RunContext, 'startActions'> {
  if (plan.actions === undefined) return {};
  return { startActions: (bought, startedAt) => startPlannedActions(actors, plan, startedAt, bought) };
}

/** Does what the plan says of each purchase, at its time and not before the purchase has been answered. */
function startPlannedActions(
  actors: Actors,
  plan: Plan,
  startedAt: number,
  bought: readonly Promise<PurchaseAnswer>[],
) {
  const { actions = [] } = plan;
  const answers: ActionAnswer[] = [];
  let open = actions.length;
  for (const action of actions) {
    void act(actors, plan, startedAt, bought, action)
      .then((answer) => answers.push({ ...answer, do: action.do, purchase: action.purchase }))
      .finally(() => {
        open -= 1;
      });
  }
  return {
    isOver: () => open === 0,
    answers: (): readonly ActionAnswer[] => answers,
  };
}

type Answer = Pick<ActionAnswer, 'at' | 'status' | 'problem'>;

async function act(
  actors: Actors,
  plan: Plan,
  startedAt: number,
  bought: readonly Promise<PurchaseAnswer>[],
  action: PlannedAction,
): Promise<Answer> {
  const { clock, patience } = actors;
  await sleep(clock, startedAt + action.atMs - clock.now());
  const index = plan.purchases.findIndex(({ id }) => id === action.purchase);
  const purchaseId = (await bought[index])?.purchaseId;
  const planned = plan.purchases[index];
  if (purchaseId == null || planned === undefined)
    return { at: clock.now(), status: null, problem: 'no-purchase' };
  switch (action.do) {
    case 'renew':
      // The renewal is a purchase of the plan.
      return { at: clock.now(), status: null, problem: null };
    case 'cancel':
      return answered(actors, () => actors.customer.send('POST', `/purchases/${purchaseId}/cancel`, {}));
    case 'transfer': {
      const model = actors.vehicles.find(({ vin }) => vin === planned.vin)?.model;
      const body = { model: model?.id, modelName: model?.name, customerId: action.to };
      return answered(actors, () => actors.customer.send('PUT', `/vehicles/${planned.vin}`, body));
    }
    case 'ticket': {
      const ticketId = await retryWithin(clock, patience, () =>
        actors.technician.get('/tickets?limit=100'),
      ).then((page) => ticketOf(page, purchaseId));
      if (ticketId === null) return { at: clock.now(), status: null, problem: 'no-ticket' };
      const { move, body } = requestOf(action.act);
      const key = `${plan.scenario}-${plan.seed}-${action.purchase}-${action.act}-${action.atMs}`;
      return answered(actors, () =>
        actors.technician.send('POST', `/tickets/${ticketId}/${move}`, body, key),
      );
    }
    default:
      return action satisfies never;
  }
}

async function answered({ clock, patience }: Actors, ask: () => Promise<ApiAnswer>): Promise<Answer> {
  const answer = await retryWithin(clock, patience, ask);
  return { at: clock.now(), status: answer?.status ?? null, problem: saidProblem(answer?.body) };
}

function ticketOf(page: ApiAnswer | null, purchaseId: string): string | null {
  const { tickets = [] } = (page?.body ?? {}) as {
    readonly tickets?: readonly { readonly id: string; readonly purchaseId: string | null }[];
  };
  return tickets.find((ticket) => ticket.purchaseId === purchaseId)?.id ?? null;
}

const by = 'technician-1';

function requestOf(act: Extract<PlannedAction, { do: 'ticket' }>['act']) {
  return act === 'manual_activation'
    ? { move: 'resolve', body: { by, resolution: act } }
    : { move: act, body: { by } };
}
