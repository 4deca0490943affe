import { type Activation, targetOf } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { Diagnostics } from '../support/diagnostics.ts';
import { attemptOfKey, configureRequest, isAsked } from './command.ts';
import type { EffectDeps } from './ports.ts';
import type { Answer } from './vehicle-api.ts';

function orUnavailable<T>(answer: Answer<T>): T | { unavailable: string } {
  return answer.ok ? answer.value : { unavailable: answer.failure.message };
}

/**
 * Status before money (DESIGN.md section 9.7): the API IoT is asked once for all it knows. A command of ours in the history
 * that ended applied, or the feature reported on at a version of ours or above, is delivery. What can't be read is told
 * in the ticket and holds up nothing; the HTTP port's time-out bounds each look.
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
    deps.vehicles.history(vin),
  ]);
  return {
    status: orUnavailable(status),
    health: orUnavailable(health),
    history: orUnavailable(history),
    configuration: await configureRequest(deps, activation),
  };
}

/** The attempt that the API IoT's own books prove delivered, or null. */
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
