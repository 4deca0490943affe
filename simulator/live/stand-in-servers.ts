import { join } from 'node:path';
import { undoneOnFailure } from '../../gateway/live/undo.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { type Keyring, openKeyring } from '../../shared/live/keyring.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { webPushCrypto } from '../../shared/live/web-push-crypto.ts';
import type { Log } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import type { ChannelGates } from '../faults/channel-gates.ts';
import type { HttpFaults } from '../faults/http-faults.ts';
import { mailSink } from '../stand-ins/mail-sink/mail-sink.ts';
import type { Mailbox } from '../stand-ins/mail-sink/mailbox.ts';
import { mailboxApp } from '../stand-ins/mail-sink/mailbox-app.ts';
import type { Ledger } from '../stand-ins/payments/ledger.ts';
import { paymentsStandIn } from '../stand-ins/payments/payments-stand-in.ts';
import { migratePaymentsStandIn, type PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';
import type { WebhookEndpoint } from '../stand-ins/payments/webhook.ts';
import { type PushSink, pushSink } from '../stand-ins/push-sink/push-sink.ts';

/** What every stand-in on this machine needs. */
export interface StandInDeps {
  readonly dataFolder: string;
  readonly log: Log;
  /** Called once a payment request or an e-mail has had its effect, before it is answered; may delay the answer. */
  readonly onMoment?: ((where: 'payments' | 'mail', what: string) => void | Promise<void>) | undefined;
  /** Faults of the payment service, for every caller. */
  readonly paymentsFaults?: Pick<HttpFaults, 'around'> | undefined;
  /** When mail server and push service are down; without them they never are. */
  readonly channels?: ChannelGates | undefined;
}

export interface PaymentsServer {
  readonly url: string;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

export interface MailServer {
  /** With user and password. */
  readonly smtpUrl: Address;
  /** The page that shows the e-mails. */
  readonly pageUrl: string;
  readonly mailbox: Mailbox;
  close(): Promise<void>;
}

export interface PushServer {
  readonly url: string;
  readonly pushes: PushSink;
  close(): Promise<void>;
}

const http = liveHttp({ clock: wallClock, timeoutMs: 10_000 });

function openStandInKeys(dataFolder: string): Promise<Keyring<'pushSeed' | 'smtpPassword'>> {
  return openKeyring(join(dataFolder, 'stand-ins.json'), {
    pushSeed: () => systemSecrets.newToken(),
    smtpPassword: () => systemSecrets.newToken(),
  });
}

/** Starts the payment service, which keeps its payments and its ledger in `payments.db`. It accepts one API key. */
export function startPaymentsServer(
  { dataFolder, log, onMoment, paymentsFaults }: StandInDeps,
  {
    port,
    apiKey,
    webhook,
  }: {
    readonly port: number;
    readonly apiKey: string;
    /** Receives the events of disputes. */
    readonly webhook?: Omit<WebhookEndpoint, 'http'> | undefined;
  },
): Promise<PaymentsServer> {
  return undoneOnFailure(async (undo) => {
    const database = openSqlite<PaymentsStandInSchema>(join(dataFolder, 'payments.db'));
    undo(() => database.close());
    await migratePaymentsStandIn(database);
    const payments = paymentsStandIn({
      clock: wallClock,
      log,
      secrets: systemSecrets,
      database,
      ids: systemIds(),
      apiKeyDigest: systemSecrets.digest(apiKey),
      ...(webhook ? { webhook: { ...webhook, http: http.http } } : {}),
    });
    const answer = async (request: Request): Promise<Response> => {
      const response = await payments.fetch(request);
      await onMoment?.('payments', `${request.method} ${new URL(request.url).pathname}`);
      return response;
    };
    const server = await http.serve(paymentsFaults?.around(answer) ?? answer, {
      port,
      flag: '--payments-port',
    });
    return {
      url: server.origin,
      ledger: payments.ledger,
      async close() {
        await server.close();
        await database.close();
      },
    };
  });
}

/** Starts the mail server, and the page that shows what it took. E-mails are kept in memory. */
export function startMailServer(
  { dataFolder, log, onMoment, channels }: StandInDeps,
  ports: { readonly smtp: number; readonly page: number },
): Promise<MailServer> {
  return undoneOnFailure(async (undo) => {
    const { smtpPassword: password } = await openStandInKeys(dataFolder);
    const credential = { username: 'fleetwake', password };
    const mail = await mailSink({
      clock: wallClock,
      log,
      secrets: systemSecrets,
      hostname: '127.0.0.1',
      port: ports.smtp,
      credential,
      onDelivered: (id) => onMoment?.('mail', id),
      ...(channels ? { faultOf: channels.mail.meets } : {}),
    });
    undo(() => mail.close());
    const page = await http.serve(mailboxApp(mail.mailbox).fetch, { port: ports.page, flag: '--mail-port' });
    return {
      smtpUrl: new Address(`smtp://${credential.username}:${password}@127.0.0.1:${mail.port}`),
      pageUrl: page.origin,
      mailbox: mail.mailbox,
      async close() {
        await page.close();
        await mail.close();
      },
    };
  });
}

/** Starts the push service. It accepts messages of one application server (VAPID public key) and keeps them in memory. */
export async function startPushServer(
  { dataFolder, log, channels }: StandInDeps,
  { port, vapidPublicKey }: { readonly port: number; readonly vapidPublicKey: string },
): Promise<PushServer> {
  const { pushSeed: seed } = await openStandInKeys(dataFolder);
  let origin = '';
  const pushes = pushSink({
    clock: wallClock,
    log,
    secrets: systemSecrets,
    crypto: webPushCrypto,
    origin: () => origin,
    seed,
    applicationServerKey: vapidPublicKey,
    ...(channels ? { faultOf: channels.push.meets } : {}),
  });
  const server = await http.serve(pushes.fetch, { port, flag: '--push-port' });
  origin = server.origin;
  return { url: origin, pushes, close: () => server.close() };
}
