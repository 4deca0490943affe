import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { AppEnv } from '../http/app-env.ts';
import type { NoticeSettings } from '../notifications/notice-insertion.ts';
import { problemPage } from './page.ts';
import { pageCss } from './page-style.ts';
import type { LinkProblem, PageLanguage } from './page-text.ts';
import { pageLanguage } from './page-texts.ts';

/** A link shows nothing: which page and which status instead. */
export class NothingShown extends Error {
  readonly problem: LinkProblem;
  readonly retryAfter: number | null;

  constructor(problem: LinkProblem, retryAfter: number | null = null) {
    super(problem);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

const statuses = {
  link_sent: 202,
  unreadable: 400,
  unknown: 404,
  expired: 410,
  erased: 410,
  not_yours: 404,
  too_many: 429,
  failed: 500,
} as const satisfies Readonly<Record<LinkProblem, number>>;

/** Answers with the page of a problem, in the language that the browser asks for. */
export function refusalPage(
  context: Context<AppEnv>,
  { problem, retryAfter }: Pick<NothingShown, 'problem' | 'retryAfter'>,
  { contact }: Pick<NoticeSettings, 'contact'>,
  status: ContentfulStatusCode = statuses[problem],
): Response {
  if (retryAfter !== null) context.header('retry-after', String(retryAfter));
  return context.html(problemPage(problem, acceptedLanguage(context), contact), status);
}

/** Sets what every page has. */
export function setPageHeaders(context: Context<AppEnv>, headers: ReturnType<typeof pageHeaders>): void {
  for (const [name, value] of headers) context.header(name, value);
}

/** No script, no other host, no frame, no store, and no address of this page to the next one. */
export function pageHeaders(secrets: Pick<Secrets, 'digest'>): readonly (readonly [string, string])[] {
  const styleHash = Buffer.from(secrets.digest(pageCss), 'hex').toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return [
    ['content-security-policy', policy.join('; ')],
    ['cache-control', 'no-store'],
    ['referrer-policy', 'no-referrer'],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['x-robots-tag', 'noindex, nofollow'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
  ];
}

/** Of a visitor who is not known: as their browser asks. */
function acceptedLanguage(context: Context): PageLanguage {
  return pageLanguage(
    accepts(context, {
      header: 'Accept-Language',
      supports: ['en', 'es'],
      default: 'en',
      // A browser may name a language with its region alone: es-MX, es-419.
      match: (asked, { supports, default: other }) =>
        asked
          .filter(({ q }) => q > 0)
          .toSorted((left, right) => right.q - left.q)
          .map(({ type }) => type.split('-', 1)[0]?.toLowerCase() ?? '')
          .find((language) => supports.includes(language)) ?? other,
    }),
  );
}
