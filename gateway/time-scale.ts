import { apiIotDefaults, type CallbackRetry } from './api-iot/config.ts';
import { standardBreaker } from './engine/breaker.ts';
import { type EngineSettings, standardSettings } from './engine/engine.ts';
import { type ContradictionLimit, standardContradictions } from './entitlement/contradiction.ts';
import { standardAddressLimit } from './notifications/address-limit.ts';
import { type DispatchSettings, standardDispatch } from './notifications/delivery.ts';

/** How long the gateway waits for an answer of payments and push. Never compressed: the machine is no faster. */
export const httpTimeoutMs = 10_000;

/** The engine's waits, `scale` times as short, as far as a machine can follow. */
export function engineAtTimeScale(scale: number): EngineSettings {
  const compress = compression(scale);
  return {
    ...standardSettings,
    ackWaitMs: compress(standardSettings.ackWaitMs, 5_000),
    sweepEveryMs: compress(standardSettings.sweepEveryMs, 1_000),
    sweepGraceMs: compress(standardSettings.sweepGraceMs, 1_000),
    breaker: {
      windowMs: compress(standardBreaker.windowMs, 1_000),
      probeAfterMs: compress(standardBreaker.probeAfterMs, 500),
      resumeGapMs: compress(standardBreaker.resumeGapMs, 1),
    },
  };
}

/** The time in which each vehicle is looked at once, `scale` times as short; null where it never is. */
export function reconciliationAtTimeScale(scale: number, everyMs: number): number | null {
  return everyMs === 0 ? null : compression(scale)(everyMs, 1_000);
}

/** The limit of contradictions, its window `scale` times as short: a day, or 24 looks where those take longer. */
export function contradictionsAtTimeScale(
  scale: number,
  everyMs: number | null,
  repeatMax: number,
): ContradictionLimit {
  const { windowMs } = standardContradictions;
  return {
    repeatMax,
    windowMs: Math.max(compression(scale)(windowMs, 1_000), 24 * (everyMs ?? 0)),
  };
}

/**
 * Waits of notifications, divided by `scale`; `tryMaxMs` is the time-out of one try, `mailMax` the e-mails per address and
 * day (0: no limit).
 */
export function dispatchAtTimeScale(
  scale: number,
  tryMaxMs: number,
  mailMax: number = standardAddressLimit.max,
): DispatchSettings {
  const compress = compression(scale);
  const windowMs = compress(standardAddressLimit.windowMs, 1_000);
  // Half a claim is what a try may take, and a channel's own time-out has to come first: what is given up here while
  // the channel still sends goes out twice.
  const claimMs = 2 * tryMaxMs + 2_000;
  return {
    ...standardDispatch,
    retryBaseMs: compress(standardDispatch.retryBaseMs, 50),
    retryMaxMs: compress(standardDispatch.retryMaxMs, 1_000),
    claimMs,
    pollMs: claimMs,
    perAddress: mailMax === 0 ? null : { max: mailMax, windowMs },
  };
}

/** The waits between two tries of a callback, `scale` times as short. */
export function callbackRetryAtTimeScale(scale: number): CallbackRetry {
  const compress = compression(scale);
  const { callbackRetry } = apiIotDefaults;
  return {
    ...callbackRetry,
    baseDelayMs: compress(callbackRetry.baseDelayMs, 50),
    maxDelayMs: compress(callbackRetry.maxDelayMs, 1_000),
  };
}

function compression(scale: number): (ms: number, leastMs: number) => number {
  return (ms, leastMs) => Math.max(leastMs, Math.round(ms / scale));
}
