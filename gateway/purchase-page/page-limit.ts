/** Requests of one purchase's page that one process answers within a minute. */
export const pageRequestsMax = 60;
const windowMs = 60_000;
/** Purchases that are counted at once; beyond it counting begins again. */
const countedMax = 10_000;

/** Counts requests by purchase. Returns the seconds to wait of one beyond the limit, or null: it may be answered. */
export function pageLimit(): (purchaseId: string, now: number) => number | null {
  const counts = new Map<string, { count: number; endsAt: number }>();
  return (purchaseId, now) => {
    const known = counts.get(purchaseId);
    const counted = known !== undefined && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
    if (counts.size >= countedMax) counts.clear();
    counts.set(purchaseId, counted);
    counted.count += 1;
    return counted.count <= pageRequestsMax ? null : Math.ceil((counted.endsAt - now) / 1_000);
  };
}
