import type { DeviceLink, LinkMessage } from '../../shared/ports/device-link.ts';
import { type Hub, type InProcessBroker, InProcessConnection } from './in-process-connection.ts';
import type { Session } from './in-process-session.ts';

/**
 * A `DeviceLink` without a socket, for clients in the broker's own process. The same rules hold as over TCP. What comes
 * by TCP is acknowledged to its publisher once these subscribers have handled it; publishers of this process, which would
 * not outlive them, do not wait.
 */
export function inProcessLink(broker: InProcessBroker) {
  const hub: Hub = { broker, sessions: new Map(), open: new Set(), established: new Set(), up: false };
  const link: DeviceLink = {
    open(options) {
      const connection = new InProcessConnection(hub, options);
      hub.open.add(connection);
      connection.reconnect();
      return connection;
    },
  };

  function* takers(message: LinkMessage): Generator<[Session, LinkMessage]> {
    const live = message.retain ? { ...message, retain: false } : message;
    for (const session of hub.sessions.values()) if (session.matches(message.topic)) yield [session, live];
  }
  const dropped = (session: Session) => broker.log.warn('broker.queue_full', { clientId: session.clientId });

  return {
    link,
    deliver(message: LinkMessage): void {
      for (const [session, live] of takers(message)) if (!session.deliver(live)) dropped(session);
    },
    /** Resolves once every connected subscriber has handled it, and rejects when one could not. */
    async deliverHeld(message: LinkMessage): Promise<void> {
      const held: Promise<void>[] = [];
      for (const [session, live] of takers(message)) {
        held.push(session.deliverHeld(live).then((taken) => (taken ? undefined : dropped(session))));
      }
      if (held.length > 0) await Promise.all(held);
    },
    count: () => hub.established.size,
    /** Ends this vehicle's connections; they dial again with what they have. */
    closeVehicle(vin: string): void {
      for (const connection of [...hub.established]) {
        if (connection.isOf(vin)) connection.lost('the password was replaced');
      }
    },
    /** The broker came up or went away; kept sessions stay, and connections follow it. */
    setUp(value: boolean): void {
      hub.up = value;
      if (value) for (const connection of hub.open) connection.dial();
      else for (const connection of [...hub.established]) connection.lost('the broker stopped');
    },
  };
}
