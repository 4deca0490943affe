import { type Content, html, type Markup } from '../../shared/html/markup.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import { durationPhrase, localTime, shippedLanguages } from '../notifications/language.ts';
import type { Agreed, Cancellation } from '../platform/cancelling.ts';
import type { Purchase } from '../platform/purchase-view.ts';
import type { RecordEntry } from '../platform/record-view.ts';
import { pageStyle } from './page-style.ts';
import {
  type LinkProblem,
  type PageLanguage,
  type PageStatus,
  type PageWords,
  pageWords,
} from './page-words.ts';

/** What the page of a purchase shows. */
export interface PurchasePage {
  readonly language: PageLanguage;
  /** IANA name. */
  readonly timeZone: string;
  readonly contact: string;
  readonly purchase: Purchase;
  readonly vehicleModel: string;
  readonly history: readonly RecordEntry[];
  readonly isHistoryCut: boolean;
  readonly cancellation: Cancellation;
  readonly expiresAt: number;
  /** The question whether to cancel, with what its form sends; null: it is not asked. */
  readonly question: Question | null;
  /** A sentence above the page about what was just asked for. */
  readonly alert: 'requested' | 'again' | 'changed' | null;
}

/** Fields of the form that cancels. */
export interface Question {
  readonly agreed: Agreed;
  readonly at: number;
  readonly signature: string;
}

type Tone = 'good' | 'wait' | 'bad' | 'quiet';
const tones: Readonly<Record<PageStatus, Tone>> = {
  pending: 'wait',
  active: 'good',
  pending_support: 'bad',
  failed_activation: 'bad',
  cancelled: 'quiet',
  payment_failed: 'wait',
  ended: 'quiet',
  declined: 'bad',
  cancelling: 'wait',
  transferred: 'quiet',
};

function statusOf({ status, serviceStatus, activation }: Purchase): PageStatus {
  // Only of these two its buyer reads no status. `transferredAt` stays when the vehicle returns to them.
  if (serviceStatus === null) return status === 'declined' ? 'declined' : 'transferred';
  return serviceStatus === 'pending' && activation.cancelRequestedAt !== null ? 'cancelling' : serviceStatus;
}

function moneyText({ activation: { settlement }, capture, price }: Purchase, words: PageWords): string {
  const amount = formatMoney(price);
  if (settlement === null) return words.noPayment;
  if (settlement === 'authorised' && capture === 'immediately') return words.authorisedAtOnce(amount);
  return words.money[settlement](amount);
}

/** Text of others: its direction must not reach beyond it. */
const isolated = (text: string) => html`<bdi>${text}</bdi>`;

function document(language: PageLanguage, title: string, body: Content): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${pageStyle}
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text;
}

/** Returns the whole document of a purchase. */
export function purchasePage(page: PurchasePage): string {
  const words = pageWords[page.language];
  const status = statusOf(page.purchase);
  const [headline, explanation] = words.status[status];
  const title = `${page.purchase.serviceName} - ${headline}`;
  const question = page.question;
  return document(page.language, title, [
    html`<p class="kind">${words.title}</p>
<h1>${isolated(page.purchase.serviceName)}</h1>`,
    page.alert === null ? null : html`<p class="alert" role="status">${words.cancel[page.alert]}</p>`,
    question === null ? null : questionPart(page, question, words),
    html`<section class="card ${tones[status]}" aria-labelledby="status">
<h2 id="status">${headline}</h2>
<p>${explanation}</p>
<h3>${words.payment}</h3>
<p>${moneyText(page.purchase, words)}</p>
${factsPart(page, words)}
</section>`,
    question === null ? cancelPart(page, words) : null,
    historyPart(page, words),
    footer(page, words),
  ]);
}

function factsPart({ purchase, vehicleModel, language, timeZone }: PurchasePage, words: PageWords): Markup {
  const { entitlement, duration, price, ticketId } = purchase;
  const shown = (at: number) => localTime(isoText(at), language, timeZone);
  const rows: readonly (readonly [string, Content])[] = [
    [words.vehicle, isolated(vehicleModel)],
    [words.duration, durationPhrase(duration, shippedLanguages[language])],
    [words.price, formatMoney(price)],
    [words.bought, shown(purchase.createdAt)],
    ...(entitlement === null
      ? []
      : [
          [words.activeFrom, shown(entitlement.validFrom)] as const,
          entitlement.end === null
            ? ([
                words.activeUntil,
                entitlement.validUntil === null ? words.withoutEnd : shown(entitlement.validUntil),
              ] as const)
            : ([words.endedAt, shown(entitlement.end.at)] as const),
        ]),
    ...(ticketId === null ? [] : [[words.reference, ticketId] as const]),
    [words.purchase, purchase.id],
  ];
  return html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What a cancellation does to the money, as the question says it. */
function effectText({ purchase }: PurchasePage, agreed: Agreed, words: PageWords): string {
  const { price, activation } = purchase;
  if (agreed === 'service') return words.cancel.service;
  if (activation.settlement === null) return words.cancel.free;
  const isCharged = activation.settlement === 'captured' || activation.settlement === 'capturing';
  return words.cancel[isCharged ? 'charged' : 'reserved'](formatMoney(price));
}

function questionPart(page: PurchasePage, { agreed, at, signature }: Question, words: PageWords): Markup {
  const { cancel } = words;
  return html`<section class="card question" aria-labelledby="question">
<h2 id="question">${cancel.question}</h2>
<p>${effectText(page, agreed, words)}</p>
${agreed === 'activation' ? html`<p>${cancel.race}</p>` : null}
<form method="post" action="?">
<input type="hidden" name="agreed" value="${agreed}">
<input type="hidden" name="at" value="${at}">
<input type="hidden" name="signature" value="${signature}">
<button type="submit">${cancel.confirm}</button>
<a class="button" href="?">${cancel.back}</a>
</form>
</section>`;
}

function cancelPart({ cancellation }: PurchasePage, { cancel }: PageWords): Markup | null {
  if (cancellation.kind === 'activation' || cancellation.kind === 'service')
    return html`<p><a class="button" href="?cancel">${cancel.open}</a></p>`;
  const why = cancellation.kind === 'refused' ? cancel.refused[cancellation.code] : null;
  return why === null ? null : html`<p>${why}</p>`;
}

function historyPart({ history, isHistoryCut, language, timeZone }: PurchasePage, words: PageWords): Markup {
  const lines = history.map(({ at, what, cause, data }) => {
    const details = detailsOf(data, { words, shown: (when) => localTime(isoText(when), language, timeZone) });
    return html`<li><time datetime="${isoText(at)}">${localTime(isoText(at), language, timeZone)}</time>
<span class="what">${isolated(sentence(what))} ${details === '' ? null : isolated(`(${details})`)}</span>
${cause === null ? null : html`<span class="cause">${isolated(sentence(cause))}</span>`}</li>`;
  });
  return html`<section aria-labelledby="history">
<h2 id="history">${words.history}</h2>
<ol class="history">${lines}</ol>
${isHistoryCut ? html`<p>${words.historyCut}</p>` : null}
</section>`;
}

/** A phrase as a line of its own: its first letter is a capital one. */
const sentence = (phrase: string) => phrase.charAt(0).toUpperCase() + phrase.slice(1);

/** Amount, end and reference of a line. */
function detailsOf(
  { amountMinor, currency, validUntil, until, appointment, reference }: RecordEntry['data'],
  { words, shown }: { readonly words: PageWords; readonly shown: (at: number) => string },
): string {
  const { detail } = words;
  return [
    typeof amountMinor === 'number' && typeof currency === 'string'
      ? formatMoney({ amountMinor, currency })
      : null,
    typeof validUntil === 'number' ? `${detail.until} ${shown(validUntil)}` : null,
    typeof until === 'number' ? `${detail.until} ${shown(until)}` : null,
    typeof appointment === 'number' ? `${detail.appointment} ${shown(appointment)}` : null,
    typeof reference === 'string' ? `${detail.reference} ${reference}` : null,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

function footer({ language, timeZone, contact, expiresAt }: PurchasePage, words: PageWords): Markup {
  return html`<footer>
<p><a href="?">${words.refresh}</a></p>
<p>${words.help(contact)}</p>
<p>${words.privacy(localTime(isoText(expiresAt), language, timeZone))}</p>
</footer>`;
}

/** Returns the document of a link that shows nothing: the reason, and what to do. */
export function problemPage(problem: LinkProblem, language: PageLanguage, contact: string): string {
  const words = pageWords[language];
  const [title, text] = words.problems[problem];
  return document(
    language,
    title,
    html`<h1>${title}</h1>
<section class="card"><p>${text}</p></section>
<footer><p>${words.help(contact)}</p></footer>`,
  );
}
