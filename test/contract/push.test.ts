import webPush from 'web-push';
import { wallClock } from '../../shared/live/clock.ts';
import { webPusher } from '../../shared/live/pusher.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { webPushCrypto } from '../../shared/live/web-push-crypto.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { collectPushes } from '../../simulator/reports/collect.ts';
import { pushSink } from '../../simulator/stand-ins/push-sink/push-sink.ts';
import { newSinks, subscriptionOf } from '../../simulator/virtual-system/sinks.ts';
import { describePusher, type PushSystem } from './push.ts';

type Trouble = Parameters<PushSystem['meet']>[0];

describePusher('Web Push', () => {
  const vapid = { subject: 'mailto:operations@fleetwake.example', ...webPush.generateVAPIDKeys() };
  let met: Trouble = null;
  const sink = pushSink({
    clock: wallClock,
    log: silentLog,
    secrets: systemSecrets,
    crypto: webPushCrypto,
    origin: () => 'http://push.test:8025',
    seed: 'seed',
    applicationServerKey: vapid.publicKey,
    faultOf: () => (met === 'refused' ? { type: 'refused' } : null),
  });
  const http = (request: Request) => {
    if (met === 'hangs') return Promise.reject(new TransportError('timeout', 'no answer', true));
    return sink.fetch(request);
  };
  return {
    pusher: webPusher({ http, vapid, ttlSeconds: 60 }),
    subscription: sink.subscribe(),
    meet(trouble) {
      met = trouble;
    },
    shown: () =>
      collectPushes(sink)
        .toReversed()
        .map(({ endpoint, noticeId, title, body }) => ({ endpoint, noticeId, title, body })),
    run: (work) => work,
  };
});

describePusher('virtual', () => {
  const loop = virtualLoop({ startAt: 1_800_000_000_000 });
  const effects = { refused: { type: 'refused' }, hangs: { type: 'unanswered', isTaken: false } } as const;
  let met: Trouble = null;
  const sinks = newSinks({
    clock: loop.clock('network'),
    latencyMs: () => 20,
    faultOf: () => (met === null ? null : effects[met]),
    onSeen: () => {},
  });
  return {
    pusher: sinks.pusher(loop.process('platform')),
    subscription: subscriptionOf('customer-1'),
    meet(trouble) {
      met = trouble;
    },
    shown: () =>
      sinks.pushes().map(({ endpoint, noticeId, title, body }) => ({ endpoint, noticeId, title, body })),
    async run(work) {
      let isDone: boolean = false;
      const done = () => {
        isDone = true;
      };
      work.then(done, done);
      await loop.run(() => isDone);
      return work;
    },
  };
});
