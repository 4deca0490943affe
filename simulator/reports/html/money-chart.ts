import { html, type Markup } from '../../../shared/html/markup.ts';
import type { MoneyTotals } from '../run-report.ts';
import { money } from '../verdict.ts';
import { drawing, width } from './chart-frame.ts';

/** A stretch of a column of the flow. */
interface Band {
  readonly name: string;
  readonly kind: 'held' | 'taken' | 'back' | 'open';
  readonly amountMinor: number;
}

const columnWidth = 14;
const plotHeight = 150;
const gap = 26;
const top = 22;

/**
 * Where the customers' money went: what was held, or taken at once; what of it was taken and what went back; what was
 * kept in the end. Each column is as high as its amounts.
 */
export function moneyChart(currency: string, totals: MoneyTotals): Markup | null {
  const { authorisedMinor, atOnceMinor, capturedMinor, voidedMinor, refundedMinor, keptMinor } = totals;
  const askedMinor = authorisedMinor + atOnceMinor;
  if (askedMinor === 0) return null;
  const stillHeldMinor = authorisedMinor - voidedMinor - (capturedMinor - atOnceMinor);
  const columns: Band[][] = [
    [
      { name: 'held', kind: 'held', amountMinor: authorisedMinor },
      { name: 'taken at once', kind: 'taken', amountMinor: atOnceMinor },
    ],
    [
      { name: 'taken', kind: 'taken', amountMinor: capturedMinor },
      { name: 'released', kind: 'back', amountMinor: voidedMinor },
      { name: 'still held', kind: 'open', amountMinor: stillHeldMinor },
    ],
    [
      { name: 'kept', kind: 'taken', amountMinor: keptMinor },
      { name: 'refunded', kind: 'back', amountMinor: refundedMinor },
    ],
  ];
  const words = columns.flat().filter(({ amountMinor }) => amountMinor > 0);
  return drawing(
    `money-${currency.toLowerCase()}`,
    `Money flow, ${currency}`,
    `${words.map(({ name, amountMinor }) => `${name} ${money(amountMinor, currency)}`).join(', ')}.`,
    top + plotHeight + 2 * gap + 10,
    columns.map((bands, index) => columnOf(bands, index, askedMinor, currency)),
  );
}

function columnOf(bands: readonly Band[], index: number, askedMinor: number, currency: string): Markup {
  const x = 16 + index * ((width - 16) / 3);
  const drawn: Markup[] = [];
  let y = top;
  for (const { name, kind, amountMinor } of bands) {
    if (amountMinor <= 0) continue;
    const height = Math.max(3, Math.round((amountMinor / askedMinor) * plotHeight));
    drawn.push(
      html`<rect class="${kind}" x="${x}" y="${y}" width="${columnWidth}" height="${height}"/><text x="${x + columnWidth + 8}" y="${y + 12}">${name}</text><text x="${x + columnWidth + 8}" y="${y + 27}">${money(amountMinor, currency)}</text>`,
    );
    y += Math.max(height, 20) + gap - 16;
  }
  return html`<g>${drawn}</g>`;
}
