import type { Clock } from '../../shared/ports/clock.ts';
import type { Log, LogFields } from '../../shared/ports/log.ts';

/** Counting begins again after this time. */
const windowMs = 60_000;
/** Kinds of warning kept; their fields come from finite sets, so this is never reached. */
const kindMax = 1_000;

/**
 * Logs what a caller can repeat at will: of each kind (event and fields) the first, tenth, hundredth … within a minute,
 * with its count.
 */
export function countedWarnings({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
  const kinds = new Map<string, { count: number; endsAt: number }>();
  return (event: string, fields: LogFields): void => {
    const key = `${event} ${JSON.stringify(fields)}`;
    const now = clock.now();
    const known = kinds.get(key);
    const kind = known && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
    if (kinds.size >= kindMax) kinds.clear();
    kinds.set(key, kind);
    kind.count += 1;
    if (Number.isInteger(Math.log10(kind.count))) log.warn(event, { ...fields, count: kind.count });
  };
}
