import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Messenger } from '../../shared/ports/messenger.ts';
import { cloudEventText } from '../../shared/protocol/cloud-event.ts';
import type { FleetSubjects } from '../../shared/protocol/fleet-subjects.ts';
import type { ObserveFaults } from '../control/fault-desk.ts';
import { faultView } from '../control/fault-operations.ts';
import type { ObserveFleet } from '../fleet/fleet-events.ts';

export interface PublisherDeps {
  readonly messenger: Pick<Messenger, 'publish' | 'problem'>;
  readonly subjects: FleetSubjects;
  readonly clock: Clock;
  readonly log: Log;
  /** Begins the id of each event; no other start of a fleet has the same. */
  readonly startId: string;
  /** Whether telemetry is published as well. */
  readonly hasTelemetry: boolean;
}

/** Publishes what happens in a fleet as CloudEvents. Never waits: what the messenger does not take is dropped and counted. */
export interface EventPublisher {
  readonly observeFleet: ObserveFleet;
  readonly observeFaults: ObserveFaults;
  counts(): { readonly published: number; readonly dropped: number };
}

const source = '/fleetwake/fleet';

export function eventPublisher(deps: PublisherDeps): EventPublisher {
  const { messenger, subjects, clock, log, startId, hasTelemetry } = deps;
  let number = 0;
  let published = 0;
  let dropped = 0;
  /** Since the last event that was published. */
  let gap = 0;

  function send(
    subject: string,
    event: { readonly type: string; readonly subject: string; readonly traceparent?: string | undefined },
    data: object,
  ): boolean {
    number += 1;
    const id = `${startId}-${number}`;
    const isSent = messenger.publish(
      subject,
      cloudEventText({ id, source, at: clock.now(), ...event, data }),
    );
    if (isSent) published += 1;
    return isSent;
  }

  /** Tells the listeners of events that they did not get. */
  function tellGap(): boolean {
    const event = { type: 'events.dropped', subject: 'fleet' };
    if (!send(subjects.event(event.type, event.subject), event, { count: gap })) return false;
    log.info('fleet_bus.publishing_resumed', { dropped: gap });
    gap = 0;
    return true;
  }

  function publish(...event: Parameters<typeof send>): void {
    if ((gap === 0 || tellGap()) && send(...event)) return;
    dropped += 1;
    gap += 1;
    if (gap === 1) log.warn('fleet_bus.events_dropped', { reason: messenger.problem() });
  }

  return {
    observeFleet({ type, data: { vin, ...rest } }) {
      if (type === 'telemetry.reported') {
        if (hasTelemetry) publish(subjects.telemetry(vin), { type, subject: vin }, { vin, ...rest });
        return;
      }
      const { traceparent, ...data } = rest as { readonly traceparent?: string };
      publish(subjects.event(type, vin), { type, subject: vin, traceparent }, { vin, ...data });
    },
    observeFaults(type, fault) {
      publish(subjects.event(type, fault.id), { type, subject: fault.id }, faultView(fault));
    },
    counts: () => ({ published, dropped }),
  };
}
