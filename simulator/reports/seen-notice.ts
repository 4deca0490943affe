import type { NoticeRow } from '../../gateway/store/schema.ts';
import type { Evidence } from './evidence.ts';

/** A message as a sink saw it, with what its own words say that it is. */
export interface SeenNotice {
  readonly at: number;
  readonly channel: 'email' | 'push';
  /** Id of the notification, from the Message-ID or the push payload. */
  readonly noticeId: string;
  readonly recipient: string;
  /** Subject of a mail, title of a push. */
  readonly headline: string;
  readonly text: string;
  /** By the headline; null: it is none that the product tells. */
  readonly kind: NoticeRow['kind'] | null;
  /** The platform's row of that id, or null. */
  readonly row: NoticeRow | null;
}

/**
 * Headlines of the specification's table "Notification Content by Event", and of the additional notifications, in the
 * shipped languages.
 */
const headlines: readonly {
  readonly kind: NoticeRow['kind'];
  readonly email: RegExp;
  readonly push: RegExp;
}[] = [
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
  {
    kind: 'activation_cancelled',
    email: /^(.+ is cancelled - You have NOT been charged|.+ está cancelado - NO se le ha cobrado)$/,
    push: /^(Order cancelled - not charged|Pedido cancelado - no cobrado)$/,
  },
  {
    kind: 'service_renewed',
    email: /^(Your .+ is renewed|Su .+ se ha renovado)$/,
    push: /^(Service renewed|Servicio renovado)$/,
  },
  {
    kind: 'reversal_failed',
    email:
      /^(Your .+ is not active - (We owe you|Your bank holds) .+|Su .+ no está activo - (Le debemos|Su banco tiene) .+)$/,
    push: /^(We owe you|Your bank holds|Le debemos|Su banco tiene) .+$/,
  },
  {
    kind: 'reversal_settled',
    email: /^(.+ has been paid back|Le hemos devuelto .+)$/,
    push: /^(Paid back|Devuelto): .+$/,
  },
  {
    kind: 'reversal_closed',
    email: /^(About .+ for .+|Acerca de .+)$/,
    push: /^(About your .+|Acerca de sus .+)$/,
  },
  {
    kind: 'capture_failed',
    email: /^(We could not charge .+|No hemos podido cobrar .+)$/,
    push: /^(Not charged|No cobrado): .+$/,
  },
  {
    kind: 'capture_settled',
    email: /^(.+ is settled|El importe de .+ está saldado)$/,
    push: /^(Settled|Saldado): .+$/,
  },
  {
    kind: 'service_cancelled',
    email: /^(Your .+ has ended|Su .+ ha terminado)$/,
    push: /^(Service ended|Servicio terminado)$/,
  },
  {
    kind: 'payment_disputed',
    email: /^(Your disputed payment of .+|Su pago disputado de .+)$/,
    push: /^(Payment disputed|Pago disputado): .+$/,
  },
  {
    kind: 'page_link',
    email: /^(A new link to your purchase of .+|Un enlace nuevo a su compra de .+)$/,
    push: /^(A new link|Un enlace nuevo)$/,
  },
  {
    kind: 'support_service_active',
    email: /^(Your .+ is now active|Su .+ ya está activo)$/,
    push: /^(Service now active|Servicio ya activo)$/,
  },
  {
    kind: 'support_workshop_visit',
    email: /^(A workshop visit is needed for your .+|Su .+ necesita una visita al taller)$/,
    push: /^(Workshop visit required|Visita al taller necesaria)$/,
  },
  {
    kind: 'support_workaround',
    email: /^(An alternative solution for your .+|Una solución alternativa para su .+)$/,
    push: /^(Alternative solution|Solución alternativa)$/,
  },
  {
    kind: 'support_question',
    email: /^(A question about your .+|Una pregunta sobre su .+)$/,
    push: /^(A question from support|Una pregunta de soporte)$/,
  },
];

/** Support says "is now active" in the same words: where two kinds could be meant, the one that the platform meant. */
function kindOf(
  channel: 'email' | 'push',
  headline: string,
  row: NoticeRow | null,
): NoticeRow['kind'] | null {
  const kinds = headlines.filter((known) => known[channel].test(headline)).map(({ kind }) => kind);
  return kinds.find((kind) => kind === row?.kind) ?? kinds[0] ?? null;
}

export function seenNotices(evidence: Evidence): SeenNotice[] {
  const rows = new Map(evidence.database.notices.map((row) => [row.id, row]));
  const mails = evidence.mails.map((mail): SeenNotice => {
    const noticeId = mail.messageId.replace(/^<|>$/g, '').split('@')[0] ?? '';
    const row = rows.get(noticeId) ?? null;
    return {
      at: mail.at,
      channel: 'email',
      noticeId,
      recipient: mail.to,
      headline: mail.subject,
      text: mail.text,
      kind: kindOf('email', mail.subject, row),
      row,
    };
  });
  const pushes = evidence.pushes.map((push): SeenNotice => {
    const row = rows.get(push.noticeId) ?? null;
    return {
      at: push.at,
      channel: 'push',
      noticeId: push.noticeId,
      recipient: push.endpoint,
      headline: push.title,
      text: push.body,
      kind: kindOf('push', push.title, row),
      row,
    };
  });
  return [...mails, ...pushes];
}
