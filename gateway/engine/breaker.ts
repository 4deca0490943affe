import type { Clock } from '../../shared/ports/clock.ts';
import type { IncidentCause } from '../store/systemic-causes.ts';
import { type CallOutcome, isSystemic } from './systemic-cause.ts';

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
/** How many times as long as the first wait the longest one between two probes is. */
export const probeGrowthMax = 4;

/** What keeps activations from the API IoT, as long as it lasts. */
export interface BreakerIncident {
  readonly cause: IncidentCause;
  readonly since: number;
  /** When to ask again; nothing probes while an operator has paused the engine. */
  readonly probeAt: number;
  /** Reads went well while it opened: only a command that is taken shows that the cause is over. */
  readonly closesBy: 'any' | 'configure';
  /** Calls that were looked at when it opened. */
  readonly calls: number;
}

/** A probe that is due since `from`; when one activation has taken it, the next is due at `to`. */
export interface Probe {
  readonly from: number;
  readonly to: number;
}

interface Open {
  readonly name: 'open';
  readonly incident: BreakerIncident;
  readonly probeEveryMs: number;
  /** The activation that probes, until the next one may. */
  readonly probeId: string | null;
}
type Mode =
  | { readonly name: 'closed' }
  | Open
  | { readonly name: 'resuming'; readonly since: number; readonly nextAt: number };

/**
 * Keeps one systemic cause at the API IoT from ending thousands of activations. It opens on the share of calls that fail with one
 * cause; then activations wait, one at a time probes, and after a success they resume one after the other, faster and faster.
 * An operator's pause holds activations back in the same way, without a probe. In memory: `sharedBreaker` shares the incident with other
 * processes.
 */
export function breaker(deps: {
  readonly clock: Clock;
  readonly settings: BreakerSettings;
  /** Called when a call of this process opens or closes it. */
  readonly onOpened: (incident: BreakerIncident) => void;
  readonly onClosed: (incident: BreakerIncident) => void;
}) {
  const { clock, settings } = deps;
  let mode: Mode = { name: 'closed' };
  let calls: (CallOutcome & { readonly at: number })[] = [];
  /** When the next waiting activations may continue. */
  const turns = new Map<string, number>();

  function observe(outcome: CallOutcome): void {
    const at = clock.now();
    if (mode.name === 'open') {
      observeOpen(mode.incident, outcome);
      return;
    }
    calls = calls.filter((call) => call.at > at - settings.windowMs).slice(1 - rememberedMax);
    calls.push({ ...outcome, at });
    if (outcome.cause === null || !isSystemic(calls)) return;
    const closesBy = calls.some((call) => call.kind === 'read' && call.cause === null) ? 'configure' : 'any';
    const { cause } = outcome;
    const incident = {
      cause,
      since: at,
      probeAt: at + settings.probeAfterMs,
      closesBy,
      calls: calls.length,
    } as const;
    mode = { name: 'open', incident, probeEveryMs: settings.probeAfterMs, probeId: null };
    deps.onOpened(incident);
  }

  function observeOpen(incident: BreakerIncident, { kind, cause }: CallOutcome): void {
    if (incident.cause === 'paused') return;
    if (cause !== null || (incident.closesBy === 'configure' && kind !== 'configure')) return;
    resume();
    deps.onClosed(incident);
  }

  function resume(): void {
    const at = clock.now();
    calls = [];
    turns.clear();
    mode = { name: 'resuming', since: at, nextAt: at };
  }

  /** What is open, with when activations ask again: a pause has no probe, so it is the longest wait. */
  function asAsked({ incident }: Open): BreakerIncident {
    if (incident.cause !== 'paused') return incident;
    return { ...incident, probeAt: clock.now() + settings.probeAfterMs * probeGrowthMax };
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
    /** Null: the activation may call the API IoT; else when to ask again. A probe that is due is taken by `grantProbe`. */
    admit(id: string): number | null {
      const now = clock.now();
      switch (mode.name) {
        case 'closed':
          return null;
        case 'open':
          return mode.probeId === id && now < mode.incident.probeAt ? null : asAsked(mode).probeAt;
        case 'resuming':
          return takeTurn(mode, id, now);
      }
    },
    /** The probe that may be made now, or null. */
    probeDue(): Probe | null {
      const now = clock.now();
      if (mode.name !== 'open' || mode.incident.cause === 'paused' || now < mode.incident.probeAt)
        return null;
      return { from: mode.incident.probeAt, to: now + mode.probeEveryMs };
    },
    /** Lets one activation probe until the next probe is due. */
    grantProbe(id: string, { to }: Probe): void {
      if (mode.name !== 'open') return;
      const probeEveryMs = Math.min(mode.probeEveryMs * 2, settings.probeAfterMs * probeGrowthMax);
      mode = { ...mode, incident: { ...mode.incident, probeAt: to }, probeEveryMs, probeId: id };
    },
    /** Takes over the incident as another process knows it. */
    adopt(incident: BreakerIncident): void {
      const own = mode.name === 'open' ? mode : { probeEveryMs: settings.probeAfterMs, probeId: null };
      mode = { ...own, name: 'open', incident };
    },
    /** Lets activations continue one after the other, for another process or an operator has ended the incident. */
    resume,
    isClosed: () => mode.name === 'closed',
    /** While it is open. */
    incident: (): BreakerIncident | null => (mode.name === 'open' ? asAsked(mode) : null),
  };
}
