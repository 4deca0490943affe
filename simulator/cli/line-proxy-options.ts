import type { Command } from 'commander';
import { givenText } from '../../shared/protocol/address.ts';
import { vinMistake } from '../../shared/protocol/vin.ts';
import type { LinePort, LineProxy, LineProxyOptions } from '../live/line-proxy.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { UsageError } from './exit.ts';

export interface LineProxyFlags {
  readonly lineProxy?: string;
  readonly lineProxyHost?: string;
}

/** More ports than that are a mistake of a script. */
const portsMax = 1_000;

export function withLineProxyOptions(command: Command): Command {
  return command
    .option(
      '--line-proxy <ports>',
      'for tests: ports in front of the MQTT broker for vehicles of your own, whose lines then have faults; PORT, or PORT=VIN for one vehicle, separated by commas (default: none)',
    )
    .option('--line-proxy-host <host>', 'address on which --line-proxy listens (default: 127.0.0.1)');
}

/** What the flags say; null where no proxy is asked for. */
export function lineProxyOf(
  { lineProxy, lineProxyHost }: LineProxyFlags,
  models: readonly VehicleModel[] = shippedModels(),
): Pick<LineProxyOptions, 'ports' | 'hostname' | 'models'> | null {
  if (lineProxy === undefined) {
    if (lineProxyHost === undefined) return null;
    throw new UsageError('--line-proxy-host has no effect without --line-proxy; leave it out');
  }
  const ports = lineProxy.split(',').map((text) => portOf(text.trim()));
  if (ports.length > portsMax)
    throw new UsageError(
      `--line-proxy takes at most ${portsMax} ports: remove some, one port serves every vehicle without TLS`,
    );
  return { ports, models, ...(lineProxyHost === undefined ? {} : { hostname: lineProxyHost }) };
}

/** Returns where the proxy listens, as a member of what a command prints. */
export function lineProxyPlace(proxy: LineProxy | null): { readonly lineProxy?: string } {
  return proxy === null ? {} : { lineProxy: proxy.places.join(', ') };
}

function portOf(text: string): LinePort {
  const [, digits, vin = null] = /^(\d{1,5})(?:=(.+))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new UsageError(
      `--line-proxy must be ports from 0 to 65535, each alone or as PORT=VIN, separated by commas, not ${givenText(text)}`,
    );
  }
  const mistake = vin === null ? null : vinMistake(vin);
  if (mistake !== null) throw new UsageError(`--line-proxy: ${givenText(vin ?? '')} is no VIN: ${mistake}`);
  return { port, vin };
}
