import { wallClock } from '../../shared/live/clock.ts';
import type { Random } from '../../shared/ports/random.ts';
import { type HttpFaults, httpFaults, paymentsAnswer } from '../faults/http-faults.ts';
import type { Plan } from '../scenarios/plan.ts';

/** Faults of the HTTP services of a run. */
export interface LiveServiceFaults {
  readonly apiIot: HttpFaults;
  readonly payments: HttpFaults;
  readonly platform: HttpFaults;
  /** The workload begins: a plan's faults act from now on, so that no registration before it meets them. */
  begin(): void;
  clear(): void;
}

/** Creates the faults of the services; the starter of the services puts `around` in front of their handlers. */
export function serviceFaults(
  random: Random,
  plan: Partial<Pick<Plan, 'apiIotFaults' | 'paymentsFaults' | 'platformFaults'>> = {},
): LiveServiceFaults {
  const { apiIotFaults = [], paymentsFaults = [], platformFaults = [] } = plan;
  const apiIot = httpFaults({ clock: wallClock, random });
  const payments = httpFaults({
    clock: wallClock,
    random: random.stream('payments'),
    answer: paymentsAnswer,
  });
  const platform = httpFaults({ clock: wallClock, random: random.stream('platform') });
  return {
    apiIot,
    payments,
    platform,
    begin() {
      apiIot.set(apiIotFaults);
      payments.set(paymentsFaults);
      platform.set(platformFaults);
      for (const service of [apiIot, payments, platform]) service.begin();
    },
    clear() {
      for (const service of [apiIot, payments, platform]) service.clear();
    },
  };
}
