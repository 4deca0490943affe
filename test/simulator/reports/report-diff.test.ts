import { expect, test } from 'vitest';
import { diffReports, diffText, isWorse } from '../../../simulator/reports/report-diff.ts';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import { readSavedReport, type SavedReport } from '../../../simulator/reports/saved-report.ts';
import { failedReport, passedReport } from './sample-report.ts';

/** As `--json` writes it and `report diff` reads it. */
function saved(report: RunReport): SavedReport {
  const reading = readSavedReport(JSON.stringify(report));
  if (!reading.ok) throw new Error(reading.reason);
  return reading.report;
}

test('a run is no different from itself', () => {
  const diff = diffReports(saved(passedReport()), saved(passedReport()));
  expect(diffText(diff)).toBe('sample, seed 7 → sample, seed 7\nThe same: no difference.\n');
  expect(isWorse(diff)).toBe(false);
});

test('newly broken rules come first, then statistics, then purchases with another outcome', () => {
  const before = passedReport();
  const after = {
    ...failedReport(),
    outcomes: { ...before.outcomes, active: 1, failed: 3 },
    timeToActiveMs: { ...before.timeToActiveMs, p95: null },
    attempts: { '1': 2, '6': 1 },
    activations: before.activations.map((line) =>
      line.purchase === 'p-003' ? { ...line, outcome: 'failed' as const, attempts: 6 } : line,
    ),
  };
  const diff = diffReports(saved(before), saved(after));
  expect(diffText(diff)).toBe(
    [
      'sample, seed 7 → sample, seed 7',
      '✗ broken now: rule 9: Every vehicle is at the highest version that it could apply',
      '✗ broken now: rule 10: No purchase, command, result, notification or event is lost between components',
      '✗ broken now: active >= 99 %',
      '  outcomes.active: 2 → 1 (-1, worse)',
      '  outcomes.failed: 2 → 3 (+1, worse)',
      '  attempts.0: 1 → 0 (-1)',
      '  attempts.1: 1 → 2 (+1, better)',
      '  attempts.2: 1 → 0 (-1, better)',
      '  timeToActiveMs.p95: 800 → none (worse)',
      '  p-003: active, 1 attempt → failed, 6 attempts',
      'Worse: 3 broken now, 0 holding again; 2 figures better, 3 worse.',
      '',
    ].join('\n'),
  );
  expect(isWorse(diff)).toBe(true);
});

test('what holds again is said and makes nothing worse', () => {
  const diff = diffReports(saved(failedReport()), saved(passedReport()));
  expect(diff.verdicts).toEqual([
    { name: 'rule 9: Every vehicle is at the highest version that it could apply', ok: true },
    {
      name: 'rule 10: No purchase, command, result, notification or event is lost between components',
      ok: true,
    },
  ]);
  expect(isWorse(diff)).toBe(false);
  expect(diffText(diff)).toMatch(
    /\nBetter: 0 broken now, 2 holding again; \d+ figures better, \d+ worse\.\n$/,
  );
});

test('reports a rule as holding again when an earlier version worded its title differently', () => {
  const before = failedReport();
  const checks = before.checks.map((check) => ({ ...check, title: `Earlier title ${check.id}` }));
  const diff = diffReports(saved({ ...before, checks }), saved(passedReport()));
  expect(diff.verdicts.map(({ name, ok }) => [name.slice(0, 8).trim(), ok])).toEqual([
    ['rule 9:', true],
    ['rule 10:', true],
  ]);
});

test('purchases of another seed are other purchases', () => {
  const other = { ...passedReport(), seed: 8, activations: [] };
  expect(diffReports(saved(passedReport()), saved(other)).purchases).toEqual([]);
});

test('of many purchases that ended otherwise twenty are shown', () => {
  const lines = (outcome: 'active' | 'failed') =>
    Array.from({ length: 25 }, (_, index) => {
      const [line] = passedReport().activations;
      if (!line) throw new Error('the sample has purchases');
      return { ...line, purchase: `p-${index}`, outcome };
    });
  const diff = diffReports(
    saved({ ...passedReport(), activations: lines('active') }),
    saved({ ...passedReport(), activations: lines('failed') }),
  );
  const text = diffText(diff).split('\n');
  expect([text.length, ...text.slice(-3)]).toEqual([
    24,
    '  and 5 more purchases',
    'Neither better nor worse: 0 broken now, 0 holding again; 0 figures better, 0 worse.',
    '',
  ]);
});

test('a file that is no report is refused with what is wrong', () => {
  expect(readSavedReport('{')).toMatchObject({ ok: false });
  expect(readSavedReport('{"scenario":"x"}')).toEqual({
    ok: false,
    reason: 'is no report of a run (seed: write a number)',
  });
});

const slower = { figure: 'timeToActiveMs.', share: 0.1, said: '--max-slower 10%' };
/** The passed run with another 95th percentile. */
function withP95(p95: number) {
  const report = passedReport();
  return saved({ ...report, timeToActiveMs: { ...report.timeToActiveMs, p95 } });
}

test('a figure beyond its limit is named with how much worse it is, and makes the run worse', () => {
  const { p95 } = passedReport().timeToActiveMs;
  expect(p95).toBe(800);
  const diff = diffReports(withP95(800), withP95(1_000), [slower]);
  expect(diffText(diff)).toBe(
    [
      'sample, seed 7 → sample, seed 7',
      '✗ beyond --max-slower 10%: timeToActiveMs.p95, 25 % worse',
      '  timeToActiveMs.p95: 800 → 1000 (+200, worse)',
      'Worse: 0 broken now, 0 holding again; 0 figures better, 1 worse; 1 beyond a limit.',
      '',
    ].join('\n'),
  );
  expect([isWorse(diff), diff.conclusion]).toEqual([true, 'worse']);
});

test('a figure within its limit counts as the same, for better and for worse', () => {
  for (const p95 of [880, 720]) {
    const diff = diffReports(withP95(800), withP95(p95), [slower]);
    expect(diffText(diff)).toMatch(
      /\nThe same: 0 broken now, 0 holding again; 0 figures better, 0 worse\.\n$/,
    );
    expect([isWorse(diff), diff.conclusion]).toEqual([false, 'same']);
  }
  expect(diffReports(withP95(800), withP95(719), [slower]).conclusion).toBe('better');
});

test('without a limit a worse figure alone is said, and fails nothing', () => {
  const diff = diffReports(withP95(800), withP95(1_000));
  expect([isWorse(diff), diff.conclusion]).toEqual([false, 'worse']);
});

test('a limit of one figure comes before that of its group, and none worsens from 0', () => {
  const own = { figure: 'timeToActiveMs.p95', share: 0.5, said: '--max-worse timeToActiveMs.p95=50%' };
  expect(diffReports(withP95(800), withP95(1_000), [own, slower]).exceeded).toEqual([]);
  const failures = { figure: 'outcomes.failed', share: 10, said: '--max-worse outcomes.failed=1000%' };
  const report = passedReport();
  const none = saved({ ...report, outcomes: { ...report.outcomes, failed: 0 } });
  const one = saved({ ...report, outcomes: { ...report.outcomes, failed: 1 } });
  expect(diffReports(none, one, [failures]).exceeded).toEqual([
    { name: 'outcomes.failed', before: 0, after: 1, limit: '--max-worse outcomes.failed=1000%' },
  ]);
});
