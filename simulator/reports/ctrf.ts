import { printable, type TestResult, type TestSuite } from './test-suite.ts';

/** Version of the CTRF specification whose fields are written (https://ctrf.io). */
const specVersion = '0.0.0';

/**
 * The Common Test Report Format: one JSON document for all suites, a test for each of their cases. Times are epoch
 * milliseconds; a case has no duration of its own, because all cases of a suite are judged from the same run.
 */
export function ctrfText(suites: readonly TestSuite[], version: string): string {
  const tests = suites.flatMap((suite) => suite.cases.map((one) => testOf(suite, one)));
  const count = (status: Status) => tests.filter((test) => test.status === status).length;
  const tookMs = (suite: TestSuite) => Math.round(suite.tookSeconds * 1_000);
  const starts = suites.map(({ startedAt = 0 }) => startedAt);
  const stops = suites.map((suite) => (suite.startedAt ?? 0) + tookMs(suite));
  const start = starts.reduce((first, one) => Math.min(first, one), starts[0] ?? 0);
  const report = {
    reportFormat: 'CTRF',
    specVersion,
    generatedBy: `fleetwake ${version}`,
    results: {
      tool: { name: 'fleetwake', version },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: 0,
        other: 0,
        suites: suites.length,
        start,
        stop: stops.reduce((last, one) => Math.max(last, one), start),
        duration: suites.reduce((sum, suite) => sum + tookMs(suite), 0),
      },
      tests,
    },
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

type Status = 'passed' | 'failed' | 'skipped';

function testOf(suite: TestSuite, { className, name, outcome }: TestResult) {
  const status: Status = typeof outcome === 'string' ? outcome : 'failed';
  const one = { name: printable(name), status, duration: 0, suite: [printable(suite.name), className] };
  const labels = { labels: suite.properties };
  if (typeof outcome === 'string') return { ...one, ...labels };
  const { message, text, kind } = outcome;
  return { ...one, message: printable(message), trace: printable(text), tags: [kind], ...labels };
}
