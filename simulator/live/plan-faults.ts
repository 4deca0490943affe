import { wallClock } from '../../shared/live/clock.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { type ChannelGates, channelCounts, channelGates } from '../faults/channel-gates.ts';
import type { Evidence } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import { type LiveServiceFaults, serviceFaults } from './service-faults.ts';

/** Faults of a plan at the services of a live run: API IoT, payment service, mail server, push service. */
export interface PlanFaults {
  readonly services: LiveServiceFaults;
  readonly channels: ChannelGates;
  /** The first moment of the workload is now. */
  begin(): void;
  clear(): void;
  /** What they did so far. */
  counts(): Pick<Evidence, 'httpFaults' | 'paymentsFaults' | 'platformFaults' | 'channelFaults'>;
}

/** Creates the faults that the plan's own seed draws; none of them has begun. */
export function planFaults(plan: Plan): PlanFaults {
  const services = serviceFaults(seededRandom(plan.faultSeed), plan);
  const channels = channelGates(
    { clock: wallClock, random: seededRandom(plan.faultSeed).stream('channels') },
    plan.channelFaults ?? [],
  );
  const all = [services, channels.mail, channels.push];
  return {
    services,
    channels,
    begin() {
      for (const one of all) one.begin();
    },
    clear() {
      for (const one of all) one.clear();
    },
    counts: () => ({
      httpFaults: services.apiIot.counts(),
      paymentsFaults: services.payments.counts(),
      ...(plan.platformFaults ? { platformFaults: services.platform.counts() } : {}),
      channelFaults: channelCounts(channels),
    }),
  };
}
