import { standardSla } from './support-settings.ts';
import type { Sla, SlaTimes } from './ticket-work.ts';

const unitMs = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const mostMs = 365 * unitMs.d;

function timeOf(text: string): number | null {
  const [, count = '', unit = ''] = /^(\d{1,5})(min|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit as keyof typeof unitMs] ?? 0);
  return ms > 0 && ms <= mostMs ? ms : null;
}

function timesOf(text: string): SlaTimes | null {
  const [response = '', resolution = '', ...rest] = text.split('/');
  const [responseMs, resolutionMs] = [timeOf(response), timeOf(resolution)];
  if (responseMs === null || resolutionMs === null || rest.length > 0 || responseMs > resolutionMs)
    return null;
  return { responseMs, resolutionMs };
}

/**
 * Reads `HIGH=4h/24h,MEDIUM=8h/72h`: how soon a ticket of each priority is taken up, and how soon it is resolved, in `min`, `h` or `d`.
 * A priority that is left out keeps its standard times. Null: it cannot be read.
 */
export function readSla(text: string): Sla | null {
  const given: Partial<Record<keyof Sla, SlaTimes>> = {};
  for (const part of text.split(',')) {
    const [, priority = '', times = ''] = /^\s*(HIGH|MEDIUM)=(\S+)\s*$/.exec(part) ?? [];
    const read = timesOf(times);
    if (read === null || Object.hasOwn(given, priority)) return null;
    given[priority as keyof Sla] = read;
  }
  return { ...standardSla, ...given };
}
