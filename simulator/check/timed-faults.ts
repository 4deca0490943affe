import { retryUntilAnswered } from '../run/retry-until-answered.ts';
import { vinOf } from './plan-of-test-case.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseSystem } from './test-case-system.ts';

/** Sets the timers of all faults that a test case gives a moment, but for those of components. */
export function scheduleFaults(system: TestCaseSystem, { world }: TestCase): void {
  const { clock, trace } = system;
  const at = (ms: number, name: string, fields: Record<string, unknown>, act: () => void) =>
    clock.setTimer(ms, () => {
      if (system.book.isHealed) return;
      trace.record('world', name, fields);
      act();
    });
  for (const fault of world) {
    switch (fault.type) {
      case 'cut': {
        const { vehicle, fromMs, forMs } = fault;
        at(fromMs, 'link cut', { vehicle, forMs }, () => system.fleet.cut(vinOf(vehicle), forMs));
        break;
      }
      case 'restart':
        at(fault.atMs, 'vehicle restarts', { vehicle: fault.vehicle }, () =>
          system.fleet.restart(vinOf(fault.vehicle)),
        );
        break;
      case 'registered_again': {
        const { vehicle, model } = fault;
        at(
          fault.atMs,
          'registered again',
          { vehicle, model },
          () => void registerAgain(system, vehicle, model),
        );
        break;
      }
      case 'down':
        if (fault.service === 'nats') break;
        at(fault.fromMs, 'down', { service: fault.service, forMs: fault.forMs }, () => {});
        at(fault.fromMs + fault.forMs, 'up', { service: fault.service }, () => {});
        break;
      case 'stop':
      case 'nats_wiped':
      case 'broker_restarted':
      case 'crash':
      case 'crash_at':
        break;
      default:
        fault satisfies never;
    }
  }
}

async function registerAgain(system: TestCaseSystem, vehicle: number, model: string): Promise<void> {
  const { registrations } = system;
  const vin = vinOf(vehicle);
  const { client, clock } = system.apiUser('customer');
  const body = { model, modelName: model, customerId: `customer-${vehicle + 1}` };
  registrations.begin(vin, model);
  const { status } = await retryUntilAnswered(clock, () => client.send('PUT', `/vehicles/${vin}`, body));
  system.trace.record('customer', 'registered again', { vin, model, status });
  registrations.settle(vin, system.loop.now());
}

/** Returns the last moment at which a fault of the environment begins or ends; the moment of a crash is not known before. */
export function endOfFault(fault: TestCase['world'][number]): number {
  switch (fault.type) {
    case 'stop':
      return fault.atMs + fault.downMs;
    case 'cut':
    case 'down':
      return fault.fromMs + fault.forMs;
    case 'crash':
    case 'crash_at':
      return 0;
    default:
      return fault.atMs;
  }
}
