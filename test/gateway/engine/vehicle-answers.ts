import type { CommandResource, VehicleHealth, VehicleTwin } from '../../../shared/protocol/api-iot.ts';

/** What the API IoT says of a vehicle that is there, and of a command that it has accepted: each field as it is unless a test says otherwise. */
export function vehicleAnswers(vin: string) {
  const twin: VehicleTwin = {
    vin,
    online: true,
    lastSeenAt: 1_000,
    model: 'aurora-2026',
    firmware: '1.0',
    clockSkewMs: 0,
    desired: [],
    reported: [],
    telemetry: {},
    telemetryAt: null,
  };
  const health: VehicleHealth = {
    vin,
    online: true,
    lastSeenAt: 1_000,
    signalStrengthDbm: -90,
    pendingCommands: 0,
    quotaRemaining: 10,
    quotaOpensAt: null,
  };
  const command: CommandResource = {
    id: 'cmd_1',
    vin,
    reference: 'act_1',
    key: 'act_1:1',
    state: 'accepted',
    features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
    acceptedAt: 1_000,
    expiresAt: 301_000,
    endedAt: null,
    results: null,
    late: false,
    clock: null,
  };
  return { twin, health, command };
}
