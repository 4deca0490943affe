import { compressedCallbackRetry } from '../../gateway/time-scale.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { VirtualBroker } from '../../shared/virtual/device-link.ts';
import type { VirtualStream } from '../../shared/virtual/process-bus.ts';
import { lastsMs, type PartFault, strikesOf } from '../scenarios/part-fault.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { gatewayProcesses } from './gateway-processes.ts';

/** The components that can fail. */
export interface FaultyComponents {
  readonly clock: Clock;
  readonly stream: VirtualStream;
  readonly broker: VirtualBroker;
  readonly gateway: Pick<ReturnType<typeof gatewayProcesses>, 'crash'>;
}

/** Applies each fault at its moments, counted from `begin`. */
export function componentFaults(faults: readonly PartFault[], parts: FaultyComponents): { begin(): void } {
  return {
    begin() {
      for (const fault of faults) {
        for (const atMs of strikesOf(fault)) parts.clock.setTimer(atMs, () => strike(fault, parts));
      }
    },
  };
}

function strike(fault: PartFault, { clock, stream, broker, gateway }: FaultyComponents): void {
  switch (fault.type) {
    case 'nats_wiped':
      stream.wipe();
      break;
    case 'nats_down':
      stream.setDown(true);
      clock.setTimer(fault.attributes.forMs, () => stream.setDown(false));
      break;
    case 'broker_restart': {
      const { keepsSessions, forMs } = fault.attributes;
      broker.restart({ keepsSessions, downMs: forMs });
      break;
    }
    case 'gateway_crash': {
      const { process, forMs } = fault.attributes;
      gateway.crash(process === 'platform' ? 'platform' : 'api_iot', forMs);
      break;
    }
    default:
      fault satisfies never;
  }
}

const newsDefaultMs = 1_000;

/** News of a refusal waits for whoever is away, and for the next try of its callback. */
export function newsMsOf({ partFaults = [], timeScale }: Plan): number {
  const awayMs = partFaults.reduce((sum, fault) => sum + strikesOf(fault).length * lastsMs(fault), 0);
  return partFaults.length === 0
    ? newsDefaultMs
    : newsDefaultMs + awayMs + 2 * compressedCallbackRetry(timeScale).maxDelayMs;
}
