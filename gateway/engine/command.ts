import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import { type Activation, targetOf } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { AskedCommand, VehicleCommand } from '../adapter/answers.ts';
import type { EffectDeps } from './ports.ts';
import { failureOfCommand } from './refusal.ts';

export function attemptKey(activationId: string, attempt: number): string {
  return `${activationId}:${attempt}`;
}

/** The attempt that a command belongs to, or null when it is not this activation's. */
export function attemptOfKey(activationId: string, key: string | null): number | null {
  if (!key?.startsWith(`${activationId}:`)) return null;
  const attempt = Number(key.slice(activationId.length + 1));
  return Number.isSafeInteger(attempt) && attempt > 0 ? attempt : null;
}

/** The payload that is sent, also shown in the ticket. */
export async function configureRequest(
  deps: Pick<EffectDeps, 'catalogue' | 'modelOf' | 'callbackUrl'>,
  activation: Activation,
): Promise<ConfigureRequest> {
  const { id, serviceId, feature, vin, kind } = activation;
  const configuration = deps.catalogue.configuration(serviceId, await deps.modelOf(vin));
  const changed = activation.parameters ?? {};
  const parameters = kind === 'activation' ? configuration?.parameters : undefined;
  return {
    reference: id,
    features: [
      {
        feature,
        target: targetOf(kind),
        ...(parameters ? { parameters: { ...parameters, ...changed } } : {}),
      },
    ],
    // The display's texts are for the customer who waits; none on a revocation.
    ...(configuration && kind === 'activation' ? { display: { ...configuration.display } } : {}),
    ...(deps.callbackUrl ? { callbackUrl: deps.callbackUrl } : {}),
  };
}

/**
 * Whether the command did what the activation asks for, at its vehicle. The key alone is no proof: the sender of a command chooses it.
 */
export function isAsked({ vin, features }: VehicleCommand, activation: Activation): boolean {
  const target = targetOf(activation.kind);
  const isOurs = (one: VehicleCommand['features'][number]) =>
    one.feature === activation.feature && one.target === target;
  return vin === activation.vin && features.some(isOurs);
}

/** Returns what an attempt's command was to do, for an API IoT that does not repeat it. */
export function askedCommand({ id, vin, feature, kind }: Activation, attempt: number): AskedCommand {
  return { vin, reference: id, key: attemptKey(id, attempt), feature, target: targetOf(kind) };
}

/** Returns what a command's state means for its attempt. Polls and callbacks use the same function. */
export async function eventOfCommand(
  deps: Pick<EffectDeps, 'clock' | 'random' | 'vehicles'>,
  vin: string,
  attempt: number,
  command: VehicleCommand,
): Promise<ActivationEvent> {
  const health = command.state === 'timed_out' ? await deps.vehicles.health(vin) : null;
  const failure = failureOfCommand(command, health?.ok ? health.value.online : null);
  const at = deps.clock.now();
  const draw = deps.random.fraction();
  if (failure) return { type: 'command_failed', at, attempt, failure, draw };
  if (command.state === 'applied')
    return { type: 'command_applied', at, attempt, vehicleClock: command.clock };
  return { type: 'command_pending', at, attempt, draw };
}
