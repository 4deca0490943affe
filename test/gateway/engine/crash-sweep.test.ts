import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../gateway/activation/failure.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import {
  bootEngine,
  type Gate,
  type Order,
  type Outside,
  placeOrder,
  withOutside,
} from '../../helpers/engine-under-test.ts';
import { sized } from '../../helpers/proofs.ts';

const serverError: Failure = {
  category: 'api_iot_error',
  code: 'http_503',
  message: 'unavailable',
  temporary: true,
  mayHaveSucceeded: false,
};

interface Story {
  readonly title: string;
  readonly order: Partial<Order>;
  readonly prepare: (outside: Outside) => void;
}

const stories: readonly Story[] = [
  { title: 'delivered at once', order: {}, prepare: () => {} },
  {
    title: 'delivered at the third attempt',
    order: {},
    prepare: ({ vehicle }) => {
      vehicle.script = [{ ok: false, failure: serverError }, 'timed_out', 'applied'];
    },
  },
  {
    title: 'refused for good, the hold released',
    order: {},
    prepare: ({ vehicle }) => {
      vehicle.script = ['rejected'];
    },
  },
  {
    title: 'captured at purchase and never delivered: refunded, and a revocation follows',
    order: { capture: 'immediately' },
    prepare: ({ vehicle, payments }) => {
      vehicle.script = [
        'timed_out',
        'timed_out',
        'timed_out',
        'timed_out',
        'timed_out',
        'timed_out',
        'applied',
      ];
      payments.unanswered.set('refund', 2);
    },
  },
];

/** Lets the first `steps` port calls pass; then the process is dead: nothing that it waits for ever comes, its timers neither. */
function mortal(steps: number, time: Clock): { gate: Gate; clock: Clock; calls: string[] } {
  const calls: string[] = [];
  let isDead = false;
  return {
    calls,
    gate(call) {
      isDead ||= calls.length >= steps;
      if (isDead) return new Promise(() => {});
      calls.push(call);
      return Promise.resolve();
    },
    clock: {
      now: () => time.now(),
      setTimer: (delayMs, callback) => time.setTimer(delayMs, () => isDead || callback()),
    },
  };
}

/** Everything that is visible from outside in the end. */
async function ending(outside: Outside) {
  const activations = await outside.database.reader
    .selectFrom('activations')
    .select(['kind', 'phase', 'settlement'])
    .orderBy('requested_at')
    .orderBy('kind')
    .execute();
  const entitlements = await outside.database.reader.selectFrom('entitlements').select('feature').execute();
  const [purchase] = await outside.database.reader.selectFrom('purchases').select('status').execute();
  return {
    activations,
    entitlements,
    purchase: purchase?.status,
    payments: outside.payments.moves,
    tickets: outside.tickets,
    notices: outside.notices,
    features: [...outside.vehicle.features].map(([feature, { state }]) => `${feature} ${state}`),
  };
}

const longEnoughMs = 4_000_000;

async function runToEnd(story: Story, crashAfter: number) {
  let calls: string[] = [];
  let end: Awaited<ReturnType<typeof ending>> | null = null;
  await withOutside(async (outside) => {
    story.prepare(outside);
    const process = mortal(crashAfter, outside.clock);
    calls = process.calls;
    const first = await bootEngine(outside, process.gate, { clock: process.clock });
    const id = await placeOrder(outside, story.order);
    void first.begin(id);
    await outside.clock.advance(longEnoughMs);
    if (crashAfter !== Number.POSITIVE_INFINITY) {
      // A new process with an empty bus: all it has is the database.
      const second = await bootEngine(outside);
      await outside.clock.advance(longEnoughMs);
      await second.stop();
    } else {
      await first.stop();
    }
    end = await ending(outside);
  });
  return { calls, end };
}

/** Each takes every fourth step, so that no test is long on a slow machine; `npm test` takes every ninth only. */
const parts = sized([1], [0, 1, 2, 3]);
const stride = sized(9, 4);

describe('a crash before or after any call that leaves the process changes nothing in the end', () => {
  for (const story of stories) {
    it.each(parts)(`${story.title}: part %i`, async (part) => {
      const clean = await runToEnd(story, Number.POSITIVE_INFINITY);
      expect(clean.calls.length).toBeGreaterThan(10);
      for (let step = part; step < clean.calls.length; step += stride) {
        const crashed = await runToEnd(story, step);
        expect(crashed.end, `crash after step ${step}: ${clean.calls[step - 1] ?? 'start'}`).toEqual(
          clean.end,
        );
      }
    });
  }
});

it('the scenarios end as expected without a crash', async () => {
  const ends = [];
  for (const story of stories) ends.push((await runToEnd(story, Number.POSITIVE_INFINITY)).end);
  expect(ends).toMatchObject([
    { purchase: 'active', payments: ['act_1:authorise', 'act_1:capture'], features: ['heated_seats active'] },
    { purchase: 'active', payments: ['act_1:authorise', 'act_1:capture'], features: ['heated_seats active'] },
    { purchase: 'failed', payments: ['act_1:authorise', 'act_1:void'], features: [], tickets: ['act_1'] },
    {
      purchase: 'failed',
      payments: ['act_1:authorise', 'act_1:refund'],
      features: ['heated_seats dormant'],
      tickets: ['act_1'],
      notices: ['act_1 activation.payment_confirmed', 'act_1 activation.notifying_failure'],
    },
  ]);
});
