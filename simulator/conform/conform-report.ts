import { html } from '../../shared/html/markup.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { junitXml } from '../reports/junit-xml.ts';
import type { TestResult } from '../reports/test-suite.ts';
import type { ConformReport } from './conform.ts';

type Tried = ConformReport['claims'][number];

const words = { held: 'held', broken: 'BROKEN', not_testable: 'not testable' } as const;

function detailOf(one: Tried): string {
  switch (one.state) {
    case 'held':
      return '';
    case 'broken':
      return `${one.found}. Lost: ${one.guarantee}`;
    case 'not_testable':
      return one.reason;
  }
}

/** Returns a claim in a line or two, for a terminal. */
export function conformLine(one: Tried): string {
  const detail = detailOf(one);
  const line = `${words[one.state].padEnd(12)} ${one.name}: ${one.title}\n`;
  return detail === '' ? line : `${line}             ${detail}\n`;
}

/** Returns how many claims are held, broken and not testable. */
export function conformTotal({ claims, adapter, origin }: ConformReport): string {
  const count = (state: Tried['state']) => claims.filter((one) => one.state === state).length;
  return `${origin} by the adapter ${adapter}: ${count('held')} held, ${count('broken')} broken, ${count('not_testable')} not testable\n`;
}

/** Returns JUnit XML: a case for each claim; what is not testable is skipped. */
export function conformJunit({ adapter, origin, startedAt, tookMs, claims }: ConformReport): string {
  const caseOf = (one: Tried): TestResult => ({
    className: 'fleetwake.conform',
    name: `${one.name}: ${one.title}`,
    outcome:
      one.state === 'held'
        ? 'passed'
        : one.state === 'not_testable'
          ? 'skipped'
          : { message: one.found, kind: 'claim', text: detailOf(one) },
  });
  return junitXml([
    {
      name: `fleetwake conform ${adapter}`,
      startedAt,
      tookSeconds: tookMs / 1_000,
      properties: { origin },
      cases: claims.map(caseOf),
    },
  ]);
}

/** Returns one HTML page that opens offline. */
export function conformHtml(report: ConformReport): string {
  const rows = report.claims.map(
    (one) =>
      html`<tr class="${one.state}"><td>${words[one.state]}</td><td><code>${one.name}</code></td><td>${one.title}</td><td>${detailOf(one)}</td></tr>`,
  );
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><title>fleetwake conform ${report.adapter}</title>
<style>body{font:15px system-ui;margin:2rem}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}.broken td:first-child{background:#b00020;color:#fff}.held td:first-child{background:#1b6e3a;color:#fff}</style></head>
<body><h1>Claims of the specification</h1><p>${conformTotal(report).trim()}, ${isoText(report.startedAt)}</p>
<table><thead><tr><th>outcome</th><th>claim</th><th>what it says</th><th>found, and what is lost</th></tr></thead><tbody>${rows}</tbody></table></body></html>`
      .text
  }\n`;
}
