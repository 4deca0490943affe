import { type Content, html, type Markup } from '../../shared/html/markup.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import { durationPhrase, localTime, shippedLanguages } from '../notifications/language.ts';
import type { Agreed, Cancellation } from '../platform/cancelling.ts';
import type { Purchase } from '../platform/purchase-view.ts';
import type { RecordEntry } from '../platform/record-view.ts';
import { pageStyle } from './page-style.ts';
import type { LinkProblem, PageLanguage, PageStatus, PageTexts } from './page-text.ts';
import { pageTexts } from './page-texts.ts';

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

function moneyText({ activation: { settlement }, capture, price }: Purchase, texts: PageTexts): string {
  const amount = formatMoney(price);
  if (settlement === null) return texts.noPayment;
  if (settlement === 'authorised' && capture === 'immediately') return texts.authorisedAtOnce(amount);
  return texts.money[settlement](amount);
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
  const texts = pageTexts[page.language];
  const status = statusOf(page.purchase);
  const [headline, explanation] = texts.status[status];
  const title = `${page.purchase.serviceName} - ${headline}`;
  const question = page.question;
  return document(page.language, title, [
    html`<p class="kind">${texts.title}</p>
<h1>${isolated(page.purchase.serviceName)}</h1>`,
    page.alert === null ? null : html`<p class="alert" role="status">${texts.cancel[page.alert]}</p>`,
    question === null ? null : questionPart(page, question, texts),
    html`<section class="card ${tones[status]}" aria-labelledby="status">
<h2 id="status">${headline}</h2>
<p>${explanation}</p>
<h3>${texts.payment}</h3>
<p>${moneyText(page.purchase, texts)}</p>
${factsPart(page, texts)}
</section>`,
    question === null ? cancelPart(page, texts) : null,
    historyPart(page, texts),
    footer(page, texts),
  ]);
}

function factsPart({ purchase, vehicleModel, language, timeZone }: PurchasePage, texts: PageTexts): Markup {
  const { entitlement, duration, price, ticketId } = purchase;
  const shown = (at: number) => localTime(isoText(at), language, timeZone);
  const rows: readonly (readonly [string, Content])[] = [
    [texts.vehicle, isolated(vehicleModel)],
    [texts.duration, durationPhrase(duration, shippedLanguages[language])],
    [texts.price, formatMoney(price)],
    [texts.bought, shown(purchase.createdAt)],
    ...(entitlement === null
      ? []
      : [
          [texts.activeFrom, shown(entitlement.validFrom)] as const,
          entitlement.end === null
            ? ([
                texts.activeUntil,
                entitlement.validUntil === null ? texts.withoutEnd : shown(entitlement.validUntil),
              ] as const)
            : ([texts.endedAt, shown(entitlement.end.at)] as const),
        ]),
    ...(ticketId === null ? [] : [[texts.reference, ticketId] as const]),
    [texts.purchase, purchase.id],
  ];
  return html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What a cancellation does to the money, as the question says it. */
function effectText({ purchase }: PurchasePage, agreed: Agreed, texts: PageTexts): string {
  const { price, activation } = purchase;
  if (agreed === 'service') return texts.cancel.service;
  if (activation.settlement === null) return texts.cancel.free;
  const isCharged = activation.settlement === 'captured' || activation.settlement === 'capturing';
  return texts.cancel[isCharged ? 'charged' : 'reserved'](formatMoney(price));
}

function questionPart(page: PurchasePage, { agreed, at, signature }: Question, texts: PageTexts): Markup {
  const { cancel } = texts;
  return html`<section class="card question" aria-labelledby="question">
<h2 id="question">${cancel.question}</h2>
<p>${effectText(page, agreed, texts)}</p>
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

function cancelPart({ cancellation }: PurchasePage, { cancel }: PageTexts): Markup | null {
  if (cancellation.kind === 'activation' || cancellation.kind === 'service')
    return html`<p><a class="button" href="?cancel">${cancel.open}</a></p>`;
  const why = cancellation.kind === 'refused' ? cancel.refused[cancellation.code] : null;
  return why === null ? null : html`<p>${why}</p>`;
}

function historyPart({ history, isHistoryCut, language, timeZone }: PurchasePage, texts: PageTexts): Markup {
  const lines = history.map(({ at, what, cause, data }) => {
    const details = detailsOf(data, { texts, shown: (when) => localTime(isoText(when), language, timeZone) });
    return html`<li><time datetime="${isoText(at)}">${localTime(isoText(at), language, timeZone)}</time>
<span class="what">${isolated(sentence(what))} ${details === '' ? null : isolated(`(${details})`)}</span>
${cause === null ? null : html`<span class="cause">${isolated(sentence(cause))}</span>`}</li>`;
  });
  return html`<section aria-labelledby="history">
<h2 id="history">${texts.history}</h2>
<ol class="history">${lines}</ol>
${isHistoryCut ? html`<p>${texts.historyCut}</p>` : null}
</section>`;
}

/** A phrase as a line of its own: its first letter is a capital one. */
const sentence = (phrase: string) => phrase.charAt(0).toUpperCase() + phrase.slice(1);

/** Amount, end and reference of a line. */
function detailsOf(
  { amountMinor, currency, validUntil, until, appointment, reference }: RecordEntry['data'],
  { texts, shown }: { readonly texts: PageTexts; readonly shown: (at: number) => string },
): string {
  const { detail } = texts;
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

function footer({ language, timeZone, contact, expiresAt }: PurchasePage, texts: PageTexts): Markup {
  return html`<footer>
<p><a href="?">${texts.refresh}</a></p>
<p>${texts.help(contact)}</p>
<p>${texts.privacy(localTime(isoText(expiresAt), language, timeZone))}</p>
</footer>`;
}

/** Field of the form that asks for a new link. */
export const newLinkField = 'new-link';

const newLinkForm = ({ newLink }: PageTexts) => html`<form method="post" action="?">
<button type="submit" name="${newLinkField}" value="yes">${newLink}</button>
</form>`;

/** Returns the document of a link that shows nothing: the reason, and what to do. */
export function problemPage(problem: LinkProblem, language: PageLanguage, contact: string): string {
  const texts = pageTexts[language];
  const [title, text] = texts.problems[problem];
  return document(
    language,
    title,
    html`<h1>${title}</h1>
<section class="card"><p>${text}</p>
${problem === 'expired' ? newLinkForm(texts) : null}</section>
<footer><p>${texts.help(contact)}</p></footer>`,
  );
}
