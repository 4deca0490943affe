import type { Clock } from '../../shared/ports/clock.ts';
import { ChannelFailure, type Mailer } from '../../shared/ports/mailer.ts';
import type { Pusher, PushSubscription } from '../../shared/ports/pusher.ts';
import { checkedMail, checkedPush } from '../../shared/protocol/channel-message.ts';
import { fieldsOf } from '../../shared/protocol/json.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import type { ChannelEffect } from '../faults/channel-gates.ts';
import type { SeenMail, SeenPush } from '../reports/evidence.ts';

export interface SinkDeps {
  /** Clock of the network: a message in transit arrives even if its sender has crashed. */
  readonly clock: Clock;
  readonly latencyMs: () => number;
  /** What meets the message, or null; `to` is the address or the endpoint. */
  readonly faultOf: (channel: 'email' | 'push', to: string) => ChannelEffect | null;
  readonly onSeen: (channel: 'email' | 'push', to: string, headline: string, noticeId: string) => void;
}

/** Longer than any try may take. */
const unansweredMs = 130_000;

/** Keys of the right form that belong to no phone: an uncompressed point, and 16 bytes. */
const testKeys = {
  p256dh: Buffer.alloc(65, 4).toString('base64url'),
  auth: Buffer.alloc(16, 1).toString('base64url'),
};

/** The customer's phone: what is pushed to it arrives readable, because nothing here is encrypted. */
export function subscriptionOf(customerId: string): PushSubscription {
  return { endpoint: `https://push.example/${customerId}`, keys: testKeys };
}

/** Mail server and push service: accept and keep messages, and fail during fault windows. */
export function newSinks(deps: SinkDeps) {
  const mails: SeenMail[] = [];
  const pushes: SeenPush[] = [];
  function hand(
    process: VirtualProcess,
    channel: 'email' | 'push',
    to: string,
    take: () => void,
  ): Promise<void> {
    return process.call(channel, async () => {
      const met = deps.faultOf(channel, to);
      await wait(deps.clock, met?.type === 'slow' ? met.latencyMs : deps.latencyMs());
      if (met?.type === 'refused') throw new ChannelFailure(`the ${channel} service is away`, false);
      if (met?.type !== 'unanswered') return take();
      if (met.isTaken) take();
      await wait(deps.clock, unansweredMs);
      throw new ChannelFailure(`the ${channel} service gave no answer`, false);
    });
  }

  return {
    mails: (): readonly SeenMail[] => mails,
    pushes: (): readonly SeenPush[] => pushes,
    mailer(process: VirtualProcess): Mailer {
      return {
        async send(mail) {
          const { messageId, to, subject, text } = checkedMail(mail);
          await hand(process, 'email', to, () => {
            mails.push({ at: deps.clock.now(), messageId, to, subject, text });
            deps.onSeen('email', to, subject, messageId);
          });
        },
        close: async () => {},
      };
    },
    pusher(process: VirtualProcess): Pusher {
      return {
        async send(push) {
          const { subscription, payload } = checkedPush(push);
          const { endpoint } = subscription;
          await hand(process, 'push', endpoint, () => {
            const { noticeId = '', title = '', body = '' } = (fieldsOf(payload) ?? {}) as Partial<SeenPush>;
            pushes.push({ at: deps.clock.now(), endpoint, noticeId, title, body });
            deps.onSeen('push', endpoint, title, noticeId);
          });
        },
      };
    },
  };
}

function wait(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(delayMs, resolve));
}
