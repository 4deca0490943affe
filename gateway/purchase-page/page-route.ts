import type { Context } from 'hono';
import { z } from 'zod';
import { wallNow } from '../../shared/ports/clock.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { countedWarnings } from '../http/counted-warnings.ts';
import { type Agreed, cancelAsAgreed, readCancellation } from '../platform/cancelling.ts';
import type { PlatformDeps, PlatformPages } from '../platform/deps.ts';
import { readPurchase } from '../platform/purchase-view.ts';
import { listRecord } from '../platform/record-view.ts';
import type { CustomerRow } from '../store/schema.ts';
import { englishLine } from './english-history.ts';
import { sendNewLink } from './link-request.ts';
import { newLinkField, type PurchasePage, purchasePage, type Question } from './page.ts';
import { pageLimit } from './page-limit.ts';
import { NothingShown, pageHeaders, refusalPage, setPageHeaders } from './page-refusal.ts';
import { pageLanguage } from './page-texts.ts';
import { type LinkVerdict, type PurchaseLinks, purchasePagePath } from './purchase-link.ts';
import { spanishLine } from './spanish-history.ts';

export type PageDeps = Pick<
  PlatformDeps,
  'database' | 'catalogue' | 'clock' | 'ids' | 'engine' | 'desk' | 'secrets' | 'log'
> & { readonly links: PurchaseLinks };

const path = `${purchasePagePath}/:token`;
/** Lines of the history on the page. */
const historyMax = 500;
/** How long a question whether to cancel can be answered. */
const questionMs = 3_600_000;

/** As logs may have it: the token lets its holder in. */
const withoutToken = (path: string): string =>
  path.startsWith(`${purchasePagePath}/`) ? `${purchasePagePath}/…` : path;

/** Who opens the page, by their link. */
interface Visit {
  readonly token: string;
  readonly expiresAt: number;
  readonly customer: Pick<CustomerRow, 'id' | 'language' | 'time_zone'>;
  readonly purchaseId: string;
  readonly vehicleModel: string;
}

/** Returns the page behind the links that `links` reads, for a platform. */
export function purchasePages(links: PurchaseLinks): PlatformPages {
  return {
    mount: (app, deps) => mountPurchasePage(app, { ...deps, links }),
    loggedPath: withoutToken,
    refusal(context, { problem }, { secrets, desk }) {
      if (withoutToken(context.req.path) === context.req.path) return null;
      setPageHeaders(context, pageHeaders(secrets));
      const unreadable = new NothingShown('unreadable');
      return refusalPage(context, unreadable, desk.notices, problem.status === 413 ? 413 : 400);
    },
  };
}

/**
 * `GET` and `POST /my-purchase/TOKEN`: the page of one purchase for its customer, behind the link of a notification. HTML
 * without a script; the link is the only key to it. Every answer is a page, also a refusal. The holder of an expired link can ask
 * for a new one, which goes to the customer's address and is not shown.
 */
function mountPurchasePage(app: App, deps: PageDeps): void {
  declare(app);
  const { clock, links, log } = deps;
  const headers = pageHeaders(deps.secrets);
  const isTooMany = pageLimit();
  const warn = countedWarnings({ clock, log });
  const answer = async (context: Context<AppEnv>, visited: (visit: Visit) => Promise<Response>) => {
    setPageHeaders(context, headers);
    try {
      const now = wallNow(clock);
      const token = context.req.param('token') ?? '';
      const verdict = links.read(token, now);
      if (!verdict.ok) warn('purchase_page.link_refused', { reason: verdict.reason });
      if (!verdict.ok && verdict.reason === 'unknown') throw new NothingShown('unknown');
      const retryAfter = isTooMany(token, now);
      if (retryAfter !== null) throw new NothingShown('too_many', retryAfter);
      if (!verdict.ok) {
        if (!(await isLinkRequest(context))) throw new NothingShown('expired');
        await sendNewLink(deps, verdict);
        throw new NothingShown('link_sent');
      }
      return await visited(await visitOf(deps, token, verdict));
    } catch (error) {
      const nothing = error instanceof NothingShown ? error : new NothingShown('failed');
      if (nothing !== error)
        log.error('purchase_page.failed', {
          message: (error as Error).message,
          stack: (error as Error).stack,
        });
      return refusalPage(context, nothing, deps.desk.notices);
    }
  };
  app.get(path, (context) =>
    answer(context, async (visit) => {
      const isAsked = context.req.query('cancel') !== undefined;
      const alert = context.req.query('requested') === undefined ? null : 'requested';
      return context.html(purchasePage(await readPage(deps, visit, { isAsked, alert })));
    }),
  );
  app.post(path, (context) =>
    answer(context, async (visit) => {
      const fields = new URLSearchParams(await context.req.text());
      const alert = await cancel(deps, visit, fields);
      // The page is then a GET of its own: a reload cancels nothing again.
      if (alert === 'requested') return context.redirect('?requested', 303);
      const page = await readPage(deps, visit, { isAsked: true, alert });
      return context.html(purchasePage(page), 409);
    }),
  );
  // Other methods, and longer paths such as a link with a slash at its end.
  app.all(`${purchasePagePath}/*`, (context) => {
    setPageHeaders(context, headers);
    return refusalPage(context, new NothingShown('unknown'), deps.desk.notices);
  });
}

/** Whether the form of the page of an expired link was posted. */
async function isLinkRequest({ req }: Context<AppEnv>): Promise<boolean> {
  return req.method === 'POST' && new URLSearchParams(await req.text()).has(newLinkField);
}

/** The page is in the OpenAPI document for those who set up a proxy; the form that it posts is its own matter. */
function declare(app: App): void {
  const names = [
    'x-frame-options',
    'x-robots-tag',
    'cross-origin-opener-policy',
    'cross-origin-resource-policy',
  ];
  const headers = Object.fromEntries(names.map((name) => [name, { schema: { type: 'string' as const } }]));
  const page = { content: { 'text/html': { schema: z.string() } }, headers };
  app.openAPIRegistry.registerPath({
    path: `${purchasePagePath}/{token}`,
    method: 'get',
    tags: ['Customer page'],
    security: [],
    summary:
      'The page of a purchase for its customer, with a form that cancels it (POST); the link is the key',
    request: { params: z.object({ token: z.string().meta({ description: 'Signed; from a notification' }) }) },
    responses: {
      200: { description: 'The page', ...page },
      404: { description: 'A page: the link is not valid', ...page },
      410: { description: 'A page: the link has expired, or the personal data was erased', ...page },
      429: { description: 'A page: too many requests by this link', ...page },
    },
  });
}

const formSchema = z.object({
  agreed: z.enum(['activation', 'service']),
  /** When the question was asked, in epoch milliseconds. */
  at: z.string(),
  signature: z.string(),
});

async function visitOf(
  { database: { reader } }: PageDeps,
  token: string,
  verdict: Extract<LinkVerdict, { ok: true }>,
): Promise<Visit> {
  const purchase = await reader
    .selectFrom('purchases as p')
    .innerJoin('vehicles as v', 'v.vin', 'p.vin')
    .select(['p.id', 'p.customer_id', 'p.holder_id', 'v.model', 'v.model_name'])
    .where('p.id', '=', verdict.purchaseId)
    .executeTakeFirst();
  const owners = [purchase?.customer_id, purchase?.holder_id];
  const customerId = owners.find((id) => typeof id === 'string' && verdict.isFor(id));
  // Signed for a purchase that an older database does not have.
  if (purchase === undefined || typeof customerId !== 'string') throw new NothingShown('unknown');
  const customer = await reader
    .selectFrom('customers')
    .select(['id', 'language', 'time_zone', 'erased_at'])
    .where('id', '=', customerId)
    .executeTakeFirst();
  if (customer === undefined) throw new NothingShown('unknown');
  if (customer.erased_at !== null) throw new NothingShown('erased');
  if (customerId !== purchase.customer_id) throw new NothingShown('not_yours');
  const isHolder = (purchase.holder_id ?? customerId) === customerId;
  const vehicleModel = isHolder ? purchase.model_name : purchase.model;
  return { token, expiresAt: verdict.expiresAt, customer, purchaseId: purchase.id, vehicleModel };
}

async function readPage(
  deps: PageDeps,
  visit: Visit,
  { isAsked, alert }: { readonly isAsked: boolean; readonly alert: PurchasePage['alert'] },
): Promise<PurchasePage> {
  const { customer, purchaseId, vehicleModel, expiresAt } = visit;
  const purchase = await readPurchase(deps, purchaseId, customer.id);
  if (purchase === null) throw new NothingShown('unknown');
  const language = pageLanguage(customer.language);
  const cancellation = await readCancellation(deps, purchaseId);
  const { events, next } = await listRecord(deps.database.reader, purchaseId, {
    view: 'customer',
    limit: historyMax,
    after: 0,
    translate: language === 'es' ? spanishLine : englishLine,
  });
  const { kind } = cancellation;
  // The address may claim it of a purchase that was never cancelled.
  const isCancelled =
    kind === 'requested' ||
    (kind === 'refused' && cancellation.code === 'cancelled_before') ||
    purchase.entitlement?.end?.cause === 'cancelled';
  const agreed = kind === 'activation' || kind === 'service' ? kind : null;
  return {
    ...{ language, purchase, vehicleModel, cancellation, expiresAt },
    timeZone: customer.time_zone ?? deps.desk.notices.timeZone ?? 'UTC',
    contact: deps.desk.notices.contact,
    history: events,
    isHistoryCut: next !== null,
    question: isAsked && agreed !== null ? questionOf(deps, visit.token, agreed) : null,
    alert: alert === 'requested' && !isCancelled ? null : alert,
  };
}

const signedText = (agreed: Agreed, at: number) => `cancel ${agreed} ${at}`;

function questionOf({ clock, links }: PageDeps, token: string, agreed: Agreed): Question {
  const at = wallNow(clock);
  return { agreed, at, signature: links.signForm(token, signedText(agreed, at)) };
}

/**
 * Cancels as the posted form says. A form of another page, an old one, or one about another effect than the cancellation
 * has now changes nothing; the page then asks again.
 */
async function cancel(
  deps: PageDeps,
  { token, purchaseId }: Visit,
  fields: URLSearchParams,
): Promise<PurchasePage['alert']> {
  const parsed = formSchema.safeParse(Object.fromEntries(fields));
  if (!parsed.success) return 'again';
  const { agreed, signature } = parsed.data;
  const at = Number(parsed.data.at);
  const isOwn = deps.links.isFormOf(token, signedText(agreed, at), signature);
  if (!isOwn || wallNow(deps.clock) - at > questionMs) return 'again';
  const { kind } = await cancelAsAgreed(deps, purchaseId, agreed);
  if (kind === 'changed') return 'changed';
  return kind === 'done' ? 'requested' : null;
}
