import type { Mail } from '../../shared/ports/mailer.ts';
import type { Push, PushSubscription } from '../../shared/ports/pusher.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { visibleLine, visibleText, withoutLinks } from '../../shared/protocol/plain-text.ts';
import type { NoticeRow } from '../store/schema.ts';
import { type Language, localTime, type NoticeLanguages, shippedLanguages } from './language.ts';
import type { NoticeData } from './notice-data.ts';
import { lifeNoticeKinds, noticeTable, supportNoticeKinds } from './notice-table.ts';
import { compileTemplate, type Template, TemplateFault, type TemplateView } from './template.ts';

type RenderableNotice = Pick<NoticeRow, 'id' | 'kind' | 'channel' | 'data'>;

/** Rendered notification: one of the two, by its channel. */
export interface Rendered {
  readonly mail?: Mail;
  readonly push?: Push;
}

/** `link` takes the place of the one that the notification was saved with. */
export type Render = (notice: RenderableNotice, link?: string) => Rendered;

/** The texts of one kind in one language. */
interface Texts {
  readonly subject: Template;
  readonly text: Template;
  readonly html: Template;
  readonly pushTitle: Template;
  readonly pushBody: Template;
}

/** A push of 4,096 bytes is the most that a push service must take (RFC 8030 section 7.2); this leaves room for the rest. */
const pushBodyMax = 500;

function readFile(readText: (name: string) => string, file: string): string {
  try {
    return readText(file).replaceAll('\r\n', '\n');
  } catch (error) {
    throw new TemplateFault(`The notification template ${file} cannot be read: ${fileErrorText(error)}.`);
  }
}

/** A file of the shape: first line, empty line, the rest. */
function splitFile(
  file: string,
  source: string,
  shape: RegExp,
  wanted: string,
): [first: string, rest: string] {
  const parts = shape.exec(source);
  if (parts?.[1] === undefined || parts[2] === undefined)
    throw new TemplateFault(`The notification template ${file} is malformed: ${wanted}.`);
  return [parts[1], parts[2]];
}

function loadTexts(readText: (name: string) => string, language: Language, kind: NoticeRow['kind']): Texts {
  const base = `${language}/${kind.replaceAll('_', '-')}`;
  const textFile = `${base}.text.mustache`;
  const [subject, text] = splitFile(
    textFile,
    readFile(readText, textFile),
    /^Subject: (.+)\n\n([\s\S]+)$/,
    'its first line is "Subject: …", and an empty line and the text follow',
  );
  const pushFile = `${base}.push.mustache`;
  const [title, body] = splitFile(
    pushFile,
    readFile(readText, pushFile),
    /^(.+)\n\n([\s\S]+)$/,
    'its first line is the title, and an empty line and the body follow',
  );
  const htmlFile = `${base}.html.mustache`;
  return {
    subject: compileTemplate(textFile, subject, 'text'),
    text: compileTemplate(textFile, text, 'text'),
    html: compileTemplate(htmlFile, readFile(readText, htmlFile), 'html'),
    pushTitle: compileTemplate(pushFile, title, 'text'),
    pushBody: compileTemplate(pushFile, body, 'text'),
  };
}

/** One line: what a customer typed must not become a header of its own. */
const oneLine = (text: string) => visibleLine(text).replace(/ {2,}/g, ' ');

/** The address is not verified: a name that a customer chose must not carry a link to the owner of the address. */
const nameLengthMax = 80;
const shownName = (name: string) => withoutLinks(visibleLine(name)).slice(0, nameLengthMax);

function viewOf(data: NoticeData): TemplateView {
  const { language, timeZone = 'UTC', timestamp, appointment, settleBy, activeUntil } = data;
  const shown = (instant: string) => localTime(instant, language, timeZone);
  return {
    ...data,
    timestamp: shown(timestamp),
    ...(appointment === undefined ? {} : { appointment: shown(appointment) }),
    ...(settleBy === undefined ? {} : { settleBy: shown(settleBy) }),
    ...(activeUntil === undefined ? {} : { activeUntil: shown(activeUntil) }),
    serviceName: visibleLine(data.serviceName),
    contact: visibleLine(data.contact),
    ...(data.reference === undefined ? {} : { reference: visibleLine(data.reference) }),
    customerName: shownName(data.customerName),
    vehicleModel: shownName(data.vehicleModel),
    ...(data.message === undefined ? {} : { message: visibleText(data.message) }),
    ...(data.workshop === undefined ? {} : { workshop: visibleLine(data.workshop) }),
    onDelivery: data.capture === 'on_delivery',
    isDisputeLost: data.isDisputeLost ?? false,
    isHeldByBank: data.isHeldByBank ?? false,
    isServiceActive: data.isServiceActive ?? false,
    endsIfLost: data.endsIfLost ?? false,
    immediately: data.capture === 'immediately',
  };
}

function renderMail(id: string, to: string, texts: Texts, view: TemplateView, domain: string): Mail {
  return {
    messageId: `${id}@${domain}`,
    to,
    subject: oneLine(texts.subject(view)),
    text: texts.text(view),
    html: texts.html(view),
  };
}

function renderPush(id: string, subscription: string, texts: Texts, view: TemplateView): Push {
  return {
    subscription: JSON.parse(subscription) as PushSubscription,
    payload: JSON.stringify({
      title: oneLine(texts.pushTitle(view)),
      body: oneLine(texts.pushBody(view)).slice(0, pushBodyMax),
      url: view.link,
      noticeId: id,
    }),
    // The end of an identifier is what tells it from the others.
    topic: id.replace(/[^A-Za-z0-9_-]/g, '').slice(-32),
  };
}

/**
 * Compiles every template at start. `readText` gets names such as `en/activation-failed.text.mustache`, relative to
 * `gateway/notifications/templates`. Throws `TemplateFault` with a sentence that names the file which is missing or
 * malformed. `domain` is the right side of every Message-ID; `languages` are those that are shipped unless given.
 */
export function loadTemplates(
  readText: (name: string) => string,
  settings: { readonly domain: string; readonly languages?: NoticeLanguages },
): Render {
  const all = new Map<string, Texts>();
  for (const language of Object.keys(settings.languages ?? shippedLanguages)) {
    const kinds = [...noticeTable.map(({ kind }) => kind), ...lifeNoticeKinds, ...supportNoticeKinds];
    for (const kind of kinds) all.set(`${language}/${kind}`, loadTexts(readText, language, kind));
  }
  return (notice, link) => {
    const saved = JSON.parse(notice.data) as NoticeData;
    const data = link === undefined ? saved : { ...saved, link };
    // The language of a waiting notification may have been removed from the templates.
    const texts = all.get(`${data.language}/${notice.kind}`) ?? all.get(`en/${notice.kind}`);
    if (texts === undefined) throw new Error(`no template for ${notice.kind}`);
    const view = viewOf(data);
    if (notice.channel === 'email' && data.to !== undefined)
      return { mail: renderMail(notice.id, data.to, texts, view, settings.domain) };
    if (notice.channel === 'push' && data.subscription !== undefined)
      return { push: renderPush(notice.id, data.subscription, texts, view) };
    throw new Error(`notification ${notice.id} has no address for its channel ${notice.channel}`);
  };
}
