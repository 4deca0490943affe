import type { GatewayConfig } from '../../gateway/config.ts';
import type { FleetNats } from '../live/fleet-nats.ts';
import { refuseIdleFlags } from './options.ts';

/** The options with which a fleet is let in by NATS, as the gateway has them. */
export const fleetNatsOptions = [
  ...(['natsUrl', 'natsPrefix', 'natsUser', 'natsPassword', 'natsCredentials', 'natsNkey'] as const),
  ...(['natsCa', 'natsCertificate', 'natsKey'] as const),
] satisfies readonly (keyof GatewayConfig)[];

/** Flags of NATS have an effect for the fleet where no platform and no engine runs too. */
export function refuseIdleNatsFlags(
  flags: Readonly<Record<string, unknown>>,
  config: GatewayConfig,
): { readonly [name: string]: unknown } {
  const of = (isNats: boolean) =>
    Object.fromEntries(Object.entries(flags).filter(([name]) => isFleetNatsFlag(name) === isNats));
  refuseIdleFlags(of(true), { ...config, roles: ['platform'] });
  return of(false);
}

const flagNames: readonly string[] = [
  ...['natsUrl', 'natsPrefix', 'natsUser', 'natsPassword', 'natsCreds', 'natsNkey'],
  ...['natsCa', 'natsCert', 'natsKey', 'natsServer'],
];
const isFleetNatsFlag = (name: string) => flagNames.includes(name);

/** What a command prints as JSON: nothing secret. */
export function fleetNatsView(nats: FleetNats | null) {
  if (nats === null) return null;
  const { password: _, ...place } = nats.place;
  return { ...place, ...(nats.file === null ? {} : { settings: nats.file }) };
}

/** One line for a person, of a fleet whose faults can be controlled. */
export function fleetNatsLine(nats: FleetNats | null): string {
  if (nats === null) return 'no fleet events and no fault control at NATS, because there is no nats-server';
  const { events, control } = nats.place;
  return lineOf(nats, `events ${events}, faults ${control}`);
}

/** The same of a run, whose faults are those of its plan. */
export const fleetEventsLine = (nats: FleetNats): string => lineOf(nats, `events ${nats.place.events}`);

function lineOf({ place: { url, user }, file, problem }: FleetNats, subjects: string): string {
  const reason = problem();
  const away = reason === null ? '' : `, which is away: ${reason}`;
  const account = file === null ? '' : `; user ${user}, password in ${file}`;
  return `${url}${away}   (${subjects}${account})`;
}
