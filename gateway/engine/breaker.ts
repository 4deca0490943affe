import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { type CallOutcome, isSystemic, type SystemicCause } from './systemic-cause.ts';

export interface BreakerSettings {
  /** Calls of so long are looked at. */
  readonly windowMs: number;
  /** From the opening to the first probe; doubled with each probe that fails, up to four times as long. */
  readonly probeAfterMs: number;
  /** The first pause between two activations after the cause is over; it halves with each `probeAfterMs` / 10. */
  readonly resumeGapMs: number;
}

export const standardBreaker: BreakerSettings = { windowMs: 60_000, probeAfterMs: 30_000, resumeGapMs: 200 };

/** Calls that are remembered; the oldest go first. */
const rememberedMax = 400;
const probeGrowthMax = 4;

type Mode =
  | { readonly name: 'closed' }
  | {
      readonly name: 'open';
      readonly cause: SystemicCause;
      readonly since: number;
      readonly probeAt: number;
      readonly probeEveryMs: number;
      /** The activation that probes, until the next one may. */
      readonly probeId: string | null;
      /** Reads went well while it opened: only a command that is taken shows that the cause is over. */
      readonly closesBy: 'any' | 'configure';
    }
  | { readonly name: 'resuming'; readonly since: number; readonly nextAt: number };

/**
 * Keeps one systemic cause at the API IoT from ending thousands of activations. It opens on the share of calls that fail with one
 * cause; then activations wait, one at a time probes, and after a success they resume one after the other, faster and faster.
 * In memory: each engine process finds out for itself.
 */
export function breaker(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: BreakerSettings;
}) {
  const { clock, log, settings } = deps;
  let mode: Mode = { name: 'closed' };
  let calls: (CallOutcome & { readonly at: number })[] = [];
  /** When those that wait for their turn may go on. */
  const turns = new Map<string, number>();

  function observe(outcome: CallOutcome): void {
    const at = clock.now();
    if (mode.name === 'open') {
      observeOpen(mode, outcome, at);
      return;
    }
    calls = calls.filter((call) => call.at > at - settings.windowMs).slice(1 - rememberedMax);
    calls.push({ ...outcome, at });
    if (outcome.cause !== null && isSystemic(calls)) open(outcome.cause, at);
  }

  function observeOpen(
    current: Extract<Mode, { name: 'open' }>,
    { kind, cause }: CallOutcome,
    at: number,
  ): void {
    if (cause === null && (current.closesBy === 'any' || kind === 'configure')) {
      log.info('api_iot.breaker_closed', { cause: current.cause, downMs: at - current.since });
      calls = [];
      turns.clear();
      mode = { name: 'resuming', since: at, nextAt: at };
    }
  }

  function open(cause: SystemicCause, at: number): void {
    const closesBy = calls.some((call) => call.kind === 'read' && call.cause === null) ? 'configure' : 'any';
    const { probeAfterMs } = settings;
    mode = {
      name: 'open',
      cause,
      since: at,
      probeAt: at + probeAfterMs,
      probeEveryMs: probeAfterMs,
      probeId: null,
      closesBy,
    };
    // The alarm: one line for the incident, however many activations wait.
    log.error('api_iot.breaker_opened', { cause, calls: calls.length, probeAt: mode.probeAt });
  }

  function admitOne(current: Extract<Mode, { name: 'open' }>, id: string, now: number): number | null {
    if (now < current.probeAt) return current.probeId === id ? null : current.probeAt;
    const probeEveryMs = Math.min(current.probeEveryMs * 2, settings.probeAfterMs * probeGrowthMax);
    mode = { ...current, probeAt: now + current.probeEveryMs, probeEveryMs, probeId: id };
    return null;
  }

  function takeTurn(current: Extract<Mode, { name: 'resuming' }>, id: string, now: number): number | null {
    const turn = turns.get(id);
    if (turn !== undefined && turn <= now) {
      turns.delete(id);
      return null;
    }
    if (turn !== undefined) return turn;
    const halvings = Math.floor((now - current.since) / Math.max(1, settings.probeAfterMs / 10));
    const gapMs = settings.resumeGapMs / 2 ** halvings;
    if (gapMs < 1 && turns.size === 0) {
      mode = { name: 'closed' };
      return null;
    }
    const turnAt = Math.max(now, current.nextAt);
    mode = { ...current, nextAt: turnAt + Math.max(1, gapMs) };
    if (turnAt <= now) return null;
    turns.set(id, Math.ceil(turnAt));
    return Math.ceil(turnAt);
  }

  return {
    observe,
    /** Null: the activation may call the API IoT; else when to ask again. */
    admit(id: string): number | null {
      const now = clock.now();
      switch (mode.name) {
        case 'closed':
          return null;
        case 'open':
          return admitOne(mode, id, now);
        case 'resuming':
          return takeTurn(mode, id, now);
      }
    },
    /** While it is open: its cause, and when the next probe is due. */
    incident(): { readonly cause: SystemicCause; readonly since: number; readonly probeAt: number } | null {
      return mode.name === 'open' ? { cause: mode.cause, since: mode.since, probeAt: mode.probeAt } : null;
    },
  };
}

export type Breaker = ReturnType<typeof breaker>;
