/** No time of a run is longer than two weeks: what is longer would never end, and a live timer holds 24 days at most. */
export const runMsMax = 14 * 86_400_000;
/** No real time is longer than a year. */
export const realMsMax = 366 * 86_400_000;
