import { insist } from './insist.ts';
import { vinOf } from './plan-of-schedule.ts';
import type { Schedule } from './schedule.ts';
import type { Stage } from './stage.ts';

/** Sets the timers of all faults that a test case gives a moment; crashes happen at steps instead (crashes.ts). */
export function scheduleFaults(stage: Stage, { world }: Schedule): void {
  const { clock, trace } = stage;
  const at = (ms: number, name: string, fields: Record<string, unknown>, act: () => void) =>
    clock.setTimer(ms, () => {
      if (stage.book.isHealed) return;
      trace.record('world', name, fields);
      act();
    });
  for (const fault of world) {
    switch (fault.type) {
      case 'cut': {
        const { vehicle, fromMs, forMs } = fault;
        at(fromMs, 'link cut', { vehicle, forMs }, () => stage.cars.cut(vinOf(vehicle), forMs));
        break;
      }
      case 'restart':
        at(fault.atMs, 'vehicle restarts', { vehicle: fault.vehicle }, () =>
          stage.cars.restart(vinOf(fault.vehicle)),
        );
        break;
      case 'stop': {
        const { process, downMs } = fault;
        at(fault.atMs, 'stops', { process, downMs }, () => void stage.gateway.restart(process, downMs));
        break;
      }
      case 'registered_again': {
        const { vehicle, model } = fault;
        at(
          fault.atMs,
          'registered again',
          { vehicle, model },
          () => void registerAgain(stage, vehicle, model),
        );
        break;
      }
      case 'nats_wiped':
        at(fault.atMs, 'NATS wiped', {}, () => stage.stream.wipe());
        break;
      case 'broker_restarted':
        at(fault.atMs, 'broker restarted', { forgets: fault.forgets }, () =>
          stage.broker.restart({ keepsSessions: !fault.forgets }),
        );
        break;
      case 'down':
        at(fault.fromMs, 'down', { service: fault.service, forMs: fault.forMs }, () => {
          if (fault.service === 'nats') stage.stream.setDown(true);
        });
        at(fault.fromMs + fault.forMs, 'up', { service: fault.service }, () => {
          if (fault.service === 'nats') stage.stream.setDown(false);
        });
        break;
      case 'crash':
      case 'crash_at':
        break;
      default:
        fault satisfies never;
    }
  }
}

async function registerAgain(stage: Stage, vehicle: number, model: string): Promise<void> {
  const { registrations } = stage;
  const vin = vinOf(vehicle);
  const { client, clock } = stage.apiUser('customer');
  const body = { model, modelName: model, customerId: `customer-${vehicle + 1}` };
  registrations.begin(vin, model);
  const { status } = await insist(clock, () => client.send('PUT', `/vehicles/${vin}`, body));
  stage.trace.record('customer', 'registered again', { vin, model, status });
  registrations.settle(vin, stage.loop.now());
}

/** The last moment at which a fault of the world begins or ends; a crash has none that is known before. */
export function endOfFault(fault: Schedule['world'][number]): number {
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
