import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { isoText } from '../../../shared/protocol/instant.ts';
import { pageQuery } from '../page-query.ts';
import type { Mailbox, StoredMail } from './mailbox.ts';

/** A mail's HTML is not trusted: no script, no form, no request, and an origin of its own. */
const previewPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox";
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'";

const envelope = (mail: StoredMail) => ({
  id: mail.sequence,
  at: mail.at,
  from: mail.from,
  to: mail.to,
  messageId: mail.messageId,
});

function withMail(
  mailbox: Mailbox,
  context: Context,
  show: (mail: StoredMail) => Promise<Response>,
): Promise<Response> | Response {
  const mail = mailbox.find(Number(context.req.param('id')));
  return mail === undefined ? context.json({ error: 'No such mail is kept.' }, 404) : show(mail);
}

async function listPage(context: Context, mailbox: Mailbox, mails: readonly StoredMail[]): Promise<Response> {
  const rows = await Promise.all(
    mails.map(async (mail) => {
      const { subject } = await mail.read();
      const at = isoText(mail.at);
      return html`<tr><td>${at}</td><td>${mail.to.join(', ')}</td>
        <td><a href="messages/${mail.sequence}/html">${subject === '' ? '(no subject)' : subject}</a></td></tr>`;
    }),
  );
  const { total, kept, duplicates } = mailbox.counts();
  context.header('content-security-policy', pagePolicy);
  return context.html(html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Mail sink</title>
    <style>body{font:14px sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}</style>
    <h1>Mail sink</h1><p>${total} arrived, ${kept} kept, ${duplicates} duplicates</p>
    <table><thead><tr><th>Arrived</th><th>To</th><th>Subject</th></tr></thead><tbody>${rows}</tbody></table></html>`);
}

/**
 * What was sent, to look at: `GET /` a page, `GET /messages?to=&limit=&before=` the newest as JSON with their subjects,
 * `/messages/{id}` one with text and HTML, `/messages/{id}/html` its HTML, shut in so that it can do nothing.
 */
export function mailboxApp(mailbox: Mailbox): Hono {
  const app = new Hono();

  app.get('/', (context) => listPage(context, mailbox, mailbox.list({ limit: 50 })));

  app.get('/messages', async (context) => {
    const query = pageQuery((name) => context.req.query(name));
    if (typeof query === 'string') return context.json({ error: query }, 400);
    const mails = mailbox.list(query);
    const messages = await Promise.all(
      mails.map(async (mail) => ({ ...envelope(mail), subject: (await mail.read()).subject })),
    );
    const next = mails.length === query.limit ? (mails.at(-1)?.sequence ?? null) : null;
    return context.json({ ...mailbox.counts(), messages, next });
  });

  app.get('/messages/:id', (context) =>
    withMail(mailbox, context, async (mail) =>
      context.json({ ...envelope(mail), bytes: mail.bytes, ...(await mail.read()) }),
    ),
  );

  app.get('/messages/:id/html', (context) =>
    withMail(mailbox, context, async (mail) => {
      const content = await mail.read();
      context.header('content-security-policy', previewPolicy);
      context.header('x-content-type-options', 'nosniff');
      return context.html(content.html === '' ? html`<pre>${content.text}</pre>` : content.html);
    }),
  );
  return app;
}
