import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import webPush from 'web-push';
import { shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import type { NoticeData } from '../../gateway/notifications/notice-data.ts';
import { loadTemplates } from '../../gateway/notifications/renderer.ts';
import type { NoticeKind } from '../../gateway/store/schema.ts';
import type { Push } from '../../shared/ports/pusher.ts';
import { send } from './bare-http.ts';

export interface BareNoticesOptions {
  readonly smtpUrl: string;
  readonly from: string;
  readonly vapid: { readonly publicKey: string; readonly privateKey: string };
}

const subject = 'mailto:support@caas.example';

/** The product's words to the same customers over the same two channels, sent at once and kept nowhere. */
export function bareNotices({ smtpUrl, from, vapid }: BareNoticesOptions) {
  const templates = join(shippedCatalogueFolder(), '..', 'notifications', 'templates');
  const render = loadTemplates((name) => readFileSync(join(templates, name), 'utf8'), {
    domain: 'caas.example',
  });
  const transport = nodemailer.createTransport({ url: smtpUrl, pool: true, maxConnections: 8 }, { from });
  const signatures = new Map<string, string>();

  /** Signed once a push service, as the product does: it costs more than all the rest of a push. */
  function authorizationFor(endpoint: string): string {
    const { origin } = new URL(endpoint);
    const known = signatures.get(origin);
    if (known) return known;
    const { publicKey, privateKey } = vapid;
    const made = webPush.getVapidHeaders(origin, subject, publicKey, privateKey, 'aes128gcm');
    signatures.set(origin, made.Authorization);
    return made.Authorization;
  }

  async function push({ subscription, payload, topic }: Push): Promise<void> {
    const { endpoint, headers, body } = webPush.generateRequestDetails(subscription, payload, {
      vapidDetails: null as never,
      headers: { Authorization: authorizationFor(subscription.endpoint) },
      TTL: 86_400,
      topic,
      contentEncoding: 'aes128gcm',
    });
    await send(endpoint, headers as Record<string, string | number>, body as Buffer);
  }

  return {
    async send(id: string, kind: NoticeKind, data: NoticeData): Promise<void> {
      const text = JSON.stringify(data);
      const { mail } = render({ id: `${id}-${kind}-mail`, kind, channel: 'email', data: text });
      const { push: message } = render({ id: `${id}-${kind}-push`, kind, channel: 'push', data: text });
      await Promise.all([
        mail && transport.sendMail({ ...mail, messageId: `<${mail.messageId}>` }),
        message && push(message),
      ]);
    },
    close: () => transport.close(),
  };
}
