import type { Clock } from '../../shared/ports/clock.ts';
import { type ComponentFault, type GatewayProcess, isCrashPoint, strikesOf } from './component-fault.ts';
import { crashPoints, type ProcessStep } from './crash-points.ts';

/** The components that can fail, in either environment. */
export interface FaultyComponents {
  readonly clock: Clock;
  readonly nats: { setDown(isDown: boolean): void; wipe(): void };
  readonly broker: {
    restart(how: { readonly keepsSessions: boolean; readonly downMs: number }): void;
  };
  readonly gateway: {
    /** Kills the process and starts it `downMs` later; `at` is the step at which it dies. */
    crash(process: GatewayProcess, downMs: number, at?: ProcessStep): void;
    /** Stops the process as on a signal and starts it `downMs` later. */
    restart(process: GatewayProcess, downMs: number): void;
  };
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

export interface ComponentFaults {
  /** The first moment of the workload is now. */
  begin(): void;
  /** From now on nothing fails; NATS is back. */
  end(): void;
  /** Whether a process is still to die at a step. */
  isPending(): boolean;
  /** Notes a step of a process; returns true when the process dies at it. */
  step(step: ProcessStep): boolean;
}

/** Lets components fail: at moments counted from `begin`, and at steps of their processes. */
export function componentFaults(
  faults: readonly ComponentFault[],
  components: FaultyComponents,
  watch: ComponentFaultWatch = {},
): ComponentFaults {
  const { clock, nats, gateway } = components;
  const points = crashPoints(faults.filter(isCrashPoint));
  let hasEnded: boolean = false;

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
            unlessEnded(fault, 'ends', () => nats.setDown(false)),
          );
        }
      }
    },
    end() {
      hasEnded = true;
      nats.setDown(false);
    },
    isPending: () => !hasEnded && !points.areSpent(),
    step(step) {
      if (hasEnded) return false;
      watch.onStep?.(step);
      const downMs = points.downMs(step);
      if (downMs === null) return false;
      watch.onCrash?.(step);
      gateway.crash(step.process, downMs, step);
      return true;
    },
  };
}

function apply(fault: ComponentFault, { nats, broker, gateway }: FaultyComponents): void {
  switch (fault.type) {
    case 'nats_wiped':
      nats.wipe();
      break;
    case 'nats_down':
      nats.setDown(true);
      break;
    case 'broker_restart': {
      const { keepsSessions, forMs } = fault.attributes;
      broker.restart({ keepsSessions, downMs: forMs });
      break;
    }
    case 'gateway_crash':
      gateway.crash(fault.attributes.process, fault.attributes.forMs);
      break;
    case 'gateway_stop':
      gateway.restart(fault.attributes.process, fault.attributes.forMs);
      break;
    case 'crash_at_call':
    case 'crash_at_step':
      break;
    default:
      fault satisfies never;
  }
}
