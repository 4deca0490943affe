import type { RunReport } from './run-report.ts';

type Judged = Pick<RunReport, 'ok' | 'checks' | 'expectedRules' | 'expectations'>;

/** The verdict in a sentence or two: `All 11 rules hold, and so do all 3 expectations.` */
export function conclusionText({ ok, checks, expectedRules, expectations }: Judged): string {
  const rules = expectedRules.length;
  if (ok) {
    const hold =
      rules === checks.length
        ? `All ${rules} rules hold`
        : rules === 1
          ? 'The expected rule holds'
          : `The ${rules} expected rules hold`;
    const so =
      expectations.length === 1 ? 'so does the expectation' : `so do all ${expectations.length} expectations`;
    return expectations.length === 0 ? `${hold}.` : `${hold}, and ${so}.`;
  }
  const broken = checks.filter((check) => !check.ok && expectedRules.includes(check.id)).length;
  const unmet = expectations.filter((expectation) => !expectation.ok).length;
  return [
    ...(broken > 0 ? [`${broken} ${broken === 1 ? 'rule is' : 'rules are'} broken.`] : []),
    ...(unmet > 0 ? [`${unmet} ${unmet === 1 ? 'expectation is' : 'expectations are'} not met.`] : []),
  ].join(' ');
}

/** Names the time scale of a compressed run. */
export function compressionText({
  timeScale,
  constants,
}: Pick<RunReport, 'timeScale' | 'constants'>): string {
  const { baseDelayMs, maxDelayMs, commandTimeoutMs, quotaLimit, quotaWindowMs } = constants;
  const figures = `back-off ${baseDelayMs} ms to ${maxDelayMs} ms, command time-out ${commandTimeoutMs} ms, ${quotaLimit} commands a vehicle in ${quotaWindowMs} ms`;
  return timeScale === 1
    ? `Time is not compressed: ${figures}`
    : `Time is compressed ${timeScale} times: ${figures}`;
}
