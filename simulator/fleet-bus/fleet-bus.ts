import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Answering, Messenger } from '../../shared/ports/messenger.ts';
import { fleetSubjects } from '../../shared/protocol/fleet-subjects.ts';
import type { FaultDesk } from '../control/fault-desk.ts';
import { faultOperations } from '../control/fault-operations.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { type EventPublisher, eventPublisher } from './event-publisher.ts';
import { faultRequestHandler } from './fault-requests.ts';

export interface FleetBusDeps {
  readonly messenger: Messenger;
  /** Of the installation; the first token of each subject. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Begins the id of each event; no other start of a fleet has the same. */
  readonly startId: string;
  readonly hasTelemetry: boolean;
}

/** A fleet at NATS: publishes what happens in it, and answers requests to the control of its faults. */
export interface FleetBus extends EventPublisher {
  /** Answers requests from now on, unless another fleet answers those of this prefix. */
  serve(fleet: Pick<Fleet, 'states'>, desk: FaultDesk): Promise<Answering>;
  /** Logs what was dropped, and ends the connection. */
  stop(): Promise<void>;
}

export function fleetBus({ messenger, prefix, clock, log, startId, hasTelemetry }: FleetBusDeps): FleetBus {
  const subjects = fleetSubjects(prefix);
  const publisher = eventPublisher({ messenger, subjects, clock, log, startId, hasTelemetry });
  return {
    ...publisher,
    serve(fleet, desk) {
      const vehicles = () => {
        const states = fleet.states();
        return {
          vehicles: states.length,
          connected: states.filter(({ connected }) => connected).length,
        };
      };
      const operations = faultOperations(desk);
      const handle = faultRequestHandler({ subjects, operations, vehicles, clock, log });
      return messenger.answer({ subject: subjects.allControl, ping: subjects.ping }, handle);
    },
    async stop() {
      const { published, dropped } = publisher.counts();
      if (dropped > 0) log.warn('fleet_bus.stopped', { published, dropped });
      await messenger.close();
    },
  };
}
