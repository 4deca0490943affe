import { parseTopic } from '../../shared/protocol/topics.ts';

/** Who a connection belongs to, once its credential was checked. */
export type Principal =
  | { readonly role: 'vehicle'; readonly vin: string }
  /** The API IoT. */
  | { readonly role: 'service' }
  /** Reads everything and writes nothing: for checkers and operators. */
  | { readonly role: 'monitor' };

interface Publication {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** Who may do what. Each answer is null for yes, and for no the reason that is counted and logged. */
export interface Access {
  refuseClientId(principal: Principal, clientId: string, cleanSession: boolean): string | null;
  refusePublish(principal: Principal, message: Publication): string | null;
  /** Asked when the connection has died: a will that is refused is not published. */
  refuseWill(principal: Principal, clientId: string, will: Publication): string | null;
  refuseSubscribe(principal: Principal, filter: string): string | null;
  /** A second look at delivery, so that a subscription kept from older rules opens nothing. */
  refuseReceive(principal: Principal, topic: string): string | null;
}

/**
 * The rules of the fleet. docs/mosquitto/acl.conf says the same in Mosquitto's words, as far as it can.
 */
export const fleetAccess: Access = {
  refuseClientId,
  refusePublish,
  refuseWill,
  refuseSubscribe,
  refuseReceive,
};

function refuseClientId(principal: Principal, clientId: string, cleanSession: boolean): string | null {
  // A session belongs to its client id: no account may take over the waiting messages of another one.
  const own = principal.role === 'vehicle' ? `vehicle-${principal.vin}` : clientPrefix[principal.role];
  if (clientId === own) return null;
  // One vehicle, one kept session: further connections of it leave nothing behind.
  const isFurther = clientId.startsWith(`${own}-`) && (cleanSession || principal.role !== 'vehicle');
  return isFurther ? null : 'client_id';
}

const clientPrefix = { service: 'api-iot', monitor: 'monitor' } as const;

function refusePublish(principal: Principal, message: Publication): string | null {
  if (message.qos === 2) return 'qos_2';
  const parsed = parseTopic(message.topic);
  if (principal.role === 'service') {
    if (parsed?.channel !== 'configure') return 'topic';
    return message.qos === 1 && !message.retain ? null : 'quality';
  }
  if (principal.role !== 'vehicle' || parsed?.vin !== principal.vin) return 'topic';
  switch (parsed.channel) {
    // Kept by the broker, so that a newcomer sees who is online.
    case 'status':
      return message.qos === 1 && message.retain ? null : 'quality';
    // A kept result would be delivered again to every newcomer, as if it were new.
    case 'result':
      return message.qos === 1 && !message.retain ? null : 'quality';
    case 'telemetry':
      return message.retain ? 'quality' : null;
    case 'configure':
      return 'topic';
    default:
      return parsed.channel satisfies never;
  }
}

/** Presence follows a vehicle's main session: the end of a further one says nothing about the vehicle. */
function refuseWill(principal: Principal, clientId: string, will: Publication): string | null {
  if (principal.role !== 'vehicle' || clientId === `vehicle-${principal.vin}`) return null;
  return parseTopic(will.topic)?.channel === 'status' ? 'will_of_further_session' : null;
}

function refuseSubscribe(principal: Principal, filter: string): string | null {
  switch (principal.role) {
    case 'vehicle':
      return filter.startsWith(`vehicles/${principal.vin}/cmd/`) ? null : 'filter';
    case 'service': {
      const [root, , ...rest] = filter.split('/');
      return root === 'vehicles' && serviceReads.has(rest.join('/')) ? null : 'filter';
    }
    case 'monitor':
      return filter.startsWith('vehicles/') ? null : 'filter';
    default:
      return principal satisfies never;
  }
}

const serviceReads: ReadonlySet<string> = new Set([
  'evt/result',
  'evt/status',
  'evt/#',
  'evt/+',
  'telemetry',
]);

function refuseReceive(principal: Principal, topic: string): string | null {
  if (principal.role === 'vehicle') {
    return topic.startsWith(`vehicles/${principal.vin}/cmd/`) ? null : 'filter';
  }
  return topic.startsWith('vehicles/') ? null : 'filter';
}
