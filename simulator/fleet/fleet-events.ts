import type {
  CommandResult,
  ConfigureCommand,
  ReportedFeature,
  Telemetry,
} from '../../shared/protocol/device-messages.ts';
import type { VehicleMessage } from '../vehicle/event.ts';
import type { Vehicle } from '../vehicle/vehicle.ts';
import type { VehicleSpec } from './make-fleet.ts';

interface OfCommand {
  readonly commandId: string;
  readonly traceparent?: string | undefined;
}

/** Something that happened to a vehicle, as the vehicle itself knows it: what reached the cloud is another matter. */
export type FleetEvent =
  | {
      readonly type: 'vehicle.connected' | 'vehicle.disconnected';
      readonly data: { readonly vin: string; readonly model: string; readonly region: string };
    }
  | {
      readonly type: 'command.received';
      readonly data: OfCommand & { readonly vin: string; readonly features: ConfigureCommand['features'] };
    }
  /** Applied: every feature is as the command wants it. Rejected: at least one is not, and its result says why. */
  | {
      readonly type: 'command.applied' | 'command.rejected';
      readonly data: OfCommand & { readonly vin: string; readonly results: CommandResult['results'] };
    }
  | {
      readonly type: 'feature.changed';
      readonly data: ReportedFeature & {
        readonly vin: string;
        readonly before: Pick<ReportedFeature, 'state' | 'version'>;
      };
    }
  | { readonly type: 'telemetry.reported'; readonly data: Telemetry };

export type ObserveFleet = (event: FleetEvent) => void;

const successes: readonly string[] = ['applied', 'already_active', 'already_dormant'];

/** Turns what happens in one vehicle into events. */
export interface VehicleObserver {
  connected(): void;
  disconnected(): void;
  received(command: ConfigureCommand): void;
  /** A step of the vehicle model, with the messages that it made. */
  stepped(before: Vehicle, after: Vehicle, messages: readonly VehicleMessage[]): void;
}

const silent: VehicleObserver = { connected() {}, disconnected() {}, received() {}, stepped() {} };

export function vehicleObserver(
  observe: ObserveFleet | undefined,
  { vin, model: { id: model }, region }: VehicleSpec,
): VehicleObserver {
  if (observe === undefined) return silent;
  return {
    connected: () => observe({ type: 'vehicle.connected', data: { vin, model, region } }),
    disconnected: () => observe({ type: 'vehicle.disconnected', data: { vin, model, region } }),
    received: ({ id: commandId, features, traceparent }) =>
      observe({ type: 'command.received', data: { vin, commandId, features, traceparent } }),
    stepped(before, after, messages) {
      if (before.features !== after.features) featureChanges(vin, before, after).forEach(observe);
      for (const message of messages) {
        if (message.channel === 'telemetry') observe({ type: 'telemetry.reported', data: message.payload });
        if (message.channel === 'result') observe(resultEvent(vin, message.payload));
      }
    },
  };
}

function featureChanges(vin: string, before: Vehicle, after: Vehicle): FleetEvent[] {
  return after.features.flatMap((feature) => {
    const then = before.features.find((one) => one.feature === feature.feature);
    if (!then || then === feature) return [];
    const { state, version } = then;
    return [{ type: 'feature.changed' as const, data: { vin, ...feature, before: { state, version } } }];
  });
}

function resultEvent(vin: string, { commandId, results, traceparent }: CommandResult): FleetEvent {
  const isApplied = results.every(({ outcome }) => successes.includes(outcome));
  return {
    type: isApplied ? 'command.applied' : 'command.rejected',
    data: { vin, commandId, results, traceparent },
  };
}
