import type { RunReport } from './run-report.ts';
import { uncompressedTime } from './scenario-time.ts';

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

/** Returns what the report is about: `Scenario default, seed 7`, or `Log nightly` of an engine of the user's own. */
export function runTitle({ scenario, seed }: Pick<RunReport, 'scenario' | 'seed'>): string {
  return seed === null ? `Log ${scenario}` : `Scenario ${scenario}, seed ${seed}`;
}

/** Returns how the same verdict is reached once more. */
export function againText({ seed }: Pick<RunReport, 'seed'>): string {
  return seed === null ? 'The same log again' : 'The same plan again';
}

/** Returns the waits and limits of the run, in the scenario's time; null where none are known. */
export function settingsText({ constants }: Pick<RunReport, 'constants'>): string | null {
  if (constants === null) return null;
  const { baseDelayMs, maxDelayMs, commandTimeoutMs, quotaLimit, quotaWindowMs } = constants;
  return `Back-off ${uncompressedTime(baseDelayMs)} to ${uncompressedTime(maxDelayMs)}, command time-out ${uncompressedTime(commandTimeoutMs)}, ${quotaLimit} commands a vehicle in ${uncompressedTime(quotaWindowMs)}`;
}

/** Less than this is what threads and the disk take on a machine of its own. */
const notableSlowness = 1.5;

/** Returns the footnotes: how much the run was compressed, for every other time of a report is the scenario's own, and how slow the machine was. */
export function footnotes({ timeScale, tookMs, world, slowness = 1 }: RunReport): string[] {
  const notes: string[] = [];
  if (timeScale !== 1) {
    const passed = uncompressedTime(tookMs / timeScale);
    notes.push(
      `The run was compressed ${timeScale} times: it took ${passed} of ${world === 'live' ? 'real' : 'virtual'} time`,
    );
  }
  if (slowness >= notableSlowness)
    notes.push(
      `The machine was busy: work took up to ${slowness.toFixed(1)} times its processor time, and the slack of the rules is as many times as long`,
    );
  return notes;
}
