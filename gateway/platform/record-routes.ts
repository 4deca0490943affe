import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { z } from 'zod';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, sequenceCursorSchema } from '../http/paging.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { ownerOf } from './ownership.ts';
import { type ReadDeps, readPurchase } from './purchase-view.ts';
import { exportRecord, recordExportSchema } from './record-export.ts';
import { recordPage } from './record-page.ts';
import { type RecordView, recordViews } from './record-type.ts';
import { listRecord, recordEntrySchema, viewFor } from './record-view.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const viewSchema = z.enum(recordViews).optional().meta({
  description: "support: all of it; customer: what is for its customer, the only one for a customer's token",
});
const pageQuery = z.object({ view: viewSchema, limit: limitSchema, cursor: sequenceCursorSchema });
const exportQuery = z.object({
  view: viewSchema,
  format: z.enum(['json', 'html']).optional().meta({ description: 'Goes before the Accept header' }),
});

const routes = (requireScope: Authenticator['requireScope']) => {
  const common = { method: 'get' as const, tags: ['Purchases'], ...scoped(requireScope, 'purchases:read') };
  const problems = {
    ...readProblems,
    403: problemDoc('missing-scope, not-permitted'),
    404: problemDoc('not-found'),
  };
  return {
    page: createRoute({
      ...common,
      path: '/purchases/{id}/record',
      summary: "The purchase's record: everything that happened, oldest first",
      request: { params: idParameters, query: pageQuery },
      responses: {
        200: jsonAnswer('A page', z.object({ events: z.array(recordEntrySchema), next: nextSchema })),
        ...problems,
      },
    }),
    whole: createRoute({
      ...common,
      path: '/purchases/{id}/record/export',
      summary: 'The whole record as one document, JSON or a page that opens offline and prints',
      request: { params: idParameters, query: exportQuery },
      responses: {
        200: {
          description: 'The record',
          content: {
            'application/json': { schema: recordExportSchema },
            'text/html': { schema: z.string() },
          },
        },
        ...problems,
      },
    }),
  };
};

function viewOf(context: Context<AppEnv>, asked: RecordView | undefined): RecordView {
  const own = viewFor(ownerOf(context));
  if (own === 'customer' && asked === 'support') {
    const detail = "A customer's token reads the customer view: send view=customer, or leave it out.";
    throw problemError('not-permitted', detail);
  }
  return asked ?? own;
}

/** The page loads nothing and runs no script, even if an event's text contains HTML. */
const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

export function mountRecords(app: App, deps: ReadDeps, { requireScope }: Authenticator): void {
  const { page, whole } = routes(requireScope);
  app.openapi(page, async (context) => {
    const { id } = context.req.valid('param');
    const { view: asked, limit, cursor = 0 } = context.req.valid('query');
    const owner = ownerOf(context);
    const view = viewOf(context, asked);
    const found = await listRecord(deps.database.reader, id, { view, limit, after: cursor });
    // Every purchase has a first line, so only an empty page can belong to none.
    const isKnown = owner === null && found.events.length > 0;
    if (!isKnown && (await readPurchase(deps, id, owner)) === null) throw notFound('purchase', id);
    return context.json(found, 200);
  });
  app.openapi(whole, async (context) => {
    const { id } = context.req.valid('param');
    const { view: asked, format } = context.req.valid('query');
    const view = viewOf(context, asked);
    const record = await exportRecord(deps, id, { owner: ownerOf(context), view });
    if (record === null) throw notFound('purchase', id);
    const supports = ['application/json', 'text/html'];
    const accepted = accepts(context, { header: 'Accept', supports, default: 'application/json' });
    const isPage = format === undefined ? accepted === 'text/html' : format === 'html';
    const headers = {
      'cache-control': 'no-store',
      vary: 'Accept',
      'content-disposition': `inline; filename="record-${id}.${isPage ? 'html' : 'json'}"`,
    };
    return isPage
      ? context.html(recordPage(record), 200, { ...headers, ...pageHeaders })
      : context.json(record, 200, headers);
  });
}
