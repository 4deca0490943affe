import { isoText } from '../../shared/protocol/instant.ts';
import { conclusionText } from './conclusion.ts';
import { type JunitCase, type JunitSuite, junitXml } from './junit-xml.ts';
import type { RunReport } from './run-report.ts';

/**
 * JUnit XML: one suite a run, one case a rule and an expectation. A failure carries the seed and the command that runs
 * the same plan again. A broken rule that the scenario does not expect to hold is a skipped case.
 */
export function junitReport(reports: readonly RunReport[]): string {
  return junitXml(reports.map(suiteOf));
}

function suiteOf(report: RunReport): JunitSuite {
  const { scenario, seed, replay, tookMs, startedAt } = report;
  return {
    name: `fleetwake ${scenario}, seed ${seed}`,
    timestamp: isoText(startedAt),
    tookSeconds: tookMs / 1_000,
    properties: { seed: String(seed), replay },
    cases: [...report.checks.map((check) => ruleCase(report, check)), ...expectationCases(report)],
  };
}

function again({ seed, replay }: RunReport): string {
  return `seed ${seed}\nreplay: ${replay}`;
}

function ruleCase(report: RunReport, check: RunReport['checks'][number]): JunitCase {
  const { id, title, ok, violations, violationCount, examined } = check;
  const one = { className: `fleetwake.${report.scenario}.rules`, name: `rule ${id}: ${title}` };
  if (ok) return { ...one, outcome: 'passed' };
  if (!report.expectedRules.includes(id)) return { ...one, outcome: 'skipped' };
  const more = violationCount - violations.length;
  const left = more > 0 ? [`and ${more} more`] : [];
  const text = [...violations, ...left, `${examined} examined`, again(report)].join('\n');
  return { ...one, outcome: { message: violations[0] ?? conclusionText(report), kind: 'rule', text } };
}

function expectationCases(report: RunReport): JunitCase[] {
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
