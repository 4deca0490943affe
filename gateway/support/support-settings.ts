import type { Roster } from './roster.ts';
import type { Sla, SlaTimes } from './ticket-work.ts';

export interface SupportSettings {
  /** How soon a technician takes a ticket up, and how soon it is resolved. */
  readonly sla: Sla;
  /** Technicians and their shifts; with none on duty, a ticket waits for the next shift. */
  readonly roster: Roster;
  /** Tickets of one cause belong to one incident when no more than this lies between one and the next. */
  readonly incidentWindowMs: number;
}

const hourMs = 3_600_000;

/** HIGH: a customer waits. Our own values; the specification says only "within defined timeframe". */
export const standardSla: Sla = {
  HIGH: { responseMs: 4 * hourMs, resolutionMs: 24 * hourMs },
  MEDIUM: { responseMs: 8 * hourMs, resolutionMs: 72 * hourMs },
};

/** Half an hour between two tickets of one cause. */
const standardIncidentWindowMs = hourMs / 2;

/** Returns the settings of a desk with this roster; `scale` divides every duration. */
export function standardSupport(roster: Roster, scale = 1, sla: Sla = standardSla): SupportSettings {
  const compress = (ms: number) => Math.max(1, Math.round(ms / scale));
  const times = ({ responseMs, resolutionMs }: SlaTimes): SlaTimes => ({
    responseMs: compress(responseMs),
    resolutionMs: compress(resolutionMs),
  });
  return {
    sla: { HIGH: times(sla.HIGH), MEDIUM: times(sla.MEDIUM) },
    roster,
    incidentWindowMs: compress(standardIncidentWindowMs),
  };
}
