import { wallClock } from '../../shared/live/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { type HttpFaults, httpFaults, paymentsAnswer } from '../faults/http-faults.ts';
import type { Plan } from '../scenarios/plan.ts';

/** Faults of the HTTP services that a gateway, or an engine of the user's own, calls. */
export interface LiveServiceFaults {
  readonly apiIot: HttpFaults;
  readonly payments: HttpFaults;
  /** The workload begins: a plan's faults act from now on, so that no registration before it meets them. */
  begin(): void;
  clear(): void;
}

/** Creates the faults of both services; the starter of the services puts `around` in front of their handlers. */
export function serviceFaults(
  random: Random,
  plan: Partial<Pick<Plan, 'apiIotFaults' | 'paymentsFaults'>> = {},
): LiveServiceFaults {
  const { apiIotFaults = [], paymentsFaults = [] } = plan;
  const apiIot = httpFaults({ clock: wallClock, random });
  const payments = httpFaults({
    clock: wallClock,
    random: random.stream('payments'),
    answer: paymentsAnswer,
  });
  return {
    apiIot,
    payments,
    begin() {
      apiIot.set(apiIotFaults);
      payments.set(paymentsFaults);
      apiIot.begin();
      payments.begin();
    },
    clear() {
      apiIot.clear();
      payments.clear();
    },
  };
}
