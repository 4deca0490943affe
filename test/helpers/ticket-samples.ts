import type { Activation } from '../../gateway/activation/activation.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import type { Diagnostics } from '../../gateway/support/diagnostics.ts';
import type {
  CommandResource,
  ConfigureRequest,
  VehicleHealth,
  VehicleTwin,
} from '../../shared/protocol/api-iot.ts';
import { startAt, vin } from './notification-rows.ts';

export const catalogue = loadCatalogue(catalogueFolder(shippedCatalogueFolder()));

export const twin: VehicleTwin = {
  vin,
  online: false,
  lastSeenAt: startAt - 60_000,
  model: 'aurora-2026',
  firmware: '4.2.1',
  clockSkewMs: 12,
  desired: [{ feature: 'seats_1', state: 'active', version: 3 }],
  reported: [{ feature: 'seats_1', state: 'dormant', version: 2 }],
  telemetry: { 'Vehicle.Speed': 0, 'Vehicle.Connectivity.Cellular.RSRP': -101 },
  telemetryAt: startAt - 60_000,
};

const health: VehicleHealth = {
  vin,
  online: false,
  lastSeenAt: startAt - 60_000,
  signalStrengthDbm: -112,
  pendingCommands: 1,
  quotaRemaining: 8,
  quotaOpensAt: null,
};

export const payload: ConfigureRequest = {
  reference: 'act_1',
  features: [{ feature: 'seats_1', target: 'active', parameters: { levels: 3 } }],
  display: { receiving: 'Receiving configuration', applied: 'Feature enabled' },
};

export function command(number: number): CommandResource {
  return {
    id: `cmd_${number}`,
    vin,
    reference: 'act_1',
    key: `act_1:${number}`,
    state: 'timed_out',
    features: [{ feature: 'seats_1', target: 'active', version: number }],
    acceptedAt: startAt,
    expiresAt: startAt + 300_000,
    endedAt: startAt + 300_000,
    results: null,
    late: false,
    clock: null,
  };
}

export const diagnostics: Diagnostics = {
  status: twin,
  health,
  history: [command(1)],
  configuration: payload,
};

export const unread: Diagnostics = {
  status: { unavailable: 'API IoT: no answer within 10 s' },
  health: { unavailable: 'API IoT: 503' },
  history: { unavailable: 'API IoT: 503' },
  configuration: { unavailable: 'no template for aurora-2026' },
};

/** The activation after two attempts without delivery, its money held. */
export function failedActivation(activation: Activation): Activation {
  const offline = {
    category: 'vehicle_offline',
    code: 'timed_out',
    message: 'the vehicle did not answer in time and is offline',
    temporary: true,
    mayHaveSucceeded: true,
  } as const;
  const down = {
    category: 'api_iot_error',
    code: 'internal',
    message: 'API IoT answered 500',
    temporary: true,
    mayHaveSucceeded: false,
  } as const;
  const { settlement } = activation;
  return {
    ...activation,
    phase: 'reversing_payment',
    attempts: [
      {
        number: 1,
        startedAt: startAt + 1,
        commandId: 'cmd_1',
        version: 3,
        expiresAt: startAt + 300_000,
        endedAt: startAt + 305_000,
        failure: offline,
      },
      {
        number: 2,
        startedAt: startAt + 335_000,
        commandId: null,
        version: null,
        expiresAt: null,
        endedAt: startAt + 335_100,
        failure: down,
      },
    ],
    failure: down,
    settlement: settlement && { ...settlement, status: 'voiding', paymentId: 'pi_1' },
  };
}
