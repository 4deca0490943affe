import { expect, test } from 'vitest';
import { forOwnEngine, planForOwnEngine } from '../../../simulator/check/own-engine-case.ts';
import { type EngineSubject, runEngine } from '../../../simulator/check/own-engine-run.ts';
import { calmTestCase, type TestCase } from '../../../simulator/check/test-case.ts';
import type { EngineParts, OwnEngine } from '../../../simulator/virtual-system/own-engine.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';

const mapping: EngineSubject['mapping'] = {
  purchase: { headers: {}, body: { order: 'order-{id}', vin: '{vin}' }, activation: '/id' },
  payment: { metadata: 'order' },
  command: { field: 'reference' },
  mail: { in: 'subject', pattern: 'order-\\S+' },
};

const subjectOf = (engine: OwnEngine): EngineSubject => ({
  ...{ engine, mapping, target: 'http://127.0.0.1:3000/orders' },
});

/** An engine that answers each purchase, and then works on it. */
const engineOf = (work: (parts: EngineParts, order: string) => Promise<void>) =>
  subjectOf((parts) => async (request) => {
    const { order } = (await request.json()) as { order: string };
    void work(parts, order);
    return Response.json({ id: order }, { status: 202 });
  });

const pay = ({ fetch, settings }: EngineParts, order: string, card = 'pm_card_visa') =>
  fetch(`${settings.PAYMENTS_URL}/v1/payment_intents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${settings.PAYMENTS_KEY}`, 'idempotency-key': order },
    body: new URLSearchParams({
      ...{ amount: '1490', currency: 'eur', payment_method: card, confirm: 'true' },
      'metadata[order]': order,
    }),
  });

const onePurchase = calmTestCase([{}]);
const broken = ({ verdicts }: Awaited<ReturnType<typeof runEngine>>) =>
  verdicts.flatMap(({ id, ok, violations }) => (ok ? [] : [[id, ...violations]]));

test('an engine has a clock, timers, chance, addresses and a mail server of its run', async () => {
  const seen: unknown[] = [];
  const run = await runEngine(
    onePurchase,
    engineOf(async (parts, order) => {
      const { now, setTimeout, clearTimeout, random, sendMail, settings } = parts;
      const beganAt = now();
      const cancelled = setTimeout(() => seen.push('cancelled'), 1_000);
      clearTimeout(cancelled);
      clearTimeout(undefined);
      await new Promise<void>((resolve) => setTimeout(resolve, 3_600_000));
      seen.push(now() - beganAt, random() < 1, settings.API_IOT_URL, settings.PAYMENTS_URL);
      await sendMail({ to: ['a@example.com', 'b@example.com'], subject: `Hello ${order}` });
    }),
  );
  expect(seen).toEqual([3_600_000, true, 'http://127.0.0.1:8081', 'http://127.0.0.1:8082']);
  expect(run.evidence.mails.map(({ to, subject }) => [to, subject])).toEqual([
    ['a@example.com', 'Hello order-p-001'],
    ['b@example.com', 'Hello order-p-001'],
  ]);
  expect([run.violations, broken(run)]).toEqual([[], []]);
});

test('money that is kept without a delivery breaks rule 1, and a fetch without an answer rejects as that of Node', async () => {
  const errors: unknown[] = [];
  const lost = calmTestCase([
    { faults: [{ type: 'http', step: 'authorise', nth: 1, count: 1, how: 'response_lost' }] },
  ]);
  const run = await runEngine(
    lost,
    engineOf(async (parts, order) => {
      await pay(parts, order).catch((error) => errors.push(error));
    }),
  );
  expect(errors).toEqual([new TypeError('fetch failed')]);
  expect([run.isSettled, broken(run)]).toEqual([
    false,
    [[1, expect.stringMatching(/^order-p-001: 14\.90 EUR kept, but \w{17} never reported applied$/)]],
  ]);
});

test('a purchase that is accepted, and that nothing follows, breaks rule 3', async () => {
  const run = await runEngine(
    onePurchase,
    engineOf(async () => {}),
  );
  expect([run.isSettled, broken(run)]).toEqual([
    false,
    [[3, 'order-p-001: accepted with 202, and then nothing: no payment, no e-mail, no command names it']],
  ]);
});

/** Sends one command for the vehicle of the order. */
async function configure({ fetch, settings }: EngineParts, { order, vin, feature }: Record<string, string>) {
  const { API_IOT_URL: url, API_IOT_CLIENT_ID: id, API_IOT_CLIENT_SECRET: secret } = settings;
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  await fetch(`${url}/vehicle/${vin}/configure`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      'idempotency-key': `${order}`,
    },
    body: JSON.stringify({ reference: order, features: [{ feature, target: 'active' }] }),
  });
}

test('a purchase whose only command its vehicle rejects, and that nothing follows, breaks rule 3', async () => {
  const rejecting = calmTestCase([{ faults: [{ type: 'result', nth: 1, kind: 'fatal' }] }]);
  const body = { order: 'order-{id}', vin: '{vin}', feature: '{feature}' };
  const run = await runEngine(rejecting, {
    ...subjectOf((parts) => async (request) => {
      const order = (await request.json()) as Record<string, string>;
      void configure(parts, order);
      return Response.json({ id: order.order }, { status: 202 });
    }),
    mapping: { ...mapping, purchase: { ...mapping.purchase, body } },
  });
  const sentence =
    /^order-p-001: accepted with 202, but nothing was delivered by \S+ \(rejected\), and no payment, no e-mail names it$/;
  expect([run.isSettled, run.evidence.apiIot.map(({ state }) => state), broken(run)]).toEqual([
    ...[false, ['rejected']],
    [[3, expect.stringMatching(sentence)]],
  ]);
});

test('a hold that is neither captured nor released breaks rule 3', async () => {
  const run = await runEngine(
    onePurchase,
    engineOf(async ({ fetch, settings }, order) => {
      await fetch(`${settings.PAYMENTS_URL}/v1/payment_intents`, {
        method: 'POST',
        headers: { authorization: `Bearer ${settings.PAYMENTS_KEY}`, 'idempotency-key': order },
        body: new URLSearchParams({
          ...{ amount: '1490', currency: 'eur', payment_method: 'pm_card_visa', confirm: 'true' },
          ...{ capture_method: 'manual', 'metadata[order]': order },
        }),
      });
    }),
  );
  expect([run.isSettled, broken(run)]).toEqual([
    false,
    [[3, 'order-p-001: accepted with 202, but 14.90 EUR is still held, neither captured nor released']],
  ]);
});

test('an e-mail that is sent twice breaks rule 2, though both come long after everything else', async () => {
  const run = await runEngine(
    calmTestCase([{ card: 'declined' }]),
    engineOf(async (parts, order) => {
      await pay(parts, order, 'pm_card_visa_chargeDeclined');
      for (let copy = 0; copy < 2; copy += 1) {
        await new Promise<void>((resolve) => parts.setTimeout(resolve, 600_000));
        await parts.sendMail({ to: 'a@example.com', subject: `Declined: ${order}` });
      }
    }),
  );
  expect(broken(run)).toEqual([
    [2, 'order-p-001: e-mail "Declined: order-p-001" to a@example.com sent 2 times'],
  ]);
});

test('real time and an unhandled rejection are named', async () => {
  const run = await runEngine(
    onePurchase,
    engineOf(async () => {
      const timer = setTimeout(() => {}, 1);
      clearTimeout(timer);
      throw new Error('the engine broke');
    }),
  );
  expect(run.violations.map(({ rule, sentence }) => [rule, sentence.split('\n')[0]])).toEqual([
    ['no unhandled rejection', expect.stringContaining('the engine broke')],
    ['no real-time resource', expect.stringMatching(/^Timeout was made by .*own-engine-run\.test\.ts/)],
  ]);
});

/** One purchase, with these faults of the engine's process. */
const withWorld = (...world: TestCase['world']): TestCase => ({ ...onePurchase, world });
const crashAtPay = { type: 'crash_at', call: 'authorise', nth: 1, downMs: 90_000 } as const;

test('a killed engine loses its timers and pending calls, keeps its storage, and starts again when its downtime is over', async () => {
  const seen: unknown[] = [];
  const subject: EngineSubject<string[]> = {
    ...{ mapping, target: 'http://127.0.0.1:3000/orders', storage: () => [] },
    engine(parts) {
      const { storage, now, setTimeout } = parts;
      storage.push(`start at ${now() - 1_800_000_000_000}`);
      if (storage.length > 1) seen.push([...storage]);
      return async (request) => {
        const { order } = (await request.json()) as { order: string };
        setTimeout(() => seen.push('timer of a dead process'), 60_000);
        storage.push(order);
        const answer = pay(parts, order);
        void answer.finally(() => seen.push('outcome in a dead process'));
        return Response.json({ id: order }, { status: 202 });
      };
    },
  };
  const run = await runEngine(withWorld({ ...crashAtPay, phase: 'after' }), subject);
  expect(seen).toEqual([['start at 0', 'order-p-001', expect.stringMatching(/^start at 1001\d\d$/)]]);
  expect([run.injected['engine crash'], run.violations, run.evidence.ledger.length]).toEqual([1, [], 1]);
  expect(broken(run)).toEqual([[1, expect.stringContaining('14.90 EUR kept')]]);
});

test('a request that a killed engine was about to send never arrives', async () => {
  const run = await runEngine(withWorld({ ...crashAtPay, phase: 'before' }), {
    ...engineOf(async (parts, order) => {
      await new Promise<void>((resolve) => parts.setTimeout(resolve, 1_000));
      await pay(parts, order);
    }),
    storage: () => null,
  });
  expect([run.evidence.ledger, broken(run)]).toEqual([
    [],
    [[3, 'order-p-001: accepted with 202, and then nothing: no payment, no e-mail, no command names it']],
  ]);
});

test('without a storage the process of an engine is never killed', async () => {
  const engine = engineOf(async (parts, order) => void (await pay(parts, order)));
  const run = await runEngine(withWorld({ ...crashAtPay, phase: 'after' }), engine);
  expect(run.injected).toEqual({});
});

test('an engine that is stopped finishes what it does in its stop, for ten seconds, and starts again', async () => {
  const stopAt = { type: 'stop', process: 'platform', atMs: 5_000, downMs: 1_000 } as const;
  for (const [stopMs, expected] of [
    [4_000, ['start', 'stopping', 'stopped', 'start']],
    [40_000, ['start', 'stopping', 'start']],
  ] as const) {
    const seen: string[] = [];
    const run = await runEngine(withWorld(stopAt), {
      ...{ mapping, target: 'http://127.0.0.1:3000/orders', storage: () => null },
      engine({ setTimeout }) {
        seen.push('start');
        return {
          handle: () => Response.json({}, { status: 409 }),
          async stop() {
            seen.push('stopping');
            await new Promise<void>((resolve) => setTimeout(resolve, stopMs));
            seen.push('stopped');
          },
        };
      },
    });
    expect([seen, run.injected['engine stop'], run.isSettled]).toEqual([expected, 1, true]);
  }
});

test('an engine whose stop throws or rejects ends and starts again, and the error is named', async () => {
  const stopAt = { type: 'stop', process: 'platform', atMs: 5_000, downMs: 1_000 } as const;
  const failing: (() => Promise<void>)[] = [
    () => {
      throw new Error('pool is closed');
    },
    () => Promise.reject(new Error('pool is closed')),
  ];
  for (const stop of failing) {
    const seen: string[] = [];
    const run = await runEngine(withWorld(stopAt), {
      ...{ mapping, target: 'http://127.0.0.1:3000/orders', storage: () => null },
      engine() {
        seen.push('start');
        return { handle: () => Response.json({}, { status: 409 }), stop };
      },
    });
    expect([seen, run.injected['engine stop'], run.isSettled]).toEqual([['start', 'start'], 1, true]);
    expect(run.violations.map(({ rule, sentence }) => [rule, sentence])).toEqual([
      ['engine stops', '1 stops failed, the last with: Error: pool is closed'],
    ]);
  }
});

test('an engine that does not start again is named, and one that cannot start at all ends the run', async () => {
  let starts = 0;
  const broke = {
    ...{ mapping, target: 'http://127.0.0.1:3000/orders', storage: () => null },
    engine: (parts: EngineParts) => {
      starts += 1;
      if (starts > 1) throw new Error('no such table: orders');
      return async (request: Request) => {
        const { order } = (await request.json()) as { order: string };
        void pay(parts, order);
        return Response.json({ id: order }, { status: 202 });
      };
    },
  };
  const run = await runEngine(withWorld({ ...crashAtPay, phase: 'before' }), broke);
  expect(run.violations.map(({ rule, sentence }) => [rule, sentence])).toEqual([
    ['engine starts again', '1000 starts failed, the last with: Error: no such table: orders'],
  ]);
  await expect(runEngine(onePurchase, broke)).rejects.toThrow('no such table: orders');
});

const withPush = { ...mapping, push: { in: 'title' as const, pattern: 'order-\\S+', failed: '^Failed' } };

/** Tries again until the service takes it. */
async function insisting({ setTimeout }: EngineParts, send: () => Promise<unknown>): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      await send();
      return tries;
    } catch {
      await new Promise<void>((resolve) => setTimeout(resolve, 60_000));
    }
  }
}

/** Declines every card, and tells the customer of it by a push message. */
const pushing = (noticeIdOf: (order: string, tries: number) => string): EngineSubject => ({
  ...engineOf(async (parts, order) => {
    await pay(parts, order, 'pm_card_visa_chargeDeclined');
    const answer = await parts.fetch(`${parts.settings.PUSH_URL}/subscriptions`, { method: 'POST' });
    const subscription = (await answer.json()) as Parameters<EngineParts['sendPush']>[0];
    let tries = 0;
    await insisting(parts, () => {
      tries += 1;
      const payload = { title: `Failed: ${order}`, body: 'Not charged', noticeId: noticeIdOf(order, tries) };
      return parts.sendPush(subscription, JSON.stringify(payload));
    });
  }),
  mapping: withPush,
});
const pushLost = calmTestCase([
  {
    card: 'declined',
    faults: [{ type: 'http', step: 'push', nth: 1, count: 1, how: 'response_lost' }],
  },
]);

test('an engine sends push messages, which meet faults and are judged as e-mails', async () => {
  const sameId = await runEngine(
    pushLost,
    pushing((order) => order),
  );
  expect(sameId.evidence.pushes).toEqual(
    Array.from({ length: 2 }, () => ({
      ...{ at: expect.any(Number), endpoint: 'https://push.example/phone-1', noticeId: 'order-p-001' },
      ...{ title: 'Failed: order-p-001', body: 'Not charged' },
    })),
  );
  expect([sameId.injected['push response_lost'], broken(sameId), sameId.isSettled]).toEqual([1, [], true]);
  const newIds = await runEngine(
    pushLost,
    pushing((order, tries) => `${order}-${tries}`),
  );
  expect(broken(newIds)).toEqual([
    [
      2,
      'order-p-001: push message "Failed: order-p-001" to https://push.example/phone-1 sent 2 times under different ids: give each notification an id that its next try has too',
    ],
  ]);
});

test('without push in the mapping the push service never fails', async () => {
  const { mapping: _, ...subject } = pushing((order) => order);
  const run = await runEngine(pushLost, { ...subject, mapping });
  expect([run.injected, run.evidence.pushes.length]).toEqual([{}, 1]);
});

test('an e-mail may come again after a crash, under the same Message-ID alone', async () => {
  const mailing = (idOf: (start: number) => string): EngineSubject<{ starts: number; orders: string[] }> => ({
    ...{ mapping, target: 'http://127.0.0.1:3000/orders', storage: () => ({ starts: 0, orders: [] }) },
    engine(parts) {
      const { storage } = parts;
      storage.starts += 1;
      const { starts } = storage;
      const work = async (order: string) => {
        await pay(parts, order, 'pm_card_visa_chargeDeclined');
        const messageId = `${order}-${idOf(starts)}@example.com`;
        await parts.sendMail({ to: 'a@example.com', subject: `Declined: ${order}`, messageId });
      };
      for (const order of storage.orders) void work(order);
      return async (request) => {
        const { order } = (await request.json()) as { order: string };
        storage.orders.push(order);
        void work(order);
        return Response.json({ id: order }, { status: 202 });
      };
    },
  });
  const declined: TestCase = {
    ...calmTestCase([{ card: 'declined' }]),
    world: [{ type: 'crash_at', call: 'email', nth: 1, phase: 'after', downMs: 1_000 }],
  };
  const same = await runEngine(
    declined,
    mailing(() => 'declined'),
  );
  expect([same.evidence.mails.length, broken(same)]).toEqual([2, []]);
  expect(broken(await runEngine(declined, mailing(String)))).toEqual([
    [2, expect.stringContaining('sent 2 times under different ids')],
  ]);
});

test('a death of the API IoT allows no second e-mail', async () => {
  const declined: TestCase = {
    ...calmTestCase([{ card: 'declined' }]),
    world: [{ type: 'crash', process: 'api_iot', step: 3, downMs: 1_000 }],
  };
  const run = await runEngine(declined, {
    ...engineOf(async (parts, order) => {
      await pay(parts, order, 'pm_card_visa_chargeDeclined');
      const mail = { to: 'a@example.com', subject: `Declined: ${order}`, messageId: `${order}@example.com` };
      for (let copy = 0; copy < 2; copy += 1) await parts.sendMail(mail);
    }),
    storage: () => null,
  });
  expect([run.trace.some(({ event }) => event === 'crash'), run.evidence.repeatsMax, broken(run)]).toEqual([
    ...[true, 0],
    [[2, 'order-p-001: e-mail "Declined: order-p-001" to a@example.com sent 2 times']],
  ]);
});

test('a mapping that fits none of the payments is a mistake of the mapping, and no verdict', async () => {
  const engine = engineOf(async (parts, order) => void (await pay(parts, order)));
  const wrong = { ...engine, mapping: { ...mapping, payment: { metadata: 'activation' } } };
  await expect(runEngine(onePurchase, wrong)).rejects.toThrow(
    'the mapping cannot be used: payment.metadata "activation" names an activation of this run on none of 1 payments; their metadata has order',
  );
});

test('an engine that is not at the address of the target is named, and gets no verdict', async () => {
  const elsewhere = subjectOf(() => () => new Response('no such path', { status: 404 }));
  await expect(runEngine(onePurchase, elsewhere)).rejects.toThrow(
    'the mapping cannot be used: purchase.headers and purchase.body make no request that the engine accepts: each of 1 purchases was answered with 404',
  );
});

test('a purchase that is never answered lets its payment name no activation, which breaks no rule', async () => {
  const silent = subjectOf((parts) => async (request) => {
    const { order } = (await request.json()) as { order: string };
    await pay(parts, order);
    return new Promise<Response>(() => {});
  });
  const run = await runEngine(onePurchase, silent);
  expect([run.evidence.answers.map(({ status }) => status), run.evidence.ledger.length, broken(run)]).toEqual(
    [[null], 1, []],
  );
});

test('a test case is run without what only the platform of Fleetwake has', () => {
  const whole: TestCase = {
    ...calmTestCase([
      {
        hours: 2,
        life: [{ type: 'feature_lost', afterMs: 1_000 }],
        support: [{ act: 'retry', afterMs: 1_000 }],
        dispute: { afterMs: 1, outcome: 'lost', decidedAfterMs: 1 },
        faults: [
          { type: 'http', step: 'authorise', nth: 1, count: 1, how: 'slow' },
          { type: 'http', step: 'callback', nth: 1, count: 1, how: 'slow' },
          { type: 'http', step: 'purchase', nth: 1, count: 1, how: 'response_lost' },
          { type: 'late', delayMs: 1_000 },
        ],
      },
      { vehicle: 1 },
    ]),
    reconcileMs: 60_000,
    transfers: [{ vehicle: 0, to: 1, atMs: 1 }],
    world: [
      { type: 'stop', process: 'platform', atMs: 1, downMs: 1 },
      { type: 'stop', process: 'api_iot', atMs: 1, downMs: 1 },
      { type: 'crash_at', call: 'authorise', nth: 1, phase: 'after', downMs: 1 },
      { type: 'crash_at', call: 'wake_up', nth: 1, phase: 'after', downMs: 1 },
      { type: 'down', service: 'nats', fromMs: 1, forMs: 1 },
      { type: 'down', service: 'payments', fromMs: 1, forMs: 1 },
      { type: 'nats_wiped', atMs: 1 },
      { type: 'cut', vehicle: 0, fromMs: 1, forMs: 1 },
    ],
  };
  const first = {
    faults: [
      { type: 'http' as const, step: 'authorise' as const, nth: 1, count: 1, how: 'slow' as const },
      { type: 'late' as const, delayMs: 1_000 },
    ],
  };
  const withRestarts = forOwnEngine(whole, { restarts: true, pushes: false });
  expect(withRestarts.world).toEqual([
    { type: 'stop', process: 'platform', atMs: 1, downMs: 1 },
    { type: 'stop', process: 'api_iot', atMs: 1, downMs: 1 },
    { type: 'crash_at', call: 'authorise', nth: 1, phase: 'after', downMs: 1 },
    { type: 'down', service: 'payments', fromMs: 1, forMs: 1 },
    { type: 'cut', vehicle: 0, fromMs: 1, forMs: 1 },
  ]);
  expect(forOwnEngine(whole, { restarts: false, pushes: false })).toEqual({
    ...calmTestCase([first, { vehicle: 1 }]),
    world: [
      { type: 'stop', process: 'api_iot', atMs: 1, downMs: 1 },
      { type: 'down', service: 'payments', fromMs: 1, forMs: 1 },
      { type: 'cut', vehicle: 0, fromMs: 1, forMs: 1 },
    ],
  });
  const { paymentsFaults = [] } = planForOwnEngine(whole, shippedCatalogue(), {
    restarts: false,
    pushes: false,
  });
  expect(paymentsFaults.map(({ name, match }) => [name, match])).toEqual([
    ['authorise slow', { method: 'POST', path: '/v1/payment_intents' }],
    ['payments down', undefined],
  ]);
});
