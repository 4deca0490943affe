import { html, Markup } from '../../shared/html/markup.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import { durationText } from '../catalogue/service.ts';
import { exportMax, type RecordExport } from './record-export.ts';
import type { RecordEntry } from './record-view.ts';

/** A contrast of 4.5 to 1 and more, on the screen in both schemes and on paper; a table's head comes again on each sheet. */
const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --soft: #56606b; --line: #d3d9e0; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --soft: #9ea8b3; --line: #3a424c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 400; } tbody th[scope=row] { min-width: 7rem; }
code { font: .85em ui-monospace, monospace; } .soft { color: var(--soft); }
@page { margin: 15mm; }
@media print { :root { --ground: #fff; --text: #000; --soft: #333; --line: #999; } body { max-width: none; padding: 0; }
  thead { display: table-header-group; } tr { break-inside: avoid; } }
`.trim();

const time = (at: number) => {
  const text = isoText(at);
  return html`<time datetime="${text}">${text.replace('T', ' ').replace('Z', ' UTC')}</time>`;
};

function orderTable({ purchase }: RecordExport): Markup {
  const { id, customerId, vin, serviceName, duration, price, status, createdAt, ticketId } = purchase;
  const facts: readonly (readonly [string, string | Markup])[] = [
    ['Purchase', id],
    ['Customer', customerId],
    ['Vehicle', vin],
    ['Service', `${serviceName}, ${durationText(duration)}`],
    ['Price', formatMoney(price)],
    ['Bought', time(createdAt)],
    ['State', status.replaceAll('_', ' ')],
    ...(ticketId === null ? [] : [['Ticket', ticketId] as const]),
  ];
  return html`<table>
<caption>What was bought</caption>
<thead><tr><th scope="col">Field</th><th scope="col">Value</th></tr></thead>
<tbody>
${facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}
</tbody>
</table>`;
}

function line({ at, what, cause, actor, type, data }: RecordEntry, isWhole: boolean): Markup {
  const details = isWhole ? html`<td><code>${type} ${JSON.stringify(data)}</code></td>` : null;
  return html`<tr><th scope="row">${time(at)}</th><td>${what}</td><td>${cause ?? '–'}</td><td>${actor}</td>${details}</tr>`;
}

function eventsTable({ events, view }: RecordExport): Markup {
  const isWhole = view === 'support';
  const heads = ['When', 'What', 'Why', 'Who', ...(isWhole ? ['Details'] : [])];
  return html`<table>
<caption>Everything that happened, the oldest first: ${events.length} lines</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${events.map((event) => line(event, isWhole))}
</tbody>
</table>`;
}

/** The record as one page that opens without a network and prints: no script, no font, no picture from elsewhere. */
export function recordPage(record: RecordExport): string {
  const title = `Record of purchase ${record.purchase.id}`;
  const cut = record.complete ? null : html`<p>Only the first ${exportMax} lines are here.</p>`;
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
${new Markup(style)}
</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="soft">The ${record.view} view, exported ${time(record.exportedAt)}.</p>
</header>
<main>
<section>
<h2>Purchase</h2>
${orderTable(record)}
</section>
<section>
<h2>Events</h2>
${cut}
${eventsTable(record)}
</section>
</main>
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}
