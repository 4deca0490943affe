import type { Scenario } from './scenario.ts';

/** Telemetry is never sent more often than this, so that a compressed run does not drown in it. */
const telemetryLeastMs = 1_000;
/** A Retry-After has whole seconds. */
const retryAfterLeastSeconds = 1;

/** Whether all times of the file are the scenario's own, and not those of a compressed run. */
export function hasOwnTimes({ times }: Pick<Scenario, 'times'>): boolean {
  return times === 'scenario';
}

/**
 * Returns the scenario with its times as a run at its `timeScale` has them. Constants, connectivity and recorded outages are
 * real times in every file; `slackMs` is the machine's, which no compression makes faster.
 */
export function inRunTimes(scenario: Scenario): Scenario {
  if (!hasOwnTimes(scenario)) return scenario;
  const { timeScale, telemetryEveryMs, purchases, faults, actions } = scenario;
  const compress = (ms: number) => Math.sign(ms) * Math.max(1, Math.round(Math.abs(ms) / timeScale));
  return {
    ...scenario,
    telemetryEveryMs: Math.max(telemetryLeastMs, compress(telemetryEveryMs)),
    purchases: withTimes(purchases, compress),
    faults: withTimes(faults, compress),
    ...(actions ? { actions: withTimes(actions, compress) } : {}),
  };
}

/** Returns the value with each duration in it changed: numbers whose name ends with Ms, and ranges of them. */
function withTimes<Value>(value: Value, compress: (ms: number) => number, name = ''): Value {
  if (typeof value === 'number') {
    if (name.endsWith('Ms') && value !== 0) return compress(value) as Value;
    if (name === 'retryAfterSeconds')
      return Math.max(retryAfterLeastSeconds, Math.round(compress(value * 1_000) / 1_000)) as Value;
    return value;
  }
  if (Array.isArray(value)) return value.map((item) => withTimes(item, compress, name)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withTimes(inner, compress, key)]),
  ) as Value;
}
