/** What can be asked of the faults of a fleet, by the last token of the subject. */
export const faultRequests = ['add', 'list', 'get', 'remove', 'clear', 'preview'] as const;
export type FaultRequest = (typeof faultRequests)[number];

/** The subjects of one fleet, none of which a stream of the gateway keeps. */
export interface FleetSubjects {
  /** `fleetwake.fleet.events.vehicle.connected.{VIN}`; `key` is the VIN, the id of the fault, or `fleet`. */
  event(type: string, key: string): string;
  readonly allEvents: string;
  telemetry(vin: string): string;
  readonly allTelemetry: string;
  fault(request: FaultRequest | string): string;
  /** Answered by the fleet that has these subjects. */
  readonly ping: string;
  readonly allControl: string;
}

/** Returns the subjects under the prefix of an installation. */
export function fleetSubjects(prefix: string): FleetSubjects {
  const root = `${prefix}.fleet`;
  return {
    event: (type, key) => `${root}.events.${type}.${key}`,
    allEvents: `${root}.events.>`,
    telemetry: (vin) => `${root}.telemetry.${vin}`,
    allTelemetry: `${root}.telemetry.*`,
    fault: (request) => `${root}.control.faults.${request}`,
    ping: `${root}.control.ping`,
    allControl: `${root}.control.>`,
  };
}
