import type { NoticeKind, NoticeRow } from '../../gateway/store/schema.ts';
import type { Evidence } from './evidence.ts';

/** A message as a sink saw it, with what its own words say that it is. */
export interface SeenNotice {
  readonly at: number;
  readonly channel: 'email' | 'push';
  /** The notice's id, out of the Message-ID or the push payload. */
  readonly noticeId: string;
  readonly recipient: string;
  /** Subject of a mail, title of a push. */
  readonly headline: string;
  readonly text: string;
  /** By the headline; null: it is none that the specification's table knows. */
  readonly kind: NoticeKind | null;
  /** The platform's row of that id, or null. */
  readonly row: NoticeRow | null;
}

/** Headlines of the specification's table "Notification Content by Event", in the languages that are shipped. */
const headlines: readonly { readonly kind: NoticeKind; readonly email: RegExp; readonly push: RegExp }[] = [
  {
    kind: 'payment_confirmed',
    email: /^(Receipt|Recibo): /,
    push: /^(Service purchased|Servicio comprado)$/,
  },
  {
    kind: 'activation_started',
    email: /^(Activating your service|Activando su servicio): /,
    push: /^(Activating|Activando)\.\.\.$/,
  },
  {
    kind: 'activation_successful',
    email: /^(Your .+ is now active|Su .+ ya está activo)$/,
    push: /^(Service ready to use|Servicio listo para usar)$/,
  },
  {
    kind: 'activation_failed',
    email:
      /^(Service activation issue - You have NOT been charged|Incidencia en la activación del servicio - NO se le ha cobrado)$/,
    push: /^(Activation issue - not charged|Incidencia en la activación - no cobrado)$/,
  },
];

function kindOf(channel: 'email' | 'push', headline: string): NoticeKind | null {
  return headlines.find((known) => known[channel].test(headline))?.kind ?? null;
}

export function seenNotices(evidence: Evidence): SeenNotice[] {
  const rows = new Map(evidence.database.notices.map((row) => [row.id, row]));
  const mails = evidence.mails.map((mail): SeenNotice => {
    const noticeId = mail.messageId.replace(/^<|>$/g, '').split('@')[0] ?? '';
    return {
      at: mail.at,
      channel: 'email',
      noticeId,
      recipient: mail.to,
      headline: mail.subject,
      text: mail.text,
      kind: kindOf('email', mail.subject),
      row: rows.get(noticeId) ?? null,
    };
  });
  const pushes = evidence.pushes.map(
    (push): SeenNotice => ({
      at: push.at,
      channel: 'push',
      noticeId: push.noticeId,
      recipient: push.endpoint,
      headline: push.title,
      text: push.body,
      kind: kindOf('push', push.title),
      row: rows.get(push.noticeId) ?? null,
    }),
  );
  return [...mails, ...pushes];
}
