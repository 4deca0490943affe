import type { GatewayConfig } from '../../gateway/config.ts';
import { type Gateway, startGateway } from '../../gateway/live/gateway.ts';
import { type Keys, openKeys } from '../../gateway/live/keys.ts';
import { openTraces } from '../../gateway/live/traces.ts';
import { closeAll, undoneOnFailure } from '../../gateway/live/undo.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { FaultDesk, ServiceFaults } from '../control/fault-desk.ts';
import { type ChannelGates, channelGates } from '../faults/channel-gates.ts';
import { type Fleet, fleet } from '../fleet/fleet.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import type { FleetOptions } from '../fleet/options.ts';
import { newMessageLog } from '../run/message-log.ts';
import type { RegistrationSummary } from '../run/registration.ts';
import { apiIotThread } from './api-iot-thread.ts';
import { clientsOf } from './clients.ts';
import { type Control, openControl } from './control-server.ts';
import { registrationOf } from './demo-fleet.ts';
import { type FleetNats, openFleetNats } from './fleet-nats.ts';
import { type LineProxy, type LineProxyOptions, startLineProxy } from './line-proxy.ts';
import type { OwnFleet } from './own-fleet.ts';
import { registerFleet } from './register-fleet.ts';
import { type LiveServiceFaults, serviceFaults } from './service-faults.ts';
import { type StandInOptions, type StandIns, startStandIns } from './stand-ins.ts';
import { startFleet } from './start-fleet.ts';
import { openVehicleFile } from './vehicle-file.ts';

/** Where the vehicles connect when the broker is elsewhere and no address was given. */
export const mqttDefaultUrl = 'mqtt://127.0.0.1:1883';

interface Faults {
  readonly services: LiveServiceFaults;
  readonly channels: ChannelGates;
}

export interface LocalSystemOptions {
  /** Complete. Its roles run here; without `platform` and `engine` an engine of the user's own takes their place. */
  readonly config: GatewayConfig;
  readonly log: Log;
  readonly ports: StandInOptions['ports'] & { readonly control: number };
  readonly isControlOpen?: boolean;
  /** Where vehicles of other programs connect, to have faults on their lines; without it nowhere. */
  readonly lineProxy?: Pick<LineProxyOptions, 'ports' | 'hostname' | 'models'> | null;
  /** Asked once the data folder is this system's own; stopped with it. */
  readonly fleet: () => Promise<Pick<OwnFleet, 'vehicles' | 'stop'>>;
  readonly fleetOptions?: Partial<FleetOptions>;
  /** Which program simulates the vehicles, for another simulator that is refused them. */
  readonly program: string;
  /** Whether vehicles that are registered with lost passwords get new ones. */
  readonly takesOver?: boolean;
  /** Keeps the vehicles in the data folder, or anew where they are to be fresh; without it, they are new each time. */
  readonly kept?: { readonly isFresh: boolean };
  /**
   * Faults of the plan of a run that is conducted here: the run begins them, and connects the vehicles. Without it, the
   * vehicles connect at once, and there are no faults until some are added.
   */
  readonly conducted?: Faults;
  /** Receives how far the vehicles have connected, every four seconds. */
  readonly say?: (line: string) => void;
  /** Keeps what passes between API IoT and vehicles, for evidence. */
  readonly isMessageLogKept?: boolean;
  /** Publishes what happens to the vehicles at NATS, and answers requests there; without it, it does not. */
  readonly fleetNats?: { readonly hasTelemetry: boolean };
}

/** Gateway or a part of it, stand-ins, vehicles and the control of their faults, on this machine. */
export interface LocalSystem {
  readonly keys: Keys;
  readonly gateway: Gateway;
  readonly standIns: StandIns;
  readonly control: Control;
  readonly desk: FaultDesk;
  readonly cars: Fleet;
  readonly vehicles: readonly VehicleSpec[];
  readonly mqttUrl: string;
  readonly lineProxy: LineProxy | null;
  readonly messageLog: ReturnType<typeof newMessageLog>;
  readonly faults: Faults;
  readonly registered: RegistrationSummary | null;
  /** Null where it was not asked for, and where there is no NATS. */
  readonly fleetNats: FleetNats | null;
  stop(): Promise<void>;
}

/** Starts the parts in the order in which they need each other. Rejects with a sentence, and nothing is left running, when one cannot start. */
export function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  return undoneOnFailure((undo) => start(options, undo));
}

async function start(
  options: LocalSystemOptions,
  undo: (close: () => Promise<unknown>) => void,
): Promise<LocalSystem> {
  const { config, log, ports } = options;
  const parts: (() => Promise<unknown>)[] = [];
  const added = <Part extends { stop(): Promise<unknown> }>(part: Part): Part => {
    parts.unshift(() => part.stop());
    undo(() => part.stop());
    return part;
  };
  const keys = await openKeys(config.data);
  const control = added(
    await openControl({
      dataFolder: config.data,
      port: ports.control,
      isOpen: options.isControlOpen === true,
      log,
    }),
  );
  const faults = options.conducted ?? {
    services: serviceFaults(systemRandom),
    channels: channelGates({ clock: wallClock, random: systemRandom }, []),
  };
  let platformUrl: string | null = null;
  const standIns = added(await startStandIns(standInsOf(options, keys, faults, () => platformUrl)));
  const gateway = added(await startGateway(gatewayOf(options, standIns, faults)));
  platformUrl = gateway.platform?.origin ?? null;
  const { vehicles } = added(await options.fleet());
  const registered = await registerVehicles(options, { keys, gateway, standIns, vehicles });
  const mqttUrl = gateway.apiIot?.mqttUrl ?? String(config.mqttUrl ?? mqttDefaultUrl);
  const lineProxy = options.lineProxy
    ? added(await startLineProxy({ ...options.lineProxy, brokerUrl: mqttUrl, log }))
    : null;
  const link = mqttLink({ url: mqttUrl, log });
  const messageLog = newMessageLog(wallClock);
  if (options.isMessageLogKept) {
    const account = { username: 'monitor', password: keys.brokerMonitorPassword };
    const monitor = await messageLog.listen(link, account);
    added({ stop: () => monitor.close() });
  }
  const store =
    options.kept &&
    added(
      await openVehicleFile(
        config.data,
        { clock: wallClock, log },
        { ...options.kept, vins: vehicles.map(({ vin }) => vin) },
      ),
    );
  const tapped = options.isMessageLogKept ? messageLog.tap(link) : link;
  const fleetNats = options.fleetNats ? await openNats(options, gateway, options.fleetNats) : null;
  if (fleetNats !== null) added(fleetNats);
  const traces = added(await openTraces('fleetwake-vehicle', log));
  const deps = {
    ...{ link: tapped, clock: wallClock, random: systemRandom, log, tracing: traces.tracing },
    ...(store ? { store } : {}),
    ...(fleetNats ? { observe: fleetNats.observeFleet } : {}),
  };
  const cars = added(fleet(deps, vehicles, options.fleetOptions));
  const services = controlled(config, faults);
  if (!options.conducted) {
    await startFleet(cars, { clock: wallClock, say: options.say ?? (() => {}) });
    for (const service of Object.values(services)) service?.begin();
  }
  const desk = control.begin({ cars, services, mqttUrl, lineProxy, observe: fleetNats?.observeFaults });
  await fleetNats?.serve(cars, desk);
  return {
    ...{ keys, gateway, standIns, control, desk, cars, vehicles, mqttUrl, messageLog },
    ...{ faults, registered, fleetNats, lineProxy },
    stop: () => closeAll(parts),
  };
}

function openNats(
  { config, log }: LocalSystemOptions,
  { bus }: Gateway,
  { hasTelemetry }: { readonly hasTelemetry: boolean },
): Promise<FleetNats | null> {
  return openFleetNats({
    ...{ config, log, hasTelemetry, access: bus?.fleetAccess ?? null },
    ...{ mayStart: bus === null, ownsFolder: true },
  });
}

function standInsOf(
  { config, log, ports }: LocalSystemOptions,
  keys: Keys,
  { services, channels }: Faults,
  platformUrl: () => string | null,
): StandInOptions {
  const { control: _, ...ofStandIns } = ports;
  return {
    webhook: {
      url: () => {
        const url = platformUrl();
        return url && `${url}/callbacks/payments`;
      },
      secret: config.paymentsWebhookSecret ?? keys.paymentsWebhookSecret,
    },
    dataFolder: config.data,
    channels,
    // Elsewhere, the faults are in front of the engine's own requests.
    ...(config.paymentsUrl === null ? { paymentsFaults: services.payments } : {}),
    paymentsKey: config.paymentsKey ?? keys.paymentsKey,
    vapidPublicKey: (JSON.parse(keys.vapidKeys) as { publicKey: string }).publicKey,
    log,
    ports: ofStandIns,
  };
}

function gatewayOf(
  { config, log }: LocalSystemOptions,
  { paymentsUrl, smtpUrl }: StandIns,
  { services: { apiIot, payments, platform } }: Faults,
): Parameters<typeof startGateway>[0] {
  return {
    config: {
      ...config,
      // The stand-in is on this machine.
      pushPrivate: 'yes',
      paymentsUrl: config.paymentsUrl ?? paymentsUrl,
      smtpUrl: config.smtpUrl ?? smtpUrl,
    },
    log,
    startApiIot: apiIotThread(config, { hasFaults: true }),
    ...(config.apiIotUrl === null ? { wrapApiIot: apiIot.around } : { disturb: apiIot.around }),
    wrapPlatform: platform.around,
    ...(config.paymentsUrl === null ? {} : { disturbPayments: payments.around }),
  };
}

/** Null where neither a platform nor an API IoT runs here. */
async function registerVehicles(
  { log, config, program, takesOver = false }: LocalSystemOptions,
  parts: Pick<LocalSystem, 'keys' | 'gateway' | 'standIns' | 'vehicles'>,
): Promise<RegistrationSummary | null> {
  const { keys, gateway, standIns, vehicles } = parts;
  if (gateway.platform === null && gateway.apiIot === null) return null;
  const registration = registrationOf(vehicles);
  const customers = registration.customers.map((customer) => ({
    ...customer,
    pushSubscription: standIns.pushes.phoneOf(customer.id),
  }));
  const origins = { platform: gateway.platform?.origin ?? '', apiIot: gateway.apiIotOrigin };
  const { platform, provisioner } = clientsOf(keys, origins);
  // An API IoT with an adapter is of another maker: its vehicles are known there already.
  const isForeign = config.apiIotUrl !== null && config.apiIotAdapter !== null;
  return registerFleet(
    {
      ...{ platform: gateway.platform && platform, provisioner: isForeign ? null : provisioner },
      ...{ clock: wallClock, log },
    },
    { ...registration, customers: gateway.platform ? customers : [] },
    { program, dataFolder: config.data, takesOver },
  );
}

function controlled(config: GatewayConfig, { services, channels }: Faults): ServiceFaults {
  return {
    api_iot: services.apiIot,
    payments: services.payments,
    platform: config.roles.includes('platform') ? services.platform : null,
    mail: config.smtpUrl === null ? channels.mail : null,
    push: channels.push,
  };
}
