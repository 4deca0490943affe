import { beforeEach, describe, expect, test } from 'vitest';
import webPush from 'web-push';
import { wallClock } from '../../../shared/live/clock.ts';
import { liveHttp } from '../../../shared/live/http.ts';
import { webPusher } from '../../../shared/live/pusher.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { webPushCrypto } from '../../../shared/live/web-push-crypto.ts';
import { type Http, TransportError } from '../../../shared/ports/http.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { ChannelFailure } from '../../../shared/ports/mailer.ts';
import type { Pusher, PushSubscription } from '../../../shared/ports/pusher.ts';
import type { ChannelEffect } from '../../../simulator/faults/channel-gates.ts';
import {
  type PushSink,
  type PushSinkOptions,
  pushSink,
} from '../../../simulator/stand-ins/push-sink/push-sink.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { until } from '../../helpers/until.ts';

const origin = 'http://push.test:8025';
const subject = 'mailto:operations@fleetwake.example';
const vapid = { subject, ...webPush.generateVAPIDKeys() };
const payload =
  '{"title":"Activation issue - not charged","body":"Sitzheizung für Łukasz","noticeId":"ntc_1"}';

const openSink = (
  applicationServerKey: string | null = null,
  seed = 'seed',
  more: Partial<PushSinkOptions> = {},
) =>
  pushSink({
    clock: { now: () => Date.now(), setTimer: () => ({ cancel() {} }) },
    log: silentLog,
    secrets: systemSecrets,
    crypto: webPushCrypto,
    origin: () => origin,
    seed,
    applicationServerKey,
    ...more,
  });

async function failureOf(work: Promise<void>): Promise<{ permanent: boolean; message: string }> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ChannelFailure)) throw new Error(`no ChannelFailure but ${String(error)}`);
  return { permanent: error.permanent, message: error.message };
}

describe('a push to the sink', () => {
  let sink: PushSink;
  let pusher: Pusher;
  let subscription: PushSubscription;
  let seen: Request[];

  beforeEach(() => {
    sink = openSink(vapid.publicKey);
    subscription = sink.subscribe();
    seen = [];
    const http: Http = async (request) => {
      seen.push(request.clone() as Request);
      return sink.fetch(request);
    };
    pusher = webPusher({ http, vapid, ttlSeconds: 86_400 });
  });

  const push = (topic = 'ntc_1', text = payload) => ({ subscription, payload: text, topic });

  test('arrives encrypted and is shown word for word', async () => {
    await pusher.send(push());
    expect(await seen[0]?.text()).not.toContain('Activation');
    expect(sink.list({ limit: 10 })).toEqual([
      {
        id: 1,
        at: expect.any(Number),
        endpoint: subscription.endpoint,
        topic: 'ntc_1',
        ttlSeconds: 86_400,
        urgency: 'normal',
        payload,
      },
    ]);
    const shown = await (await sink.fetch(new Request(`${origin}/messages?limit=1`))).json();
    expect(shown).toMatchObject({
      total: 1,
      kept: 1,
      duplicates: 0,
      messages: [{ id: 1, payload }],
      next: 1,
    });
  });

  test('one signature serves many pushes to one push service', async () => {
    await pusher.send(push('ntc_1'));
    await pusher.send(push('ntc_2'));
    const authorizations = seen.map((request) => request.headers.get('authorization'));
    expect(authorizations[0]).toMatch(/^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]{87}$/);
    expect(new Set(authorizations).size).toBe(1);
  });

  test('a duplicate is kept and counted by its topic and phone', async () => {
    await pusher.send(push('ntc_1'));
    await pusher.send(push('ntc_1'));
    await pusher.send({ ...push('ntc_1'), subscription: sink.subscribe() });
    expect(sink.counts()).toEqual({ total: 3, kept: 3, duplicates: 1 });
    expect(sink.list({ to: subscription.endpoint, limit: 10 }).map(({ id }) => id)).toEqual([2, 1]);
  });

  test('a subscription outlives a restart of the sink', async () => {
    sink = openSink(vapid.publicKey);
    await pusher.send(push());
    expect(sink.list({ limit: 1 })[0]?.payload).toBe(payload);
  });

  test('a cancelled subscription (410) and an unknown one (404) are permanent', async () => {
    sink.unsubscribe(subscription.endpoint);
    expect(await failureOf(pusher.send(push()))).toEqual({
      permanent: true,
      message: 'The push service answered 410: The subscription was cancelled.',
    });
    subscription = openSink(null, 'another seed').subscribe();
    expect(await failureOf(pusher.send(push()))).toEqual({
      permanent: true,
      message: 'The push service answered 404: No such subscription.',
    });
    expect(sink.counts().total).toBe(0);
  });

  test('another application server’s key (403) is an operator’s matter that no retry mends', async () => {
    sink = openSink(webPush.generateVAPIDKeys().publicKey);
    expect(await failureOf(pusher.send(push()))).toEqual({
      permanent: true,
      message:
        'The push service answered 403: The subscription belongs to another application server. (check the VAPID keys and --push-contact)',
    });
  });

  test('the largest payload arrives, and a larger one is refused for good before it is sent', async () => {
    await pusher.send(push('ntc_1', 'x'.repeat(3_993)));
    expect(sink.list({ limit: 1 })[0]?.payload).toBe('x'.repeat(3_993));
    expect(await failureOf(pusher.send(push('ntc_1', 'x'.repeat(3_994))))).toEqual({
      permanent: true,
      message: 'A push has at most 3993 bytes, this one 3994.',
    });
    expect(seen).toHaveLength(1);
  });

  test('a subscription or a topic that cannot be used is refused for good', async () => {
    const broken = { ...subscription, keys: { ...subscription.keys, p256dh: 'AAAA' } };
    expect((await failureOf(pusher.send({ ...push(), subscription: broken }))).permanent).toBe(true);
    expect((await failureOf(pusher.send(push('a topic')))).permanent).toBe(true);
    expect((await failureOf(pusher.send(push('x'.repeat(33))))).permanent).toBe(true);
    expect(seen).toEqual([]);
  });

  test('what is no proper push is refused by the sink with its reason', async () => {
    const { Authorization } = webPush.getVapidHeaders(
      origin,
      subject,
      vapid.publicKey,
      vapid.privateKey,
      'aes128gcm',
    );
    const good = { authorization: Authorization, ttl: '60', 'content-encoding': 'aes128gcm' };
    const elsewhere = webPush.getVapidHeaders(
      'https://elsewhere.test',
      subject,
      vapid.publicKey,
      vapid.privateKey,
      'aes128gcm',
    );
    const send = async (headers: Record<string, string>, body = 'x') => {
      const response = await sink.fetch(
        new Request(subscription.endpoint, { method: 'POST', headers, body }),
      );
      return `${response.status} ${await response.text()}`;
    };
    const without = (name: string) =>
      Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
    const forged = Authorization.replace(/\.[\w-]+,/, `.${'A'.repeat(86)},`);
    expect(await send(without('authorization'))).toBe('401 Send a VAPID Authorization header.');
    expect(await send({ ...good, authorization: 'Bearer x' })).toBe(
      '403 The Authorization header is not of the form vapid t=JWT, k=KEY.',
    );
    expect(await send({ ...good, authorization: forged })).toBe(
      '403 The token was not signed with the key k.',
    );
    expect(await send({ ...good, authorization: elsewhere.Authorization })).toBe(
      `403 The token is for https://elsewhere.test, not for ${origin}.`,
    );
    expect(await send(without('ttl'))).toBe('400 TTL must be a number of seconds.');
    expect(await send({ ...good, topic: 'x'.repeat(33) })).toBe(
      '400 Topic has at most 32 base64url characters.',
    );
    expect(await send(without('content-encoding'))).toBe('400 Content-Encoding must be aes128gcm.');
    expect(await send(good, 'x'.repeat(4_097))).toBe('413 At most 4096 bytes.');
    expect(sink.counts().total).toBe(0);
    // A body is decrypted only when it is read: an error concerns the phone, as in reality.
    expect(await send(good)).toBe('201 ');
    expect(sink.list({ limit: 1 })[0]?.payload).toBeNull();
  });
});

describe('a push service that misbehaves', () => {
  const subscription = openSink().subscribe();
  const send = (http: Http) =>
    webPusher({ http, vapid, ttlSeconds: 60 }).send({ subscription, payload: '{}', topic: 'ntc_1' });

  test.each([
    [400, true],
    [401, false],
    [404, true],
    [410, true],
    [413, true],
    [429, false],
    [500, false],
    [503, false],
    [302, false],
  ])('%i: permanent is %s', async (status, permanent) => {
    const failure = await failureOf(send(async () => new Response('no', { status })));
    expect(failure).toEqual({ permanent, message: `The push service answered ${status}: no` });
  });

  test.each(['BadJwtToken', 'VapidPkHashMismatch'])(
    'Apple’s 403 (%s) is permanent, keeps the subscription, and names the keys and the option to check',
    async (reason) => {
      const answer = async () => Response.json({ reason }, { status: 403 });
      const failure = await send(answer).then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        permanent: true,
        isGone: false,
        message: `The push service answered 403: {"reason":"${reason}"} (check the VAPID keys and --push-contact)`,
      });
    },
  );

  test('silence is worth a retry', async () => {
    const http: Http = async () => {
      throw new TransportError('timeout', 'no answer within 5000 ms', true);
    };
    expect(await failureOf(send(http))).toEqual({
      permanent: false,
      message: 'The push service did not answer: no answer within 5000 ms',
    });
  });

  test('keys that cannot be used are refused at the start', () => {
    const broken = { ...vapid, privateKey: 'AAAA' };
    expect(() => webPusher({ http: async () => new Response(), vapid: broken, ttlSeconds: 60 })).toThrow(
      'Vapid private key should be 32 bytes long when decoded.',
    );
  });
});

describe('Web Push encryption', () => {
  /** RFC 8291, appendix A. */
  test('the example of RFC 8291 is read as its authors meant it', () => {
    const body =
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN';
    const keys = {
      privateKey: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
      p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
      auth: 'BTBZMqHH6r4Tts7J_aSIgg',
    };
    expect(webPushCrypto.decrypt(Buffer.from(body, 'base64url'), keys)).toBe(
      'When I grow up, I want to be a watermelon',
    );
  });

  test('a body for other keys, a changed one and a short one are refused', () => {
    const keys = webPushCrypto.keysFrom('one');
    const { cipherText } = webPush.encrypt(keys.p256dh, keys.auth, 'hello', 'aes128gcm');
    expect(webPushCrypto.decrypt(cipherText, keys)).toBe('hello');
    expect(() => webPushCrypto.decrypt(cipherText, webPushCrypto.keysFrom('two'))).toThrow();
    cipherText.writeUInt8(cipherText.readUInt8(cipherText.length - 1) ^ 1, cipherText.length - 1);
    expect(() => webPushCrypto.decrypt(cipherText, keys)).toThrow();
    expect(() => webPushCrypto.decrypt(new Uint8Array(20), keys)).toThrow(
      'the body is shorter than its header',
    );
    expect(() => webPushCrypto.decrypt(new Uint8Array(30), keys)).toThrow('the body holds no record');
  });

  test('one seed makes the same keys each time, another seed others', () => {
    expect(webPushCrypto.keysFrom('one')).toEqual(webPushCrypto.keysFrom('one'));
    expect(webPushCrypto.keysFrom('one').p256dh).not.toBe(webPushCrypto.keysFrom('two').p256dh);
    expect(Buffer.from(webPushCrypto.keysFrom('one').p256dh, 'base64url')).toHaveLength(65);
  });
});

describe('a push service that is down', () => {
  const push = (subscription: PushSubscription) => ({ subscription, payload, topic: 'ntc_1' });

  test('refuses with 503, which is worth a retry, and keeps nothing', async () => {
    let effect: ChannelEffect | null = { type: 'refused' };
    const sink = openSink(vapid.publicKey, 'seed', { faultOf: () => effect });
    const pusher = webPusher({ http: sink.fetch, vapid, ttlSeconds: 86_400 });
    const subscription = sink.subscribe();
    expect(await failureOf(pusher.send(push(subscription)))).toEqual({
      permanent: false,
      message: 'The push service answered 503: The push service is down.',
    });
    expect(sink.counts()).toEqual({ total: 0, kept: 0, duplicates: 0 });
    effect = null;
    await pusher.send(push(subscription));
    expect(sink.counts()).toEqual({ total: 1, kept: 1, duplicates: 0 });
  });

  test('hangs for a minute at most, and then has not taken it either', async () => {
    const clock = manualClock();
    const sink = openSink(vapid.publicKey, 'seed', {
      clock,
      faultOf: () => ({ type: 'unanswered', isTaken: false }),
    });
    const pusher = webPusher({ http: sink.fetch, vapid, ttlSeconds: 86_400 });
    let isOver = false;
    const failure = failureOf(pusher.send(push(sink.subscribe()))).finally(() => {
      isOver = true;
    });
    await clock.advance(59_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect((await failure).message).toBe('The push service answered 503: The push service is down.');
    expect(sink.counts()).toEqual({ total: 0, kept: 0, duplicates: 0 });
  });

  test('takes a push and answers too late: it arrives, and its sender does not know', async () => {
    const clock = manualClock(wallClock.now());
    const faultOf = () => ({ type: 'unanswered', isTaken: true }) as const;
    const sink = openSink(vapid.publicKey, 'seed', { clock, faultOf });
    const pusher = webPusher({ http: sink.fetch, vapid, ttlSeconds: 86_400 });
    const failure = failureOf(pusher.send(push(sink.subscribe())));
    await clock.advance(60_000);
    expect((await failure).message).toBe('The push service answered 503: The push service is down.');
    expect(sink.counts()).toEqual({ total: 1, kept: 1, duplicates: 0 });
  });

  test('takes a push later', async () => {
    const clock = manualClock(wallClock.now());
    const faultOf = () => ({ type: 'slow', latencyMs: 900 }) as const;
    const sink = openSink(vapid.publicKey, 'seed', { clock, faultOf });
    const pusher = webPusher({ http: sink.fetch, vapid, ttlSeconds: 86_400 });
    const sent = pusher.send(push(sink.subscribe()));
    await clock.advance(899);
    expect(sink.counts()).toEqual({ total: 0, kept: 0, duplicates: 0 });
    await clock.advance(1);
    await sent;
    expect(sink.counts()).toEqual({ total: 1, kept: 1, duplicates: 0 });
  });

  test('over a socket: a client that gives up frees its place', async () => {
    const clock = manualClock();
    const http = liveHttp({ clock: wallClock, timeoutMs: 200 });
    let at = '';
    const sink = openSink(null, 'seed', {
      clock,
      origin: () => at,
      faultOf: () => ({ type: 'unanswered', isTaken: false }),
    });
    const server = await http.serve(sink.fetch, { port: 0 });
    at = server.origin;
    try {
      const pusher = webPusher({ http: http.http, vapid, ttlSeconds: 86_400 });
      const failure = await failureOf(pusher.send(push(sink.subscribe())));
      expect(failure.message).toMatch(/^The push service did not answer: .*no answer within 200 ms$/);
      await until(() => clock.pending().length === 0, 'nothing waits for the sender that is gone');
    } finally {
      await server.close();
    }
  });
});
