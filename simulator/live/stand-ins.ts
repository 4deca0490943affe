import { closeAll, undoneOnFailure } from '../../gateway/live/undo.ts';
import type { Address } from '../../shared/protocol/address.ts';
import type { Mailbox } from '../stand-ins/mail-sink/mailbox.ts';
import type { Ledger } from '../stand-ins/payments/ledger.ts';
import type { PushSink } from '../stand-ins/push-sink/push-sink.ts';
import {
  type StandInDeps,
  startMailServer,
  startPaymentsServer,
  startPushServer,
} from './stand-in-servers.ts';

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

export interface StandInOptions extends StandInDeps {
  /** The API key that the payment service accepts. */
  readonly paymentsKey: string;
  /** Receives the events of disputes; without it there are none. */
  readonly webhook?: { readonly url: () => string | null; readonly secret: string };
  /** Only pushes of this application server are taken. */
  readonly vapidPublicKey: string;
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
  const { ports, paymentsKey: apiKey, vapidPublicKey, webhook } = options;
  return undoneOnFailure(async (undo) => {
    const payments = await startPaymentsServer(options, { port: ports.payments, apiKey, webhook });
    undo(() => payments.close());
    const mail = await startMailServer(options, { smtp: ports.smtp, page: ports.mail });
    undo(() => mail.close());
    const push = await startPushServer(options, { port: ports.push, vapidPublicKey });
    return {
      paymentsUrl: payments.url,
      smtpUrl: mail.smtpUrl,
      mailUrl: mail.pageUrl,
      pushUrl: push.url,
      ledger: payments.ledger,
      mailbox: mail.mailbox,
      pushes: push.pushes,
      stop: () => closeAll([() => push.close(), () => mail.close(), () => payments.close()]),
    };
  });
}
