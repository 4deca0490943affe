import { sleep } from '../../shared/ports/clock.ts';
import { activationTrace } from '../../shared/protocol/activation-trace.ts';
import type { Activation } from '../activation/activation.ts';
import { attemptKey, configureRequest, isAsked } from './command.ts';
import type { ConfigureAnswer, Resend } from './configure-call.ts';
import type { EffectDeps } from './ports.ts';
import { isGatewayBusy } from './refusal.ts';

/** How often the API IoT is asked again under the same key, while it works on it or this gateway was too busy to take its answer, and the wait between. */
const sameKeyTriesMax = 5;
const sameKeyPauseMs = 1_000;

/**
 * Sends an attempt's command under the attempt's key. What was sent under it before, by another worker or before a crash, is the
 * same attempt: while that is under way the same question is asked again, and a command that another body made is taken as the answer.
 */
export async function configure(
  deps: EffectDeps,
  activation: Activation,
  attempt: number,
): Promise<ConfigureAnswer> {
  // While the engine records spans, the attempt's.
  const traceparent =
    deps.tracing?.current() ?? activationTrace(deps.secrets.digest(activation.id)).traceparent;
  const request = await configureRequest(deps, activation);
  const headers = { key: attemptKey(activation.id, attempt), traceparent };
  for (let tried = 1; ; tried += 1) {
    const answer = await deps.vehicles.configure(
      activation.vin,
      request,
      headers,
      resendOf(activation, attempt),
    );
    if (answer.ok || !('failure' in answer)) return answer;
    const { code } = answer.failure;
    if (code === 'key-mismatch') return (await madeBefore(deps, activation, headers.key)) ?? answer;
    const isPassing = code === 'key-in-flight' || isGatewayBusy(answer.failure);
    if (!isPassing || tried === sameKeyTriesMax) return answer;
    await sleep(deps.clock, sameKeyPauseMs);
  }
}

/** What an API IoT without idempotency keys is searched by, should the attempt have been sent before. */
function resendOf({ requestedAt, attempts }: Activation, attempt: number): Resend {
  const known = attempts.flatMap(({ commandId }) => (commandId === null ? [] : [commandId]));
  const earlier = attempts.filter(({ number }) => number !== attempt);
  return {
    since: requestedAt,
    startedAt: attempts.find(({ number }) => number === attempt)?.startedAt ?? requestedAt,
    hasLostAnswer: earlier.some(
      ({ commandId, failure }) => commandId === null && failure?.mayHaveSucceeded !== false,
    ),
    known,
  };
}

/**
 * The command that the key has made, or null. Bodies of one attempt differ where two engines have two callback URLs, and where the
 * vehicle's model or the catalogue changed between two sendings.
 */
async function madeBefore(
  deps: EffectDeps,
  activation: Activation,
  key: string,
): Promise<ConfigureAnswer | null> {
  const history = await deps.vehicles.history(activation.vin);
  const made = history.ok ? history.value.find((command) => command.key === key) : undefined;
  return made && isAsked(made, activation) ? { ok: true, value: made } : null;
}
