import type { RunReport } from './run-report.ts';

/**
 * Returns the report as people read it: each duration is the scenario's own time, as if the run had not been compressed. The
 * JSON report keeps the milliseconds of the run.
 */
export function inScenarioTime(report: RunReport): RunReport {
  const { timeScale, constants, timeToActiveMs, activations, courses, schedules } = report;
  if (timeScale === 1) return report;
  const whole = (ms: number) => ms * timeScale;
  const orNull = (ms: number | null) => (ms === null ? null : whole(ms));
  const { p50, p95, p99, longest } = timeToActiveMs;
  const { services, vehicles, away } = schedules;
  return {
    ...report,
    tookMs: whole(report.tookMs),
    constants: constants && {
      ...constants,
      baseDelayMs: whole(constants.baseDelayMs),
      maxDelayMs: whole(constants.maxDelayMs),
      commandTimeoutMs: whole(constants.commandTimeoutMs),
      quotaWindowMs: whole(constants.quotaWindowMs),
    },
    timeToActiveMs: { p50: orNull(p50), p95: orNull(p95), p99: orNull(p99), longest: orNull(longest) },
    activations: activations.map((line) => ({
      ...line,
      atMs: whole(line.atMs),
      tookMs: orNull(line.tookMs),
    })),
    courses: courses.map((course) => ({
      ...course,
      entries: course.entries.map((entry) => ({ ...entry, atMs: whole(entry.atMs) })),
    })),
    schedules: {
      services: services.map((one) => ({ ...one, fromMs: whole(one.fromMs), toMs: whole(one.toMs) })),
      vehicles: vehicles.map((one) => ({
        ...one,
        window: one.window && { fromMs: whole(one.window.fromMs), toMs: orNull(one.window.toMs) },
      })),
      away: away.map((step) => ({ ...step, atMs: whole(step.atMs) })),
    },
  };
}
