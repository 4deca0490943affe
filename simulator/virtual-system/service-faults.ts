import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { channelGates } from '../faults/channel-gates.ts';
import { type FaultyHttp, faultyHttp, paymentsAnswer } from '../faults/http-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import { origins } from './settings.ts';

/** Faults of the services, and the engine's HTTP clients with them, for each of its starts. */
export function serviceFaults(plan: Plan, clock: Clock) {
  const random = seededRandom(plan.faultSeed);
  /** A fault outlives the process whose requests it meets: it is the network's. */
  const senders = new WeakMap<Request, Http>();
  const passOn: Http = (request) => {
    const sender = senders.get(request);
    if (!sender) throw new TransportError('refused', 'nobody sent it', false);
    return sender(request);
  };
  const apiIot = faultyHttp(passOn, { clock, random }, plan.apiIotFaults);
  const payments = faultyHttp(
    passOn,
    { clock, random: random.stream('payments'), answer: paymentsAnswer },
    plan.paymentsFaults ?? [],
  );
  const byOrigin: Readonly<Record<string, FaultyHttp>> = {
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
      (request) => {
        const faulty = byOrigin[new URL(request.url).origin];
        if (!faulty) return http(request);
        senders.set(request, http);
        return faulty.http(request);
      },
  };
}
