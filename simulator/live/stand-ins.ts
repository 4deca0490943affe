import { join } from 'node:path';
import { undoneOnFailure } from '../../gateway/live/undo.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { openKeyring } from '../../shared/live/keyring.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { webPushCrypto } from '../../shared/live/web-push-crypto.ts';
import type { Log } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import type { ChannelGates } from '../faults/channel-gates.ts';
import { mailSink } from '../stand-ins/mail-sink/mail-sink.ts';
import type { Mailbox } from '../stand-ins/mail-sink/mailbox.ts';
import { mailboxApp } from '../stand-ins/mail-sink/mailbox-app.ts';
import type { Ledger } from '../stand-ins/payments/ledger.ts';
import { paymentsStandIn } from '../stand-ins/payments/payments-stand-in.ts';
import { migratePaymentsStandIn, type PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';
import { type PushSink, pushSink } from '../stand-ins/push-sink/push-sink.ts';

export interface StandIns {
  readonly paymentsUrl: string;
  /** With user and password. */
  readonly smtpUrl: Address;
  /** Where the mails can be looked at. */
  readonly mailUrl: string;
  readonly pushUrl: string;
  readonly ledger: Ledger;
  readonly mailbox: Mailbox;
  readonly pushes: PushSink;
  stop(): Promise<void>;
}

export interface StandInOptions {
  readonly dataFolder: string;
  /** The API key that the payment service accepts. */
  readonly paymentsKey: string;
  /** Only pushes of this application server are taken. */
  readonly vapidPublicKey: string;
  readonly log: Log;
  /** Told of a payment request or a mail once it has had its effect, and before it is answered; may hold the answer up. */
  readonly onMoment?: (where: 'payments' | 'mail', what: string) => void | Promise<void>;
  /** When mail server and push service are down; without them they never are. */
  readonly channels?: ChannelGates;
  /** 0 takes free ones. */
  readonly ports: {
    readonly payments: number;
    readonly smtp: number;
    readonly mail: number;
    readonly push: number;
  };
}

/** The services around the gateway, each on a socket of its own as the real ones are: payments with a ledger, mail, push. */
export function startStandIns(options: StandInOptions): Promise<StandIns> {
  return undoneOnFailure((undo) => start(options, undo));
}

async function start(
  options: StandInOptions,
  undo: (close: () => Promise<unknown>) => void,
): Promise<StandIns> {
  const { dataFolder, log, ports } = options;
  const keys = await openKeyring(join(dataFolder, 'stand-ins.json'), {
    pushSeed: () => systemSecrets.newToken(),
    smtpPassword: () => systemSecrets.newToken(),
  });
  const common = { clock: wallClock, log, secrets: systemSecrets };
  const http = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const database = openSqlite<PaymentsStandInSchema>(join(dataFolder, 'payments.db'));
  undo(() => database.close());
  await migratePaymentsStandIn(database);
  const payments = paymentsStandIn({
    ...common,
    database,
    ids: systemIds(),
    apiKeyDigest: systemSecrets.digest(options.paymentsKey),
  });
  const paymentsServer = await http.serve(
    async (request) => {
      const answer = await payments.fetch(request);
      await options.onMoment?.('payments', `${request.method} ${new URL(request.url).pathname}`);
      return answer;
    },
    { port: ports.payments },
  );
  undo(() => paymentsServer.close());
  const credential = { username: 'fleetwake', password: keys.smtpPassword };
  const mail = await mailSink({
    ...common,
    hostname: '127.0.0.1',
    port: ports.smtp,
    credential,
    onDelivered: (id) => options.onMoment?.('mail', id),
    ...(options.channels ? { trouble: options.channels.mail.meets } : {}),
  });
  undo(() => mail.close());
  const mailServer = await http.serve(mailboxApp(mail.mailbox).fetch, {
    port: ports.mail,
    flag: '--mail-port',
  });
  undo(() => mailServer.close());
  let pushOrigin = '';
  const pushes = pushSink({
    ...common,
    crypto: webPushCrypto,
    origin: () => pushOrigin,
    seed: keys.pushSeed,
    applicationServerKey: options.vapidPublicKey,
    ...(options.channels ? { trouble: options.channels.push.meets } : {}),
  });
  const pushServer = await http.serve(pushes.fetch, { port: ports.push });
  pushOrigin = pushServer.origin;
  return {
    paymentsUrl: paymentsServer.origin,
    smtpUrl: new Address(`smtp://${credential.username}:${credential.password}@127.0.0.1:${mail.port}`),
    mailUrl: mailServer.origin,
    pushUrl: pushOrigin,
    ledger: payments.ledger,
    mailbox: mail.mailbox,
    pushes,
    async stop() {
      await pushServer.close();
      await mailServer.close();
      await mail.close();
      await paymentsServer.close();
      await database.close();
    },
  };
}
