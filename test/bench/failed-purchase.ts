import { type Activation, newActivation } from '../../gateway/activation/activation.ts';
import type { Failure } from '../../gateway/activation/failure.ts';
import { standardPolicy } from '../../gateway/activation/policy.ts';
import type { Diagnostics } from '../../gateway/support/diagnostics.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';

const attempts = 6;
const parameters = { levels: 3, zones: 'front,rear', maxTemperatureCelsius: 42 };
const features = ['heated_seats', 'adaptive_cruise', 'range_boost', 'ambient_light', 'remote_start'];

export const busy: Failure = {
  category: 'vehicle_not_ready',
  code: 'failed',
  message: 'heated_seats: ecu_busy',
  temporary: true,
  mayHaveSucceeded: false,
};
/** Strikes many vehicles at once, so its tickets are of one incident. */
export const down: Failure = {
  ...busy,
  category: 'api_iot_error',
  code: 'http_503',
  message: 'answered 503',
};

/** An activation before its payment and after its last attempt, with what was read of the vehicle then. */
interface FailedPurchase {
  readonly begun: Activation;
  readonly failed: Activation;
  readonly diagnostics: Diagnostics;
}

/** As it stands after its last attempt, with as much to tell as a real one has. */
export function failedPurchase(vin: string, id: string, failure: Failure, at: number): FailedPurchase {
  const begun = newActivation(
    { id, vin, serviceId: 'heated-seats', feature: 'heated_seats', policy: standardPolicy },
    { capture: 'on_delivery', amountMinor: 1490, currency: 'EUR', method: 'pm_card_visa' },
    at - 1_000_000,
  );
  const numbers = Array.from({ length: attempts }, (_, index) => index + 1);
  const failed: Activation = {
    ...begun,
    phase: 'failed',
    attempts: numbers.map((number) => ({
      number,
      startedAt: at - 900_000 + number * 1_000,
      commandId: `cmd_${id}_${number}`,
      version: number,
      expiresAt: at,
      endedAt: at - 900_000 + number * 1_000 + 500,
      failure,
    })),
    failure,
    settlement: begun.settlement && {
      ...begun.settlement,
      status: 'voided',
      paymentId: `pi_${id}`,
      dueAt: null,
    },
  };
  return { begun, failed, diagnostics: diagnosticsOf(failed, at) };
}

function diagnosticsOf({ id, vin, attempts: made }: Activation, at: number): Diagnostics {
  const history = made.map(
    ({ number, commandId, startedAt, endedAt, expiresAt }): CommandResource => ({
      id: commandId ?? '',
      vin,
      reference: id,
      key: `${id}:${number}`,
      state: 'failed',
      features: [{ feature: 'heated_seats', target: 'active', version: number }],
      acceptedAt: startedAt,
      expiresAt: expiresAt ?? at,
      endedAt,
      results: [{ feature: 'heated_seats', outcome: 'failed', version: 0, reason: 'ecu_busy' }],
      late: false,
      clock: endedAt,
    }),
  );
  const health = { vin, online: true, lastSeenAt: at, signalStrengthDbm: -97 };
  return {
    status: {
      vin,
      online: true,
      lastSeenAt: at,
      model: 'aurora-2026',
      firmware: '4.2.0',
      clockSkewMs: -5,
      desired: [{ feature: 'heated_seats', state: 'active', version: attempts }],
      reported: features.map((feature) => ({ feature, state: 'dormant', version: 0 })),
      telemetry: {
        'Vehicle.Speed': 24.5,
        'Vehicle.TraveledDistance': 11,
        'Vehicle.Powertrain.TractionBattery.StateOfCharge.Current': 80,
        'Vehicle.CurrentLocation.Latitude': 40.416792,
        'Vehicle.CurrentLocation.Longitude': -3.703936,
        'Vehicle.LowVoltageSystemState': 'ON',
        'Vehicle.LowVoltageBattery.CurrentVoltage': 14.2,
        'Vehicle.Connectivity.Cellular.RSRP': -97,
      },
      telemetryAt: at,
    },
    health: { ...health, pendingCommands: 0, quotaRemaining: 4, quotaOpensAt: null },
    history: history.reverse(),
    configuration: {
      reference: id,
      features: [{ feature: 'heated_seats', target: 'active', parameters }],
      display: { receiving: 'Receiving configuration', applied: 'Feature enabled: Heated seats' },
    },
  };
}
