import { startGateway } from '../../../gateway/live/gateway.ts';
import { openKeys } from '../../../gateway/live/keys.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { mqttLink } from '../../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../../shared/live/random.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { fleet } from '../../../simulator/fleet/fleet.ts';
import type { VehicleSpec } from '../../../simulator/fleet/make-fleet.ts';
import { clientsOf } from '../../../simulator/live/clients.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';
import { register } from '../../../simulator/run/registration.ts';
import { testConfig, vinOf } from '../../helpers/running-platform.ts';

export interface OwnApiIot {
  readonly origin: string;
  readonly clientSecret: string;
  readonly callbackSecret: string;
  /** Vehicles that are online, and no claim has used. */
  nextVin(): string;
  readonly offlineVin: string;
  /** Vehicles that answer their first command after the time-out: two of them. */
  nextLateVin(): string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const count = 120;

/** Fleetwake's own API IoT on sockets, with simulated vehicles: one is away, and two answer their first command too late. */
export async function startOwnApiIot(data: string): Promise<OwnApiIot> {
  const [model] = shippedModels();
  if (!model) throw new Error('no model');
  const config = testConfig({ data, roles: ['api-iot', 'broker'], commandTimeoutMs: 4_000 });
  let gateway = await startGateway({ config, log: silentLog });
  const keys = await openKeys(data);
  const { apiIot } = gateway;
  if (apiIot === null) throw new Error('the API IoT runs in this process');
  const vehicles = Array.from(
    { length: count },
    (_, index): VehicleSpec => ({
      ...{
        vin: vinOf(model, index),
        model,
        region: 'ES',
        latitude: 40.4,
        longitude: -3.7,
        chargePercent: 80,
      },
      ...{ password: systemSecrets.newToken(), connectivity: 'steady' },
      faults:
        index === 1 || index === 2
          ? [{ type: 'cut_when_applying', attributes: { first: 1, forMs: 6_000 } }]
          : [],
    }),
  );
  const { provisioner } = clientsOf(keys, { platform: '', apiIot: gateway.apiIotOrigin });
  await register(
    { platform: null, provisioner, clock: wallClock },
    {
      customers: [],
      vehicles: vehicles.map(({ vin, password }) => ({
        ...{ vin, model: model.id, modelName: model.name },
        credentialDigest: systemSecrets.digest(password),
      })),
    },
  );
  const cars = fleet(
    {
      link: mqttLink({ url: apiIot.mqttUrl, log: silentLog }),
      clock: wallClock,
      random: systemRandom,
      log: silentLog,
    },
    vehicles.slice(1),
    { applyMs: 20, telemetryMs: 60_000 },
  );
  await cars.start();
  const ports = {
    apiIotPort: Number(new URL(gateway.apiIotOrigin).port),
    mqttPort: Number(new URL(apiIot.mqttUrl).port),
  };
  let [used, lateUsed] = [2, 0];
  const vinAt = (index: number) => {
    const vin = vehicles[index]?.vin;
    if (vin === undefined) throw new Error('no vehicle is left: simulate more');
    return vin;
  };
  return {
    origin: gateway.apiIotOrigin,
    clientSecret: keys.engineSecret,
    callbackSecret: keys.callbackSecret,
    nextVin() {
      used += 1;
      return vinAt(used);
    },
    offlineVin: vehicles[0]?.vin ?? '',
    nextLateVin() {
      lateUsed += 1;
      return vinAt(lateUsed);
    },
    async restart() {
      await gateway.stop();
      gateway = await startGateway({ config: { ...config, ...ports }, log: silentLog });
    },
    async stop() {
      await cars.stop();
      await gateway.stop();
    },
  };
}
