import { expect, test } from 'vitest';
import { htmlReport } from '../../../simulator/reports/html/page.ts';
import { junitReport } from '../../../simulator/reports/junit.ts';
import { markdownReport } from '../../../simulator/reports/markdown.ts';
import type { RunReport } from '../../../simulator/reports/run-report.ts';
import { terminalReport } from '../../../simulator/reports/terminal.ts';
import { failedReport, passedReport } from './sample-report.ts';

/** The whole text, in a file beside: `vitest -u` writes it again, and the change is there to be read. */
const expected = (name: string) => `./expected/${name}`;

test('JUnit XML has a case for every rule and expectation', async () => {
  await expect(junitReport([passedReport()])).toMatchFileSnapshot(expected('passed.xml'));
});

test('JUnit failures carry the seed and the replay command; a rule that is not expected is skipped', async () => {
  await expect(junitReport([failedReport()])).toMatchFileSnapshot(expected('failed.xml'));
});

test('what a vehicle says cannot break the XML', () => {
  const report = withViolation('bad \u0000\u001b[31m <tag> & ]]> end');
  const xml = junitReport([report]);
  expect(xml).toContain('message="bad \ufffd\ufffd[31m &lt;tag> &amp; ]]> end" type="rule"');
  expect(xml).toContain('<![CDATA[bad \ufffd\ufffd[31m <tag> & ]]]]><![CDATA[> end\n4 examined\n');
});

test('Markdown puts the verdict first, then the broken rules, then the statistics', async () => {
  await expect(markdownReport(passedReport())).toMatchFileSnapshot(expected('passed.md'));
  await expect(markdownReport(failedReport())).toMatchFileSnapshot(expected('failed.md'));
});

test('what a vehicle says cannot break a Markdown table', () => {
  expect(markdownReport(withViolation('a | b <script> `c`\nd'))).toContain(
    '- a \\| b \\<script\\> \\`c\\` d\n',
  );
});

test('the terminal shows expectations after the rules, and marks a broken rule that is not expected', async () => {
  await expect(terminalReport(failedReport(), { color: false })).toMatchFileSnapshot(expected('failed.txt'));
  const text = terminalReport(passedReport(), { color: false });
  expect(text.split('\n').slice(-6)).toEqual([
    '✓     active = 40 % (found 40 % (2 of 5))',
    '✓     tickets <= 2 (found 2)',
    '',
    'All 11 rules hold, and so do all 2 expectations.',
    'The run was compressed 100 times: it took 1 min of real time',
    '',
  ]);
});

test('every report says how slow the machine was, where it was', () => {
  const busy =
    'The machine was busy: work took up to 3.2 times its processor time, and the slack of the rules is as many times as long';
  const texts = (slowness: number) => {
    const report = { ...passedReport(), slowness };
    return [terminalReport(report, { color: false }), markdownReport(report), htmlReport(report)];
  };
  expect(texts(3.24).map((text) => text.includes(busy))).toEqual([true, true, true]);
  expect(texts(1.49).map((text) => text.includes('The machine was busy'))).toEqual([false, false, false]);
});

test('the page is one file with everything in it', async () => {
  await expect(htmlReport(passedReport())).toMatchFileSnapshot(expected('passed.html'));
  await expect(htmlReport(failedReport())).toMatchFileSnapshot(expected('failed.html'));
});

test('the page needs no network and runs no script', () => {
  const page = htmlReport(failedReport());
  expect(page.match(/(src|href|action)=|url\(|@import|<(script|link|img|iframe|object|base)\b/g)).toBeNull();
});

test('the page has one title of each kind, in order, a language, landmarks, and names for all scrollable parts', () => {
  const page = htmlReport(failedReport());
  expect([...page.matchAll(/<(h[1-6]|main|header|footer|html lang="en")/g)].map(([, name]) => name)).toEqual([
    'html lang="en"',
    'header',
    'h1',
    'main',
    ...Array.from({ length: 10 }, () => 'h2'),
    'footer',
  ]);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual([...new Set(ids)]);
  const named = [...page.matchAll(/aria-labelledby="([^"]+)"/g)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  expect(named.filter((name) => !ids.includes(name))).toEqual([]);
  const regions = [...page.matchAll(/role="region" aria-label="([^"]*)" tabindex="0"/g)].map(
    ([, name]) => name,
  );
  expect(regions).toEqual([...new Set(regions)]);
  expect(page.match(/class="scroll/g)).toHaveLength(regions.length);
  expect(page.match(/<svg /g)).toHaveLength(
    page.match(/<svg [^>]*role="img" aria-labelledby=/g)?.length ?? 0,
  );
});

test('what a vehicle says cannot become markup', () => {
  const page = htmlReport(withViolation('<script>alert("x")</script> & \'more\''));
  expect(page).toContain('<li>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;more&#39;</li>');
  expect(page).not.toContain('<script');
});

test('a run in which nothing happened has a page too', () => {
  const report: RunReport = {
    ...passedReport(),
    attempts: {},
    money: {},
    activations: [],
    courses: [],
    schedules: { services: [], vehicles: [], away: [] },
    timeToActiveMs: { p50: null, p95: null, p99: null, longest: null },
  };
  expect(htmlReport(report).match(/<p class="soft">None\.<\/p>/g)).toHaveLength(6);
});

/** A rule is broken in these words. */
function withViolation(text: string): RunReport {
  const report = passedReport();
  const checks = report.checks.map((check) =>
    check.id === 1 ? { ...check, ok: false, violations: [text], violationCount: 1 } : check,
  );
  return { ...report, checks, ok: false };
}

test('every format says what the scenario is for, and JUnit how long the run really took', () => {
  const report = { ...passedReport(), description: 'Two of a kind <meet>.' };
  expect(terminalReport(report, { color: false })).toContain('\nTwo of a kind <meet>.\n');
  expect(markdownReport(report)).toContain('\nTwo of a kind \\<meet\\>.\n');
  expect(htmlReport(report)).toContain('<p>Two of a kind &lt;meet&gt;.</p>');
  const xml = junitReport([report], () => 41_250);
  expect(xml).toContain('<property name="description" value="Two of a kind &lt;meet>."/>');
  expect(xml).toMatch(/<testsuite name="fleetwake sample, seed 7"[^>]* time="41.25"/);
});
