import { html, Markup } from '../../../shared/html/markup.ts';
import { isoText } from '../../../shared/protocol/instant.ts';
import {
  contentPolicy,
  inlineScript,
  type TimelineFiles,
  timelinePlace,
} from '../../timeline/timeline-files.ts';
import { againText, conclusionText, footnotes, runTitle, settingsText } from '../conclusion.ts';
import { reportTimeline } from '../report-timeline.ts';
import type { RunReport } from '../run-report.ts';
import { uncompressedTime } from '../scenario-time.ts';
import { inScenarioTime } from '../shown-report.ts';
import { moneyChart } from './money-chart.ts';
import { retriesChart } from './retries-chart.ts';
import { style } from './style.ts';
import {
  activationsTable,
  courseDetails,
  expectationsTable,
  factsTable,
  faultsTable,
  rulesTable,
} from './tables.ts';
import { courseChart, waitsChart } from './time-charts.ts';

/**
 * Returns the report as one file that opens without a network: no font, script or picture from elsewhere. With the files of the
 * timeline it draws the courses of its activations too.
 */
export function htmlReport(measured: RunReport, files: TimelineFiles | null = null): string {
  const report = inScenarioTime(measured);
  const timeline = files && reportTimeline(report);
  const scripts = files && timeline ? [files.script] : [];
  const sheet = files && timeline ? `${style}\n${files.style}` : style;
  const title = runTitle(report);
  const settings = settingsText(report);
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${contentPolicy([sheet], scripts)}
<title>${title}: ${report.ok ? 'passed' : 'failed'}</title>
<style>${new Markup(sheet)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${report.description === null ? null : html`<p>${report.description}</p>`}
<p class="verdict ${report.ok ? 'good' : 'bad'}">${report.ok ? '✓' : '✗'} ${conclusionText(report)}</p>
<p>${report.vehicles} vehicles, ${report.purchases} purchases, ${uncompressedTime(report.tookMs)}.${settings === null ? '' : ` ${settings}.`}</p>
<p>${againText(report)}: <code>${report.replay}</code></p>
</header>
<main>
${section('verdict', 'Rules and expectations', [rulesTable(report), expectationsTable(report)])}
${section('figures', 'Figures', [factsTable(report)])}
${section('course', 'Activations over time', [courseChart(report), legend])}
${section('waits', 'Time to active', [waitsChart(report)])}
${section('retries', 'Attempts', [retriesChart(report)])}
${section(
  'money',
  'Money',
  Object.entries(report.money).map(([currency, totals]) => moneyChart(currency, totals)),
)}
${timeline && section('timeline', 'Timeline', [timelinePlace('activations', timeline, noScript)])}
${section('faults', 'What went wrong on purpose', [faultsTable(report)])}
${section('failed', 'Failed activations', courses(report, 'failed'))}
${section('slow', 'Slowest activations', courses(report, 'slow'))}
${section('all', 'Every purchase', [activationsTable(report)])}
</main>
<footer>
<p class="soft">${footer(report)}</p>
</footer>
${scripts.map(inlineScript)}
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}

const noScript = html`<p class="soft">Each activation stands below as a list; the drawing needs a script.</p>`;

const legend = html`<ul class="legend">
<li>dashed: asked for</li>
<li>solid: active</li>
<li>dotted: failed</li>
<li>shaded: a service has a fault</li>
</ul>`;

/** An empty section shows a sentence instead. */
function section(id: string, title: string, content: readonly (Markup | null)[]): Markup {
  const shown = content.filter((part) => part !== null);
  return html`<section>
<h2 id="${id}">${title}</h2>
${shown.length > 0 ? shown : html`<p class="soft">None.</p>`}
</section>`;
}

function courses(report: RunReport, why: 'failed' | 'slow'): Markup[] {
  return report.courses.filter((course) => course.why === why).map((course) => courseDetails(course, report));
}

function footer(report: RunReport): string {
  const { versions, bus, startedAt, seed } = report;
  const parts = [
    ...footnotes(report),
    ...(seed === null ? [] : [`Seed ${seed}`]),
    `began ${isoText(startedAt)}`,
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
    ...(bus === null ? [] : [`bus ${bus}`]),
  ];
  return `${parts.join(' · ')}.`;
}
