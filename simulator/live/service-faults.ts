import { wallClock } from '../../shared/live/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { type FaultyHttp, faultyHttp, paymentsAnswer } from '../faults/http-faults.ts';

/** Faults between the engine and its services, as a gateway is started with (`disturb`, `disturbPayments`). */
export function serviceFaults(
  random: Random,
  first: { readonly apiIot?: readonly HttpFault[]; readonly payments?: readonly HttpFault[] } = {},
) {
  const made: { apiIot?: FaultyHttp; payments?: FaultyHttp } = {};
  return {
    disturb(http: Http): Http {
      made.apiIot = faultyHttp(http, { clock: wallClock, random }, first.apiIot ?? []);
      return made.apiIot.http;
    },
    disturbPayments(http: Http): Http {
      const deps = { clock: wallClock, random: random.stream('payments'), answer: paymentsAnswer };
      made.payments = faultyHttp(http, deps, first.payments ?? []);
      return made.payments.http;
    },
    /** Once the gateway has started; null where it has no engine. Fault windows count from `begin`. */
    made(): { readonly apiIot: FaultyHttp; readonly payments: FaultyHttp } | null {
      const { apiIot, payments } = made;
      return apiIot && payments ? { apiIot, payments } : null;
    },
  };
}
