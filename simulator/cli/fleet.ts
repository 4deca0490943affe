import type { Command } from 'commander';
import { wallClock } from '../../shared/live/clock.ts';
import { jsonLog } from '../../shared/live/log.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { firstSignal } from '../../shared/live/signals.ts';
import { fleet } from '../fleet/fleet.ts';
import { clientsOf } from '../live/clients.ts';
import { demoFleet, registrationOf } from '../live/demo-fleet.ts';
import { register } from '../live/registration.ts';
import { UsageError } from './exit.ts';
import { knownKeys } from './known-keys.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';

interface FleetFlags {
  readonly count: string;
  readonly seed: string;
  readonly platformUrl?: string;
}

/** A whole number within limits, or a sentence. */
export function countOf(flag: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d{1,7}$/.test(text) && number >= 0 && number <= most) return number;
  throw new UsageError(`${flag} must be a whole number from 0 to ${most}, not "${text}"`);
}

/** `fleetwake fleet`: vehicles in a process of their own, against a gateway elsewhere. */
export function addFleet(program: Command): void {
  const command = program
    .command('fleet')
    .description('vehicles alone: registers them and keeps them connected until a signal')
    .option('--count <number>', 'how many vehicles', '5')
    .option('--seed <number>', 'chooses the vehicles', '1')
    .option('--platform-url <url>', 'the platform API', 'http://127.0.0.1:8080');
  withGatewayOptions(command, ['data', 'apiIotUrl', 'mqttUrl', 'logLevel']).action(
    async (flags: FleetFlags & Record<string, unknown>) => {
      const config = gatewayConfig(flags, process.env);
      const log = jsonLog(config.logLevel);
      const keys = await knownKeys(config.data);
      const vehicles = await demoFleet(
        config.data,
        countOf('--count', flags.count, 100_000),
        countOf('--seed', flags.seed, 9_999_999),
      );
      const clients = clientsOf(keys, {
        platform: flags.platformUrl ?? 'http://127.0.0.1:8080',
        apiIot: config.apiIotUrl ?? 'http://127.0.0.1:8081',
      });
      await register(clients, registrationOf(vehicles));
      const link = mqttLink({ url: config.mqttUrl ?? 'mqtt://127.0.0.1:1883', log });
      const cars = fleet({ link, clock: wallClock, random: systemRandom, log }, vehicles);
      const signal = firstSignal((text) => process.stderr.write(`${text}\n`));
      await cars.start();
      const connected = cars.states().filter((state) => state.connected).length;
      process.stdout.write(
        `${JSON.stringify({ event: 'fleet.started', vehicles: vehicles.map(({ vin }) => vin), connected })}\n`,
      );
      await signal.promise;
      await cars.stop();
      signal.dispose();
    },
  );
}
