import { compressedCallbackRetry } from '../../gateway/time-scale.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { VirtualBroker } from '../../shared/virtual/device-link.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualStream } from '../../shared/virtual/process-bus.ts';
import {
  type ComponentFault,
  type GatewayProcess,
  gatewayProcesses as gatewayProcessNames,
  isCrashPoint,
  lastsMs,
  strikesOf,
} from '../faults/component-fault.ts';
import { crashPoints, type ProcessStep } from '../faults/crash-points.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { gatewayProcesses } from './gateway-processes.ts';

/** The components that can fail. */
export interface FaultyComponents {
  readonly loop: VirtualLoop;
  readonly clock: Clock;
  readonly stream: VirtualStream;
  readonly broker: VirtualBroker;
  readonly gateway: Pick<ReturnType<typeof gatewayProcesses>, 'crash' | 'restart'>;
}

/** What may watch component faults. */
export interface ComponentFaultWatch {
  /** Called before a fault takes effect, and when NATS is back. */
  readonly onFault?: (fault: ComponentFault, event: 'begins' | 'ends') => void;
  /** Called at each step of a process of the gateway. */
  readonly onStep?: (step: ProcessStep) => void;
  /** Called before a process dies at a step. */
  readonly onCrash?: (step: ProcessStep) => void;
}

const processNames = { platform: 'platform', 'api-iot': 'api_iot' } as const;

/** Lets components fail: at moments counted from `begin`, and at steps of their processes. After `end` nothing fails any more. */
export function componentFaults(
  faults: readonly ComponentFault[],
  components: FaultyComponents,
  watch: ComponentFaultWatch = {},
): { begin(): void; end(): void } {
  const { loop, clock, stream, gateway } = components;
  const points = crashPoints(faults.filter(isCrashPoint));
  let hasEnded: boolean = false;

  if (watch.onStep || faults.some(isCrashPoint)) {
    loop.onStep(({ process: { name, isAlive }, number, label, phase }) => {
      const process = gatewayProcessOf(name);
      if (hasEnded || !isAlive || process === null) return;
      const step = { process, number, label, phase };
      watch.onStep?.(step);
      const downMs = points.downMs(step);
      if (downMs === null) return;
      watch.onCrash?.(step);
      gateway.crash(processNames[process], downMs, { step: number, label: `${phase} ${label}` });
    });
  }

  const unlessEnded = (fault: ComponentFault, event: 'begins' | 'ends', act: () => void) => () => {
    if (hasEnded) return;
    watch.onFault?.(fault, event);
    act();
  };

  return {
    begin() {
      for (const fault of faults) {
        for (const atMs of strikesOf(fault)) {
          clock.setTimer(
            atMs,
            unlessEnded(fault, 'begins', () => apply(fault, components)),
          );
          if (fault.type !== 'nats_down') continue;
          clock.setTimer(
            atMs + fault.attributes.forMs,
            unlessEnded(fault, 'ends', () => stream.setDown(false)),
          );
        }
      }
    },
    end() {
      hasEnded = true;
      stream.setDown(false);
    },
  };
}

function gatewayProcessOf(name: string): GatewayProcess | null {
  return gatewayProcessNames.find((process) => processNames[process] === name) ?? null;
}

function apply(fault: ComponentFault, { stream, broker, gateway }: FaultyComponents): void {
  switch (fault.type) {
    case 'nats_wiped':
      stream.wipe();
      break;
    case 'nats_down':
      stream.setDown(true);
      break;
    case 'broker_restart': {
      const { keepsSessions, forMs } = fault.attributes;
      broker.restart({ keepsSessions, downMs: forMs });
      break;
    }
    case 'gateway_crash':
      gateway.crash(processNames[fault.attributes.process], fault.attributes.forMs);
      break;
    case 'gateway_stop':
      void gateway.restart(processNames[fault.attributes.process], fault.attributes.forMs);
      break;
    case 'crash_at_call':
    case 'crash_at_step':
      break;
    default:
      fault satisfies never;
  }
}

const newsDefaultMs = 1_000;

/** A refusal is received late if a process was down, or at the next try of its callback. */
export function newsMsOf({ partFaults = [], timeScale }: Plan): number {
  const awayMs = partFaults.reduce(
    (sum, fault) => sum + Math.max(1, strikesOf(fault).length) * lastsMs(fault),
    0,
  );
  return partFaults.length === 0
    ? newsDefaultMs
    : newsDefaultMs + awayMs + 2 * compressedCallbackRetry(timeScale).maxDelayMs;
}
