/** Requests by one link that one process answers within a minute. */
export const pageRequestsMax = 60;
const windowMs = 60_000;
/** Links that are counted at once; beyond it counting begins again. */
const countedMax = 10_000;

/** Counts requests by the token of their link. Returns the seconds to wait of one beyond the limit, or null: it may be answered. */
export function pageLimit(): (token: string, now: number) => number | null {
  const counts = new Map<string, { count: number; endsAt: number }>();
  return (token, now) => {
    const known = counts.get(token);
    const counted = known !== undefined && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
    if (counts.size >= countedMax) counts.clear();
    counts.set(token, counted);
    counted.count += 1;
    return counted.count <= pageRequestsMax ? null : Math.ceil((counted.endsAt - now) / 1_000);
  };
}
