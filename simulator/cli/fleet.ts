import type { Command } from 'commander';
import { secretsOf } from '../../gateway/config.ts';
import { openTraces } from '../../gateway/live/traces.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import { fleet } from '../fleet/fleet.ts';
import { openControl } from '../live/control-server.ts';
import { registrationOf } from '../live/demo-fleet.ts';
import { openFleetNats } from '../live/fleet-nats.ts';
import { startLineProxy } from '../live/line-proxy.ts';
import { mqttDefaultUrl } from '../live/local-system.ts';
import { openOwnFleet } from '../live/own-fleet.ts';
import { registerFleet } from '../live/register-fleet.ts';
import { startFleet } from '../live/start-fleet.ts';
import { openVehicleFile } from '../live/vehicle-file.ts';
import { UsageError } from './exit.ts';
import { fleetNatsOptions, fleetNatsView, refuseIdleNatsFlags } from './fleet-nats-text.ts';
import {
  checkOpenFiles,
  type FleetFlags,
  fleetOfFlags,
  telemetryMsOf,
  vehicleCount,
  withFleetOptions,
} from './fleet-options.ts';
import { fleetMembers } from './fleet-output.ts';
import {
  type LineProxyFlags,
  lineProxyOf,
  lineProxyPlace,
  withLineProxyOptions,
} from './line-proxy-options.ts';
import { askedPlatform, type PlatformFlags, withPlatformOptions, withSecretsOf } from './platform.ts';
import { countOf } from './whole-number.ts';

type Flags = FleetFlags & PlatformFlags & LineProxyFlags;

/** `fleetwake fleet`: vehicles in a process of their own, against a gateway elsewhere. */
export function addFleet(program: Command): void {
  const command = program
    .command('fleet')
    .description('run vehicles without a gateway: register them and keep them connected until a signal')
    .option(
      '--test-vehicles',
      'also run the test vehicles, whose VIN selects their behaviour (docs/testing-identifiers.md)',
    );
  withFleetOptions(command);
  withLineProxyOptions(command);
  withPlatformOptions(command, ['apiIotUrl', 'mqttUrl', ...fleetNatsOptions, 'logLevel'], {
    data: { help: 'data folder of the gateway, whose secrets are used; keeps the passwords of the vehicles' },
    mqttUrl: { help: 'URL of the MQTT broker', fallback: mqttDefaultUrl },
    natsUrl: {
      help: 'URL of the NATS at which fleet events are published and requests to control faults are answered; default: none',
    },
    natsPrefix: { help: 'prefix of the subjects; each fleet that shares a NATS needs one of its own' },
  }).action(async (flags: Flags) => {
    const chosen = fleetOfFlags(flags);
    const telemetryMs = telemetryMsOf(flags);
    checkOpenFiles(vehicleCount(chosen), 1);
    const port = countOf('--control-port', flags.controlPort, 65_535);
    const asked = lineProxyOf(flags, chosen.models);
    const { config, clients } = await askedPlatform(flags);
    refuseIdleNatsFlags(flags, config);
    if (flags.telemetryNats === true && config.natsUrl === null)
      throw new UsageError('--telemetry-nats has no effect without --nats-url (NATS_URL); leave it out');
    const log = jsonLog(config.logLevel, secretsOf(config));
    const parts: { stop(): Promise<void> }[] = [];
    const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
    try {
      const control = await openControl({
        dataFolder: config.data,
        port,
        log,
        isOpen: flags.controlOpen === true,
      });
      parts.push(control);
      const own = await openOwnFleet(config.data, chosen);
      parts.push(own);
      const { vehicles } = own;
      const registered = await withSecretsOf(
        config.data,
        registerFleet({ ...clients, clock: wallClock, log }, registrationOf(vehicles), {
          ...{ program: 'fleetwake fleet', dataFolder: config.data },
          takesOver: flags.takeOver === true,
        }),
      );
      const hasTelemetry = flags.telemetryNats === true;
      const given = { access: null, mayStart: false, hasTelemetry, ownsFolder: false };
      const nats = await openFleetNats({ config, ...given, log });
      if (nats !== null) parts.push(nats);
      const mqttUrl = String(config.mqttUrl ?? mqttDefaultUrl);
      const lineProxy = asked && (await startLineProxy({ ...asked, brokerUrl: mqttUrl, log }));
      if (lineProxy) parts.push(lineProxy);
      const link = mqttLink({ url: mqttUrl, log });
      const kept = { isFresh: flags.fresh === true, vins: vehicles.map(({ vin }) => vin) };
      const store = await openVehicleFile(config.data, { clock: wallClock, log }, kept);
      parts.push(store);
      const traces = await openTraces('fleetwake-vehicle', log);
      parts.push(traces);
      const observe = nats === null ? {} : { observe: nats.observeFleet };
      const ports = { link, clock: wallClock, random: systemRandom, log, store };
      const deps = { ...ports, ...observe, tracing: traces.tracing };
      const cars = fleet(deps, vehicles, { telemetryMs });
      parts.push(cars);
      await startFleet(cars, { clock: wallClock, say: (line) => process.stderr.write(`${line}\n`) });
      const desk = control.begin({ cars, services: null, mqttUrl, lineProxy, observe: nats?.observeFaults });
      await nats?.serve(cars, desk);
      const connected = cars.states().filter((state) => state.connected).length;
      process.stdout.write(
        `${JSON.stringify({ event: 'fleet.started', ...fleetMembers(vehicles), vehicleList: own.list, connected, registered, control: control.origin, nats: fleetNatsView(nats), ...lineProxyPlace(lineProxy) })}\n`,
      );
      await signal.promise;
    } finally {
      for (const part of parts.reverse()) await part.stop();
      signal.dispose();
    }
  });
}
