import type { Clock } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { channelGates } from '../faults/channel-gates.ts';
import { type HttpFaults, httpFaults, paymentsAnswer } from '../faults/http-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import { origins } from './settings.ts';

/**
 * Returns the faults of the services, and the engine's HTTP clients with them, for each of its starts. At the services' side of
 * the virtual network the faults would change the latencies that every seed draws.
 */
export function serviceFaults(plan: Plan, clock: Clock) {
  const random = seededRandom(plan.faultSeed);
  const apiIot = httpFaults({ clock, random }, plan.apiIotFaults);
  const payments = httpFaults(
    { clock, random: random.stream('payments'), answer: paymentsAnswer },
    plan.paymentsFaults ?? [],
  );
  const byOrigin: Readonly<Record<string, HttpFaults>> = {
    [origins.apiIot]: apiIot,
    [origins.payments]: payments,
  };
  return {
    apiIot,
    payments,
    channels: channelGates({ clock, random: random.stream('channels') }, plan.channelFaults ?? []),
    /** The way out of one process. */
    wayOf:
      (http: Http): Http =>
      (request) =>
        (byOrigin[new URL(request.url).origin]?.around(http) ?? http)(request),
  };
}
