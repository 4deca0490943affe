import junit, { type Builder } from 'junit-report-builder';
import { conclusionText } from './conclusion.ts';
import type { RunReport } from './run-report.ts';

/**
 * JUnit XML: one suite a run, one case a rule and an expectation. A failure carries the seed and the command that runs
 * the same plan again. A broken rule that the scenario does not expect to hold is a skipped case.
 */
export function junitReport(reports: readonly RunReport[]): string {
  // The package's types speak of an ES module; Node gets its CommonJS, whose one export is the builder.
  const builder = (junit as unknown as Builder).newBuilder();
  for (const report of reports) addSuite(builder, report);
  return `${builder.build().trimEnd()}\n`;
}

function addSuite(builder: Builder, report: RunReport): void {
  const { scenario, seed, replay, tookMs, startedAt } = report;
  const suite = builder
    .testSuite()
    .name(`fleetwake ${scenario}, seed ${seed}`)
    .timestamp(new Date(startedAt).toISOString())
    .time(tookMs / 1_000)
    .property('seed', String(seed))
    .property('replay', printable(replay));
  const again = `seed ${seed}\nreplay: ${replay}`;
  for (const { id, title, ok, violations, violationCount, examined } of report.checks) {
    const one = suite
      .testCase()
      .className(`fleetwake.${scenario}.rules`)
      .name(`rule ${id}: ${title}`)
      .time(0);
    if (ok) continue;
    if (!report.expectedRules.includes(id)) {
      one.skipped();
      continue;
    }
    const more = violationCount - violations.length;
    const lines = [...violations, ...(more > 0 ? [`and ${more} more`] : []), `${examined} examined`, again];
    one.failure(printable(violations[0] ?? conclusionText(report)), 'rule');
    one.stacktrace(printable(lines.join('\n')));
  }
  for (const { text, ok, found } of report.expectations) {
    const one = suite
      .testCase()
      .className(`fleetwake.${scenario}.expectations`)
      .name(printable(text))
      .time(0);
    if (ok) continue;
    one.failure(printable(`found ${found}`), 'expectation');
    one.stacktrace(printable(`expected ${text}\nfound ${found}\n${again}`));
  }
}

/** XML has no place for control characters, and what a vehicle says may have some. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '\ufffd');
}
