import { type Activation, targetOf } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { Diagnostics } from '../support/diagnostics.ts';
import type { Answer } from './api-client.ts';
import { askedCommand, attemptOfKey, configureRequest, isAsked } from './command.ts';
import type { EffectDeps } from './ports.ts';

function orUnavailable<T>(answer: Answer<T>): T | { unavailable: string } {
  return answer.ok ? answer.value : { unavailable: answer.failure.message };
}

/**
 * Reads the vehicle's state before the payment is reversed, with one request of each kind to the API IoT. A command of this
 * activation that ended `applied`, or a reported version of it or above, is a delivery. Unreadable data is named in the
 * ticket and delays nothing; the HTTP port's time-out bounds each request.
 */
export async function readDiagnostics(
  deps: DiagnosticsDeps & Pick<EffectDeps, 'clock'>,
  activation: Activation,
): Promise<ActivationEvent> {
  const diagnostics = await diagnosticsOf(deps, activation);
  const delivered = provenAttempt(activation, diagnostics);
  return { type: 'diagnostics_read', at: deps.clock.now(), delivered, diagnostics };
}

type DiagnosticsDeps = Pick<EffectDeps, 'vehicles' | 'catalogue' | 'modelOf' | 'callbackUrl'>;

/** Reads what a ticket says of the vehicle of an activation. */
export async function diagnosticsOf(deps: DiagnosticsDeps, activation: Activation): Promise<Diagnostics> {
  const { vin } = activation;
  const [status, health, history] = await Promise.all([
    deps.vehicles.status(vin),
    deps.vehicles.health(vin),
    deps.vehicles.history(vin, askedCommand(activation, activation.attempts.at(-1)?.number ?? 1)),
  ]);
  return {
    status: orUnavailable(status),
    health: orUnavailable(health),
    history: orUnavailable(history),
    configuration: await configureRequest(deps, activation),
  };
}

/** Returns the attempt that was delivered by the API IoT's history, or null. */
export function provenAttempt(activation: Activation, diagnostics: Diagnostics): number | null {
  const numbers = new Set(activation.attempts.map((attempt) => attempt.number));
  if (Array.isArray(diagnostics.history)) {
    for (const command of diagnostics.history) {
      const isProof = command.state === 'applied' && isAsked(command, activation);
      const attempt = isProof ? attemptOfKey(activation.id, command.key) : null;
      if (attempt !== null && numbers.has(attempt)) return attempt;
    }
  }
  if ('unavailable' in diagnostics.status) return null;
  const reported = diagnostics.status.reported?.find((one) => one.feature === activation.feature);
  if (reported?.state !== targetOf(activation.kind)) return null;
  const proven = activation.attempts.filter(
    (attempt) => attempt.version !== null && attempt.version <= reported.version,
  );
  return proven.at(-1)?.number ?? null;
}
