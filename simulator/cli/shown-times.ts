import { isoText } from '../../shared/protocol/instant.ts';

/** How our JSON calls instants: `requestedAt`, `validUntil`, `validFrom`, or alone. */
const instantNames = /(^at|^until|^from|At|Until|From)$/;
/** Epoch milliseconds from the year 2001 on; a smaller number is none. */
const leastInstant = 1e12;

/** The same with every instant as an ISO 8601 text, for people to read. */
export function withShownTimes(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withShownTimes(item, name));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withShownTimes(item, key)]));
  }
  const isInstant = typeof value === 'number' && value >= leastInstant && instantNames.test(name);
  return isInstant ? isoText(value) : value;
}
