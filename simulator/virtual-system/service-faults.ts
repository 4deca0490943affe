import type { Clock } from '../../shared/ports/clock.ts';
import type { VirtualNetwork } from '../../shared/virtual/http.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { type ChannelEffect, channelGates } from '../faults/channel-gates.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { type HttpFaults, httpFaults, paymentsAnswer } from '../faults/http-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import { origins } from './settings.ts';

/** The faults of the services, each to be put in front of its service. */
export function serviceFaults(plan: Plan, clock: Clock) {
  const random = seededRandom(plan.faultSeed);
  const { apiIotFaults, paymentsFaults = [], platformFaults = [], channelFaults = [] } = plan;
  const apiIot = httpFaults({ clock, random }, apiIotFaults);
  const payments = httpFaults(
    { clock, random: random.stream('payments'), answer: paymentsAnswer },
    paymentsFaults,
  );
  const platform = httpFaults({ clock, random: random.stream('platform') }, platformFaults);
  const channels = channelGates({ clock, random: random.stream('channels') }, channelFaults);
  const fronts: readonly (readonly [string, HttpFaults, readonly HttpFault[]])[] = [
    [origins.apiIot, apiIot, apiIotFaults],
    [origins.payments, payments, paymentsFaults],
    [origins.platform, platform, platformFaults],
  ];
  const all = [apiIot, payments, platform, channels.mail, channels.push];
  return {
    apiIot,
    payments,
    platform,
    channels,
    /** What meets a message to this address or endpoint. */
    notification: (channel: 'email' | 'push', to: string): ChannelEffect | null =>
      channels[channel === 'email' ? 'mail' : 'push'].meets(to),
    /** Puts the faults in front of the services; one without faults is left as it is. */
    install(network: Pick<VirtualNetwork, 'front'>): void {
      for (const [origin, { around }, faults] of fronts) if (faults.length > 0) network.front(origin, around);
    },
    begin(): void {
      for (const service of all) service.begin();
    },
    clear(): void {
      for (const service of all) service.clear();
    },
    /** How often the faults of each name have struck, over all services. */
    countsByName(): Readonly<Record<string, number>> {
      const counts: Record<string, number> = {};
      for (const service of all)
        for (const [name, times] of Object.entries(service.countsByName()))
          counts[name] = (counts[name] ?? 0) + times;
      return counts;
    },
  };
}
