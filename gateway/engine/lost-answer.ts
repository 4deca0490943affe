import type { Clock } from '../../shared/ports/clock.ts';
import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import type { Failure } from '../activation/failure.ts';
import type { Adapter } from '../adapter/adapter.ts';
import type { AskedCommand, VehicleCommand } from '../adapter/answers.ts';
import type { Answer } from './api-client.ts';
import type { ConfigureAnswer, ConfigureHeaders, Resend } from './configure-call.ts';

interface Deps {
  readonly adapter: Adapter;
  readonly clock: Clock;
  readonly send: (
    vin: string,
    request: ConfigureRequest,
    headers: ConfigureHeaders,
  ) => Promise<ConfigureAnswer>;
  readonly list: (vin: string, asked: AskedCommand | null) => Promise<Answer<VehicleCommand[]>>;
}

/** An attempt that was started so recently has been sent by no other process: those look for overdue work later. */
const freshMs = 4_000;
/** How far the clock of an API IoT may be behind ours: an older command is of another activation. */
const clockSkewMaxMs = 60_000;
/** Attempts in memory; beyond it, an old one counts as sent. */
const sentMax = 10_000;

/** Neither a key nor a history tells what became of a command that may have arrived: it is not sent a second time. */
const outcomeUnknown: Failure = {
  category: 'timeout',
  code: 'outcome_unknown',
  message:
    'the answer to the command was lost, and this API IoT has neither idempotency keys nor a history to look it up in: it is not sent again',
  temporary: false,
  mayHaveSucceeded: true,
};

/**
 * Sends to an API IoT without idempotency keys. Where an earlier request may have arrived, its command is looked up in the history
 * first; only a request that left no command there is sent again.
 */
export function lostAnswerGuard({ adapter, clock, send, list }: Deps) {
  const sent = new Set<string>();

  const mayHaveArrived = (key: string, { startedAt, hasLostAnswer }: Resend): boolean =>
    hasLostAnswer || sent.has(key) || clock.now() - startedAt > freshMs;

  /** Remembers what was sent, unless the answer proves that it was not taken. */
  async function sendOnce(
    vin: string,
    request: ConfigureRequest,
    headers: ConfigureHeaders,
  ): Promise<ConfigureAnswer> {
    if (sent.size >= sentMax) sent.clear();
    sent.add(headers.key);
    const answer = await send(vin, request, headers);
    if (!answer.ok && ('retryAt' in answer || !answer.failure.mayHaveSucceeded)) sent.delete(headers.key);
    return answer;
  }

  return async (
    vin: string,
    request: ConfigureRequest,
    headers: ConfigureHeaders,
    asked: AskedCommand | null,
    resend: Resend,
  ): Promise<ConfigureAnswer> => {
    if (asked === null || !mayHaveArrived(headers.key, resend)) return sendOnce(vin, request, headers);
    if (!adapter.has('history')) {
      // Switching off twice does no harm, and a feature without a payment must not stay on.
      return asked.target === 'dormant'
        ? sendOnce(vin, request, headers)
        : { ok: false, failure: outcomeUnknown };
    }
    const listed = await list(vin, asked);
    if (!listed.ok)
      return { ok: false, failure: { ...listed.failure, temporary: true, mayHaveSucceeded: true } };
    const found = lostAmong(adapter, listed.value, asked, resend);
    return found ? { ok: true, value: { ...found, key: headers.key } } : sendOnce(vin, request, headers);
  };
}

/** Returns the newest command that the engine sent and got no answer to. `commands` are the newest first. */
function lostAmong(
  { file: { command } }: Adapter,
  commands: readonly VehicleCommand[],
  asked: AskedCommand,
  { since, known }: Resend,
): VehicleCommand | undefined {
  const ofActivation = commands.filter(({ reference, acceptedAt, features }) =>
    command.reference === undefined
      ? acceptedAt >= since - clockSkewMaxMs &&
        features.some(({ feature, target }) => feature === asked.feature && target === asked.target)
      : reference === asked.reference,
  );
  // Without ids, each command that the engine knows stands for one that is there.
  if (command.id === undefined) return ofActivation.length > known.length ? ofActivation[0] : undefined;
  return ofActivation.find(({ id }) => !known.includes(id));
}
