import { conclusionText } from './conclusion.ts';
import { ctrfText } from './ctrf.ts';
import { junitXml } from './junit-xml.ts';
import type { RunReport } from './run-report.ts';
import type { TestResult, TestSuite } from './test-suite.ts';

/** The real time that a run took, in milliseconds, where the caller knows it. */
type WallMsOf = (report: RunReport) => number | undefined;

/** JUnit XML: one suite a run, one case a rule and an expectation. */
export function junitReport(reports: readonly RunReport[], wallMsOf?: WallMsOf): string {
  return junitXml(runSuites(reports, wallMsOf));
}

/** The same suites as CTRF. The version is that of the first run. */
export function ctrfReport(reports: readonly RunReport[], wallMsOf?: WallMsOf): string {
  return ctrfText(runSuites(reports, wallMsOf), reports[0]?.versions.fleetwake ?? 'unknown');
}

/**
 * One suite a run, one case a rule and an expectation. A failure carries the seed and the command that runs the same plan again.
 * The time of a suite is the real time that its run took, where the caller knows it. A broken rule that the scenario does not
 * expect to hold is a skipped case.
 */
function runSuites(reports: readonly RunReport[], wallMsOf: WallMsOf = () => undefined): TestSuite[] {
  return reports.map((report) => suiteOf(report, wallMsOf(report) ?? report.tookMs));
}

function suiteOf(report: RunReport, wallMs: number): TestSuite {
  const { scenario, seed, replay, startedAt, description } = report;
  return {
    name: `fleetwake ${scenario}${seed === null ? '' : `, seed ${seed}`}`,
    startedAt,
    tookSeconds: wallMs / 1_000,
    properties: {
      ...(seed === null ? {} : { seed: String(seed) }),
      replay,
      ...(description === null ? {} : { description }),
    },
    cases: [...report.checks.map((check) => ruleCase(report, check)), ...expectationCases(report)],
  };
}

function again({ seed, replay }: RunReport): string {
  return [...(seed === null ? [] : [`seed ${seed}`]), `replay: ${replay}`].join('\n');
}

function ruleCase(report: RunReport, check: RunReport['checks'][number]): TestResult {
  const { id, title, ok, violations, violationCount, examined } = check;
  const one = { className: `fleetwake.${report.scenario}.rules`, name: `rule ${id}: ${title}` };
  if (ok) return { ...one, outcome: 'passed' };
  if (!report.expectedRules.includes(id)) return { ...one, outcome: 'skipped' };
  const more = violationCount - violations.length;
  const left = more > 0 ? [`and ${more} more`] : [];
  const text = [...violations, ...left, `${examined} examined`, again(report)].join('\n');
  return { ...one, outcome: { message: violations[0] ?? conclusionText(report), kind: 'rule', text } };
}

function expectationCases(report: RunReport): TestResult[] {
  return report.expectations.map(({ text, ok, found }) => ({
    className: `fleetwake.${report.scenario}.expectations`,
    name: text,
    outcome: ok
      ? 'passed'
      : {
          message: `found ${found}`,
          kind: 'expectation',
          text: `expected ${text}\nfound ${found}\n${again(report)}`,
        },
  }));
}
