import { wallClock } from '../../shared/live/clock.ts';
import { systemRandom } from '../../shared/live/random.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { ServiceFaults } from '../control/fault-desk.ts';
import { type ChannelGates, channelGates } from '../faults/channel-gates.ts';
import { type FaultyHttp, faultyHttp, paymentsAnswer } from '../faults/http-faults.ts';

/** Room for faults between the gateway and its services, none at first: what a gateway and its stand-ins are started with. */
export function serviceFaults() {
  const made: { apiIot?: FaultyHttp; payments?: FaultyHttp } = {};
  const random = systemRandom;
  const channels: ChannelGates = channelGates({ clock: wallClock, random }, []);
  return {
    channels,
    apiIot(http: Http): Http {
      made.apiIot = faultyHttp(http, { clock: wallClock, random }, []);
      return made.apiIot.http;
    },
    payments(http: Http): Http {
      made.payments = faultyHttp(http, { clock: wallClock, random, answer: paymentsAnswer }, []);
      return made.payments.http;
    },
    /** From now on faults may come; null where the gateway has no engine. `mail` is null where the mail goes elsewhere. */
    begin({ isMailOurs }: { readonly isMailOurs: boolean }): ServiceFaults | null {
      if (!made.apiIot || !made.payments) return null;
      made.apiIot.begin();
      made.payments.begin();
      channels.mail.begin();
      channels.push.begin();
      const { mail, push } = channels;
      return { api_iot: made.apiIot, payments: made.payments, mail: isMailOurs ? mail : null, push };
    },
  };
}
