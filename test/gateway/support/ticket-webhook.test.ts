import { describe, expect, it, vi } from 'vitest';
import { verifyCallback } from '../../../gateway/http/webhook-signature.ts';
import { closeIncident, openIncident } from '../../../gateway/store/incidents.ts';
import { appendRecord } from '../../../gateway/store/record-lines.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { alwaysOnDuty } from '../../../gateway/support/roster.ts';
import { standardSupport } from '../../../gateway/support/support-settings.ts';
import { noteOnTicket, openTicket } from '../../../gateway/support/ticket-desk.ts';
import {
  standardWebhook,
  ticketWebhook,
  type WebhookSettings,
} from '../../../gateway/support/ticket-webhook.ts';
import { actOnParkedEvent, resumeWebhook } from '../../../gateway/support/webhook-actions.ts';
import { listParked, readWebhookOff } from '../../../gateway/support/webhook-store.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { TransportError } from '../../../shared/ports/http.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.ts';
import { countingIds, placeOrder, startAt, vin, withDatabase } from '../../helpers/notification-rows.ts';
import { diagnostics, failedActivation } from '../../helpers/ticket-samples.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const standard: WebhookSettings = {
  ...standardWebhook,
  url: 'https://hooks.example/tickets',
  secret,
  format: 'standard',
};

interface Seen {
  readonly at: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what came is asserted as a whole
  readonly body: any;
}

interface Hook {
  readonly clock: ManualClock;
  readonly database: Database<PlatformSchema>;
  readonly ids: Ids;
  readonly seen: Seen[];
  /** What the receiver answers, in order; the last one repeats. */
  answers: (number | 'refused' | 'silent' | Response)[];
  start(): ReturnType<typeof ticketWebhook>;
  open(number: number): Promise<string>;
  note(number: number, text: string): Promise<void>;
}

async function withHook(settings: WebhookSettings, run: (hook: Hook) => Promise<void>): Promise<void> {
  await withDatabase(async (database) => {
    const clock = manualClock(startAt);
    const ids = countingIds();
    const desk = { ids, settings: standardSupport(alwaysOnDuty(['ana'])) };
    const started: ReturnType<typeof ticketWebhook>[] = [];
    const hook: Hook = {
      clock,
      database,
      ids,
      seen: [],
      answers: [204],
      start() {
        const webhook = ticketWebhook({
          database,
          clock,
          log: silentLog,
          settings,
          async http(request) {
            const text = await request.text();
            hook.seen.push({
              at: clock.now() - startAt,
              headers: request.headers,
              text,
              body: JSON.parse(text),
            });
            const answer = hook.answers.length > 1 ? hook.answers.shift() : hook.answers[0];
            if (answer === 'refused') throw new TransportError('refused', 'no server listens', false);
            if (answer === 'silent') return new Promise<Response>(() => {});
            if (answer instanceof Response) return answer;
            return new Response(null, { status: answer ?? 204 });
          },
        });
        started.push(webhook);
        webhook.wake();
        return webhook;
      },
      async open(number) {
        const activation = failedActivation(await placeOrder(database, { number }));
        const { id } = await database.write((transaction) =>
          openTicket(transaction, desk, activation, diagnostics, clock.now()),
        );
        return id;
      },
      async note(number, text) {
        await database.write((transaction) =>
          noteOnTicket(transaction, desk, `act_${number}`, text, clock.now()),
        );
      },
    };
    await run(hook);
    for (const webhook of started) await webhook.stop();
  });
}

describe('the webhook', () => {
  it('sends each ticket event once, in order, signed after Standard Webhooks, from its first start on', () =>
    withHook(standard, async (hook) => {
      await hook.open(1);
      const webhook = hook.start();
      await hook.clock.advance(0);
      expect(hook.seen).toEqual([]);
      const id = await hook.open(2);
      await hook.note(2, 'the vehicle came back');
      webhook.wake();
      await hook.clock.advance(0);
      const data = {
        ticketId: id,
        activationId: 'act_2',
        purchaseId: 'pur_2',
        priority: 'HIGH',
        vin,
        serviceId: 'heated-seats',
        incidentId: expect.stringMatching(/^inc_/),
      };
      expect(hook.seen.map(({ body }) => body)).toEqual([
        {
          type: 'ticket.opened',
          timestamp: '2027-01-15T08:00:00.000Z',
          data: { ...data, actor: 'engine', assignedTo: 'ana', responseDueAt: startAt + 4 * 3_600_000 },
        },
        {
          type: 'ticket.noted',
          timestamp: '2027-01-15T08:00:00.000Z',
          data: { ...data, actor: 'engine', text: 'the vehicle came back' },
        },
      ]);
      const rows = await hook.database.reader.selectFrom('record').select('id').orderBy('seq').execute();
      for (const [index, { headers, text }] of hook.seen.entries()) {
        const deps = { secret, secrets: systemSecrets, now: startAt };
        expect(verifyCallback(deps, headers, text)).toEqual({ ok: true, id: rows[index + 1]?.id });
      }
      expect(webhook.counters()).toEqual({ delivered: 2, failedTries: 0, givenUp: 0 });
    }));

  const settlement = { amountMinor: 2990, currency: 'EUR' };
  const money = (database: Database<PlatformSchema>, ids: Ids, type: string, data: object = settlement) =>
    database.write((transaction) =>
      appendRecord(transaction, ids, [
        { ...{ purchaseId: 'pur_1', activationId: 'act_1', at: startAt }, type, actor: 'payments', data },
      ]),
    );

  it('sends what tells of money that people settle, and nothing else of payments', () =>
    withHook(standard, async ({ database, ids, clock, seen, start }) => {
      const webhook = start();
      await clock.advance(0);
      for (const type of ['payment.captured', 'payment.disputed', 'payment.unsettled'])
        await money(database, ids, type);
      webhook.wake();
      await clock.advance(0);
      expect(seen.map(({ body }) => body)).toEqual(
        ['payment.disputed', 'payment.unsettled'].map((type) => ({
          type,
          timestamp: '2027-01-15T08:00:00.000Z',
          data: { ...settlement, activationId: 'act_1', purchaseId: 'pur_1', actor: 'payments' },
        })),
      );
    }));

  it('opens one PagerDuty alert for the money of an activation, and resolves it', () =>
    withHook({ ...standard, format: 'pagerduty' }, async ({ database, ids, clock, seen, start }) => {
      const webhook = start();
      await clock.advance(0);
      for (const type of ['payment.unsettled', 'payment.paid_back']) await money(database, ids, type);
      webhook.wake();
      await clock.advance(0);
      const common = { routing_key: secret, dedup_key: 'settlement:act_1' };
      expect(seen.map(({ body }) => body)).toEqual([
        {
          ...common,
          event_action: 'trigger',
          payload: {
            summary: 'Settlement (unsettled): 29.90 EUR of act_1',
            source: 'act_1',
            severity: 'error',
            timestamp: '2027-01-15T08:00:00.000Z',
            component: 'payments',
            class: 'payment.unsettled',
            custom_details: settlement,
          },
        },
        { ...common, event_action: 'resolve' },
      ]);
    }));

  it('tries again after 1, 2, 4 s under the same id after any error, and keeps the order', () =>
    withHook(standard, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      hook.answers = [500, 'refused', 'silent', 204];
      await hook.open(1);
      await hook.note(1, 'second');
      webhook.wake();
      await hook.clock.advance(60_000);
      expect(hook.seen.map(({ at, body }) => [at, body.type])).toEqual([
        [0, 'ticket.opened'],
        [1_000, 'ticket.opened'],
        [3_000, 'ticket.opened'],
        // The silent one took its 10 s.
        [17_000, 'ticket.opened'],
        [17_000, 'ticket.noted'],
      ]);
      expect(new Set(hook.seen.slice(0, 4).map(({ headers }) => headers.get('webhook-id'))).size).toBe(1);
      expect(webhook.counters()).toEqual({ delivered: 2, failedTries: 3, givenUp: 0 });
    }));

  it('gives an event up after its last try, and sends the next', () =>
    withHook({ ...standard, attemptMax: 3 }, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      hook.answers = [500, 500, 500, 204];
      await hook.open(1);
      await hook.note(1, 'second');
      webhook.wake();
      await hook.clock.advance(60_000);
      expect(hook.seen.map(({ at, body }) => [at, body.type])).toEqual([
        [0, 'ticket.opened'],
        [1_000, 'ticket.opened'],
        [3_000, 'ticket.opened'],
        [3_000, 'ticket.noted'],
      ]);
      expect(webhook.counters()).toEqual({ delivered: 1, failedTries: 2, givenUp: 1 });
    }));

  it.each([400, 401, 404, 409, 422])(
    'parks an event that is refused with %i at once, and sends the next',
    (status) =>
      withHook(standard, async (hook) => {
        const webhook = hook.start();
        await hook.clock.advance(0);
        hook.answers = [status, 204];
        const ticketId = await hook.open(1);
        await hook.note(1, 'second');
        webhook.wake();
        await hook.clock.advance(0);
        expect(hook.seen.map(({ at, body }) => [at, body.type])).toEqual([
          [0, 'ticket.opened'],
          [0, 'ticket.noted'],
        ]);
        const id = hook.seen[0]?.headers.get('webhook-id');
        expect(await listParked(hook.database.reader, 10, 0)).toEqual([
          {
            ...{
              id,
              type: 'ticket.opened',
              ticket_id: ticketId,
              tries: 1,
              parked_at: startAt,
              replay_at: null,
            },
            seq: expect.any(Number),
            reason: `the receiver answered ${status}`,
          },
        ]);
        expect(webhook.counters()).toEqual({ delivered: 1, failedTries: 0, givenUp: 1 });
      }),
  );

  it('waits as long as Retry-After says where that is longer than its own wait', () =>
    withHook(standard, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      const busy = (status: number, retryAfter: string) =>
        new Response(null, { status, headers: { 'retry-after': retryAfter } });
      hook.answers = [
        busy(429, '120'),
        busy(503, new Date(startAt + 180_000).toUTCString()),
        busy(429, '0'),
        204,
      ];
      await hook.open(1);
      webhook.wake();
      await hook.clock.advance(60_000);
      // A wake-up does not shorten the wait.
      webhook.wake();
      await hook.clock.advance(600_000);
      expect(hook.seen.map(({ at }) => at)).toEqual([0, 120_000, 180_000, 184_000]);
    }));

  it('is switched off by 410, also for the next process, and sends what waits once it is switched on again', () =>
    withHook(standard, async (hook) => {
      const first = hook.start();
      await hook.clock.advance(0);
      hook.answers = [410];
      await hook.open(1);
      await hook.note(1, 'second');
      first.wake();
      await hook.clock.advance(86_400_000);
      await first.stop();
      const second = hook.start();
      await hook.clock.advance(86_400_000);
      expect(hook.seen.length).toBe(1);
      expect(await readWebhookOff(hook.database.reader)).toEqual({
        at: startAt,
        reason: 'the receiver answered 410',
      });
      hook.answers = [204];
      const by = { actor: 'operator:test', at: hook.clock.now() };
      const resume = () => hook.database.write((transaction) => resumeWebhook(transaction, hook.ids, by));
      expect([await resume(), await resume()]).toEqual([true, false]);
      second.wake();
      await hook.clock.advance(0);
      expect(hook.seen.map(({ body }) => body.type)).toEqual([
        'ticket.opened',
        'ticket.opened',
        'ticket.noted',
      ]);
    }));

  it('parks an event that cannot be read or sent after its last try, and sends the next', () =>
    withHook({ ...standard, attemptMax: 3 }, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      await hook.database.write((transaction) =>
        transaction
          .insertInto('record')
          .values({
            ...{ id: 'rec_poisoned', purchase_id: null, activation_id: null, at: startAt, actor: 'engine' },
            ...{ type: 'ticket.opened', data: '"nothing' },
          })
          .execute(),
      );
      await hook.open(1);
      webhook.wake();
      await hook.clock.advance(60_000);
      expect(hook.seen.map(({ at, body }) => [at, body.type])).toEqual([[3_000, 'ticket.opened']]);
      expect(await listParked(hook.database.reader, 10, 0)).toMatchObject([
        { id: 'rec_poisoned', ticket_id: '', tries: 3, reason: expect.stringContaining('SyntaxError') },
      ]);
    }));

  it('parks what its URL cannot carry, and no password is in the reason', () =>
    withHook({ ...standard, url: 'https://u:pw@hooks.example/' }, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      await hook.open(1);
      webhook.wake();
      await hook.clock.advance(3_600_000);
      const [parked] = await listParked(hook.database.reader, 10, 0);
      expect([hook.seen.length, parked?.tries, parked?.reason.includes('pw@')]).toEqual([0, 1, false]);
      expect(parked?.reason).toContain('cannot be sent');
    }));

  it('sends a parked event once more when an operator asks for it, and forgets it when it is taken', () =>
    withHook(standard, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      hook.answers = [400];
      await hook.open(1);
      webhook.wake();
      await hook.clock.advance(0);
      const [parked] = await listParked(hook.database.reader, 10, 0);
      const by = { actor: 'operator:test', at: hook.clock.now() };
      const act = async (action: 'replay' | 'drop') => {
        await hook.database.write((transaction) =>
          actOnParkedEvent(transaction, hook.ids, parked?.id ?? '', action, by),
        );
        webhook.wake();
        await hook.clock.advance(3_600_000);
      };
      hook.answers = [503];
      await act('replay');
      expect(await listParked(hook.database.reader, 10, 0)).toMatchObject([
        { id: parked?.id, tries: 2, reason: 'the receiver answered 503', replay_at: null },
      ]);
      hook.answers = [204];
      await act('replay');
      expect(hook.seen.map(({ headers }) => headers.get('webhook-id'))).toEqual(Array(3).fill(parked?.id));
      expect(await listParked(hook.database.reader, 10, 0)).toEqual([]);
    }));

  it('continues after a restart at its position', () =>
    withHook(standard, async (hook) => {
      const first = hook.start();
      await hook.clock.advance(0);
      hook.answers = [204, 'silent'];
      await hook.open(1);
      await hook.note(1, 'second');
      first.wake();
      await hook.clock.advance(0);
      await first.stop();
      hook.answers = [204];
      hook.start();
      await hook.clock.advance(0);
      expect(hook.seen.map(({ body }) => body.type)).toEqual([
        'ticket.opened',
        'ticket.noted',
        'ticket.noted',
      ]);
    }));
});

it('speaks PagerDuty Events v2: one alert a ticket, opened with its severity and group', () =>
  withHook({ ...standard, secret: 'R0UTINGKEY', format: 'pagerduty' }, async (hook) => {
    const webhook = hook.start();
    await hook.clock.advance(0);
    const id = await hook.open(1);
    await hook.note(1, 'no word for this');
    webhook.wake();
    await hook.clock.advance(0);
    expect(hook.seen.map(({ body }) => body)).toEqual([
      {
        routing_key: 'R0UTINGKEY',
        event_action: 'trigger',
        dedup_key: id,
        payload: {
          summary: `HIGH: heated-seats could not be activated on ${vin}: API IoT answered 500`,
          source: vin,
          severity: 'error',
          timestamp: '2027-01-15T08:00:00.000Z',
          component: 'heated-seats',
          class: 'ticket.opened',
          custom_details: {
            ticketId: id,
            priority: 'HIGH',
            assignedTo: 'ana',
            responseDueAt: startAt + 4 * 3_600_000,
          },
        },
      },
    ]);
    expect(hook.seen[0]?.headers.get('webhook-signature')).toBe(null);
  }));

/** Opens an incident and closes it after a minute. */
async function incidentOf({ database, ids, clock }: Hook): Promise<string> {
  const at = clock.now();
  const { incident } = await database.write((transaction) =>
    openIncident(transaction, ids, {
      ...{ cause: 'credentials_refused', calls: 3, closes_by: 'any' },
      ...{ opened_at: at, probe_at: at + 30_000 },
    }),
  );
  await database.write((transaction) =>
    closeIncident(transaction, ids, incident.id, { actor: 'engine', at: at + 60_000 }),
  );
  return incident.id;
}

it('sends one ticket for an incident of the whole fleet, and its end', () =>
  withHook(standard, async (hook) => {
    const webhook = hook.start();
    await hook.clock.advance(0);
    const incidentId = await incidentOf(hook);
    webhook.wake();
    await hook.clock.advance(0);
    const common = { incidentId, cause: 'credentials_refused', actor: 'engine', priority: 'HIGH' };
    expect(hook.seen.map(({ body }) => body)).toEqual([
      {
        type: 'incident.opened',
        timestamp: '2027-01-15T08:00:00.000Z',
        data: { ...common, calls: 3, probeAt: startAt + 30_000 },
      },
      {
        type: 'incident.closed',
        timestamp: '2027-01-15T08:01:00.000Z',
        data: { ...common, lastedMs: 60_000 },
      },
    ]);
  }));

it('opens one PagerDuty alert for an incident of the whole fleet, and resolves it', () =>
  withHook({ ...standard, secret: 'R0UTINGKEY', format: 'pagerduty' }, async (hook) => {
    const webhook = hook.start();
    await hook.clock.advance(0);
    const incidentId = await incidentOf(hook);
    webhook.wake();
    await hook.clock.advance(0);
    const common = { routing_key: 'R0UTINGKEY', dedup_key: incidentId };
    expect(hook.seen.map(({ body }) => body)).toEqual([
      {
        ...common,
        event_action: 'trigger',
        payload: {
          summary:
            'HIGH: calls to the API IoT fail for the whole fleet (credentials refused): activations wait',
          source: 'fleetwake',
          severity: 'critical',
          timestamp: '2027-01-15T08:00:00.000Z',
          component: 'api-iot',
          group: incidentId,
          class: 'incident.opened',
          custom_details: { incidentId, cause: 'credentials_refused', calls: 3, probeAt: startAt + 30_000 },
        },
      },
      { ...common, event_action: 'resolve' },
    ]);
  }));

/** How many listeners for `abort` each signal has at the moment, of those that come to have one during `work`. */
async function abortListeners(work: (count: () => number[]) => Promise<void>): Promise<void> {
  const listeners = new Map<EventTarget, Set<unknown>>();
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const adding = vi.spyOn(EventTarget.prototype, 'addEventListener').mockImplementation(function (
    this: EventTarget,
    ...[type, listener, options]: Parameters<typeof add>
  ) {
    if (type === 'abort') listeners.set(this, (listeners.get(this) ?? new Set()).add(listener));
    add.call(this, type, listener, options);
  });
  const removing = vi.spyOn(EventTarget.prototype, 'removeEventListener').mockImplementation(function (
    this: EventTarget,
    ...[type, listener, options]: Parameters<typeof remove>
  ) {
    if (type === 'abort') listeners.get(this)?.delete(listener);
    remove.call(this, type, listener, options);
  });
  try {
    await work(() => [...listeners.values()].map(({ size }) => size));
  } finally {
    adding.mockRestore();
    removing.mockRestore();
  }
}

it('keeps nothing of the tries that are over', () =>
  abortListeners((count) =>
    withHook(standard, async (hook) => {
      const webhook = hook.start();
      await hook.clock.advance(0);
      await hook.open(1);
      for (let number = 0; number < 12; number += 1) await hook.note(1, `note ${number}`);
      webhook.wake();
      await hook.clock.advance(0);
      expect(hook.seen.length).toBe(13);
      // What fetch itself holds of a request's own signal is gone with the request.
      expect(Math.max(...count())).toBeLessThanOrEqual(2);
    }),
  ));
