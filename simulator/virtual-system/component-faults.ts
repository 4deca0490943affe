import type { Clock } from '../../shared/ports/clock.ts';
import type { VirtualBroker } from '../../shared/virtual/device-link.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualStream } from '../../shared/virtual/process-bus.ts';
import {
  type ComponentFault,
  gatewayProcesses as gatewayProcessNames,
  isCrashPoint,
} from '../faults/component-fault.ts';
import {
  type ComponentFaults,
  type ComponentFaultWatch,
  componentFaults,
} from '../faults/component-faults.ts';
import type { gatewayProcesses } from './gateway-processes.ts';

/** The parts of a virtual system that can fail. */
interface FaultyParts {
  readonly loop: VirtualLoop;
  readonly clock: Clock;
  readonly stream: VirtualStream;
  readonly broker: VirtualBroker;
  readonly gateway: Pick<ReturnType<typeof gatewayProcesses>, 'crash' | 'restart' | 'processNameOf'>;
}

const processNames = { platform: 'platform', 'api-iot': 'api_iot' } as const;

/** Lets components of a virtual system fail: at moments counted from `begin`, and at steps of their processes. */
export function virtualComponentFaults(
  faults: readonly ComponentFault[],
  { loop, clock, stream, broker, gateway }: FaultyParts,
  watch: ComponentFaultWatch = {},
): ComponentFaults {
  const components = componentFaults(
    faults,
    {
      clock,
      nats: stream,
      broker,
      gateway: {
        crash: (process, downMs, at) =>
          void gateway.crash(
            processNames[process],
            downMs,
            at ? { step: at.number, label: `${at.phase} ${at.label}` } : {},
          ),
        restart: (process, downMs) => void gateway.restart(processNames[process], downMs),
      },
    },
    watch,
  );
  const processOf = (name: string) =>
    gatewayProcessNames.find((process) => gateway.processNameOf(processNames[process]) === name) ?? null;
  if (watch.onStep || faults.some(isCrashPoint)) {
    loop.onStep(({ process: { name, isAlive }, number, label, phase }) => {
      const process = isAlive ? processOf(name) : null;
      if (process !== null) components.step({ process, number, label, phase });
    });
  }
  return components;
}
