import { visibleText } from '../../shared/protocol/plain-text.ts';
import { againText, conclusionText, footnotes, runTitle, settingsText } from './conclusion.ts';
import { namedFacts } from './fact-rows.ts';
import { cell, tableRows } from './markdown-table.ts';
import type { RunReport } from './run-report.ts';
import { uncompressedTime } from './scenario-time.ts';
import { inScenarioTime } from './shown-report.ts';

/** A CI summary takes a megabyte; a reader takes a page. */
const failedMax = 20;
const violationsMax = 5;

/** The report for a CI summary: the verdict, then the broken rules, then the statistics. */
export function markdownReport(measured: RunReport): string {
  const report = inScenarioTime(measured);
  const { ok, replay } = report;
  const settings = settingsText(report);
  const lines = [
    `## ${ok ? '✅' : '❌'} ${runTitle(report)}`,
    '',
    ...(report.description === null ? [] : [cell(report.description), '']),
    `**${conclusionText(report)}** ${report.vehicles} vehicles, ${report.purchases} purchases, ${uncompressedTime(report.tookMs)}.${settings === null ? '' : ` ${settings}.`}`,
    '',
    `${againText(report)}: \`${replay}\``,
    '',
    ...tableRows(
      ['', 'Rule', 'Examined'],
      report.checks.map(({ id, title, ok: holds, examined }) => [
        markOf(holds, report.expectedRules.includes(id)),
        `${id}. ${title}`,
        `${examined}`,
      ]),
    ),
    ...(report.expectations.length === 0
      ? []
      : tableRows(
          ['', 'Expectation', 'Found'],
          report.expectations.map((one) => [markOf(one.ok, true), one.text, one.found]),
        )),
    ...violations(report),
    ...tableRows(
      ['Figure', ''],
      namedFacts(report).map(([name, text]) => [name, text]),
    ),
    ...failures(report),
    ...footer(report),
  ];
  // A vehicle's own words stand in it.
  return `${visibleText(lines.join('\n')).trimEnd()}\n`;
}

function markOf(isOk: boolean, isExpected: boolean): string {
  if (isOk) return '✅';
  return isExpected ? '❌' : '➖';
}

function violations({ checks }: RunReport): string[] {
  return checks
    .filter(({ ok }) => !ok)
    .flatMap(({ id, violations: found, violationCount }) => {
      const shown = found.slice(0, violationsMax);
      const more = violationCount - shown.length;
      return [
        `### Rule ${id}`,
        '',
        ...shown.map((text) => `- ${cell(text)}`),
        ...(more > 0 ? [`- and ${more} more`] : []),
        '',
      ];
    });
}

function failures({ activations }: RunReport): string[] {
  const failed = activations.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return [];
  const more = failed.length - failedMax;
  return [
    `<details><summary>${failed.length} failed activations</summary>`,
    '',
    ...tableRows(
      ['Purchase', 'Vehicle', 'Service', 'Attempts', 'Took', 'Why'],
      failed
        .slice(0, failedMax)
        .map(({ purchase, vin, service, attempts, tookMs, failure }) => [
          purchase,
          vin,
          service,
          `${attempts}`,
          tookMs === null ? '' : uncompressedTime(tookMs),
          failure ?? '',
        ]),
    ),
    ...(more > 0 ? [`and ${more} more`, ''] : []),
    '</details>',
    '',
  ];
}

function footer(report: RunReport): string[] {
  const { versions, bus } = report;
  const parts = [
    ...footnotes(report),
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
  ];
  if (bus !== null) parts.push(`bus ${bus}`);
  return parts.length === 0 ? [] : [`<sub>${parts.join(' · ')}</sub>`];
}
