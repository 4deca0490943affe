import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimNotices, type Outcome, saveOutcomes } from '../../../gateway/notifications/notice-queue.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { idOf, order, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { as, askToken, clients, exchange } from './people.ts';
import { problem } from './problem.ts';

const at = 1_800_000_000_000;
const path = '/customers/ana/personal-data';
const endpoint = 'https://push.example.com/ana-phone';

/** What is Ana's alone; none of it may be found after her erasure. */
const secrets = {
  name: 'Ana Torres',
  email: 'ana.torres@example.com',
  endpoint,
  keys: 'A'.repeat(22),
  nickname: 'Little Thunder',
  paymentMethod: 'pm_card_visa_of_ana',
  paymentCustomer: 'cus_ana_at_the_bank',
  question: 'May we call you at home, Ana?',
  comment: 'Ana says that she parks in the garage of her mother',
  workaround: 'Ana, hold the button for five seconds',
  mailError: '550 ana.torres@example.com is unknown here',
};

async function registerPeople({ call }: World): Promise<void> {
  const answer = await call('POST', '/registrations', {
    customers: [
      {
        id: 'ana',
        name: secrets.name,
        email: secrets.email,
        language: 'es-MX',
        pushSubscription: { endpoint, keys: { p256dh: 'B'.repeat(87), auth: secrets.keys } },
      },
      { id: 'bo', name: 'Bo Lund', email: 'bo@example.com' },
    ],
    vehicles: [
      { vin, model: 'aurora-2026', modelName: secrets.nickname, customerId: 'ana' },
      { vin: 'WDBEA30D3HA391172', model: 'aurora-2026', modelName: 'Boreal', customerId: 'bo' },
    ],
  });
  expect(answer.status).toBe(200);
}

/** Delivers what waits, but the first mail, which its server refuses for good, with the address in its words. */
async function deliverNotices({ database, clock }: World, firstMailDies: boolean): Promise<void> {
  let count = 0;
  const ids = {
    next(prefix: string) {
      count += 1;
      return idOf(prefix, 5_000_000 + clock.now() - at + count);
    },
  };
  for (const channel of ['email', 'push'] as const) {
    await database.write(async (transaction) => {
      const claim = { channel, now: clock.now(), claimMs: 1_000, limit: 100, perAddress: null };
      const { claimed } = await claimNotices(transaction, database.dialect, claim);
      const outcomes = claimed.map((notice, index): Outcome => {
        const dies = firstMailDies && channel === 'email' && index === 0;
        return dies
          ? { status: 'dead', notice, at: clock.now(), error: secrets.mailError }
          : { status: 'sent', notice, at: clock.now() };
      });
      await saveOutcomes(transaction, ids, outcomes);
    });
  }
}

/** Ana has a service, and had one that failed: support has worked on it to its end. Bo has one too. */
async function story(world: World): Promise<{ bought: string; failed: string }> {
  await registerPeople(world);
  const anas = { ...order, paymentMethod: secrets.paymentMethod, paymentCustomer: secrets.paymentCustomer };
  const first = await world.call('POST', '/purchases', anas);
  await world.engine.deliver(first.body.activation.id);
  const bos = { ...order, customerId: 'bo', vin: 'WDBEA30D3HA391172' };
  const other = await world.call('POST', '/purchases', bos);
  await world.engine.deliver(other.body.activation.id);
  await deliverNotices(world, true);
  const second = await world.call('POST', '/purchases', { ...anas, serviceId: 'ambient-light' });
  await world.engine.reject(second.body.activation.id);
  const { ticketId } = (await world.call('GET', `/purchases/${second.body.id}`)).body;
  const by = 'technician-1';
  const moves: [string, object][] = [
    ['start', {}],
    ['comment', { text: secrets.comment }],
    ['contact', { message: secrets.question }],
    ['resolve', { resolution: 'bug_report', reference: 'BUG-7', workaround: secrets.workaround }],
    ['close', {}],
  ];
  for (const [move, body] of moves) {
    const answer = await world.call('POST', `/tickets/${ticketId}/${move}`, { by, ...body });
    expect([move, answer.status]).toEqual([move, 200]);
  }
  await world.clock.advance(10);
  await deliverNotices(world, false);
  return { bought: first.body.id, failed: second.body.id };
}

const withStory = (
  run: (world: World, ids: { bought: string; failed: string }) => Promise<void>,
  open?: () => Database<PlatformSchema>,
) =>
  withPlatform(async (world) => run(world, await story(world)), {
    clients,
    ...(open === undefined ? {} : { open }),
  });

/** Which of the secrets a text holds. */
const foundIn = (text: string) =>
  Object.entries(secrets).flatMap(([name, secret]) => (text.includes(secret) ? [name] : []));

describe('the export of personal data', () => {
  it('has everything that is held of the customer, and nothing of others', () =>
    withStory(async (world, ids) => {
      const { status, body, headers } = await as(world, 'ana', 'GET', path);
      expect([status, headers.get('content-disposition')]).toEqual([
        200,
        'attachment; filename="personal-data-ana.json"',
      ]);
      expect([body.exportedAt, body.complete]).toEqual([at + 10, true]);
      expect(body.customer).toEqual({
        id: 'ana',
        name: secrets.name,
        email: secrets.email,
        language: 'es-MX',
        timeZone: null,
        pushSubscription: { endpoint, keys: { p256dh: 'B'.repeat(87), auth: secrets.keys } },
        createdAt: at,
        erasedAt: null,
      });
      expect(body.vehicles).toEqual([
        { vin, model: 'aurora-2026', modelName: secrets.nickname, registeredAt: at },
      ]);
      expect(
        body.purchases.map(
          ({
            id,
            paymentMethod,
            paymentCustomer,
            record,
          }: Record<string, unknown> & { record: object[] }) => [
            id,
            paymentMethod,
            paymentCustomer,
            record.length > 8,
          ],
        ),
      ).toEqual([
        [ids.failed, secrets.paymentMethod, secrets.paymentCustomer, true],
        [ids.bought, secrets.paymentMethod, secrets.paymentCustomer, true],
      ]);
      const told = body.notices.map(
        ({
          kind,
          channel,
          said,
        }: {
          kind: string;
          channel: string;
          said: { to: string; subscription: string };
        }) =>
          [kind, channel, channel === 'email' ? said.to : JSON.parse(said.subscription).endpoint].join(' '),
      );
      const kinds = [
        'payment_confirmed',
        'activation_started',
        'activation_successful',
        'payment_confirmed',
        'activation_started',
        'activation_failed',
        'support_question',
        'support_workaround',
      ];
      expect(told).toEqual(
        kinds.flatMap((kind) => [`${kind} email ${secrets.email}`, `${kind} push ${endpoint}`]),
      );
      expect(body.tickets).toEqual([
        {
          id: expect.stringMatching(/^tkt_/),
          purchaseId: ids.failed,
          openedAt: at,
          closedAt: at,
          customerEmail: secrets.email,
          vehicleStatusSnapshot: { unavailable: 'not asked for in this test' },
        },
      ]);
      expect(JSON.stringify(body)).not.toContain('bo@example.com');
      // What technicians write to each other is theirs: the customer view leaves it out.
      expect(foundIn(JSON.stringify(body))).toEqual(
        Object.keys(secrets).filter((name) => name !== 'comment' && name !== 'mailError'),
      );
    }));
});

/** Everything that may not change: amounts, instants, ids, who did what. */
async function books({ database: { reader } }: World) {
  const activations = await reader.selectFrom('activations').selectAll().orderBy('id').execute();
  return {
    purchases: await reader.selectFrom('purchases').selectAll().orderBy('id').execute(),
    entitlements: await reader.selectFrom('entitlements').selectAll().orderBy('id').execute(),
    record: await reader
      .selectFrom('record')
      .select(['seq', 'id', 'purchase_id', 'activation_id', 'at', 'type', 'actor'])
      .orderBy('seq')
      .execute(),
    notices: await reader
      .selectFrom('notices')
      .select(['id', 'kind', 'channel', 'status', 'tries', 'created_at', 'sent_at', 'occasion'])
      .orderBy('id')
      .execute(),
    tickets: await reader
      .selectFrom('tickets')
      .select(['id', 'activation_id', 'customer_id', 'status', 'state', 'opened_at', 'closed_at'])
      .orderBy('id')
      .execute(),
    activations: activations.map(({ state, version: _, ...row }) => {
      const { settlement, ...rest } = JSON.parse(state) as {
        settlement: { method: string; customer?: string } | null;
      };
      const { method: _method, customer: _customer, ...money } = settlement ?? { method: '' };
      return { ...row, ...rest, money };
    }),
  };
}

const dump = async ({ database: { reader } }: World) =>
  JSON.stringify(
    await Promise.all(
      (
        [
          'customers',
          'vehicles',
          'purchases',
          'activations',
          'notices',
          'tickets',
          'record',
          'idempotency_keys',
        ] as const
      ).map((table) => reader.selectFrom(table).selectAll().execute()),
    ),
  );

describe('the erasure of personal data', () => {
  it('leaves no row with it, and does not change the ledger and the audit trail', () =>
    withStory(async (world, ids) => {
      const before = await books(world);
      expect(foundIn(await dump(world))).toEqual(Object.keys(secrets));
      const { status, body } = await as(world, 'ana', 'DELETE', path);
      expect([status, body]).toEqual([200, { customerId: 'ana', erasedAt: at + 10, filesCleaned: true }]);
      expect(foundIn(await dump(world))).toEqual([]);
      const after = await books(world);
      const added = after.record.splice(before.record.length);
      expect(after).toEqual(before);
      expect(added.map(({ purchase_id, type, actor, at: when }) => [purchase_id, type, actor, when])).toEqual(
        [ids.bought, ids.failed].map((id) => [id, 'customer.erased', 'customer', at + 10]),
      );
      expect((await world.call('GET', '/customers/ana')).body).toEqual({
        id: 'ana',
        name: 'Erased customer',
        email: 'ana@erased.invalid',
        language: 'en',
        timeZone: null,
        pushSubscription: null,
        createdAt: at,
        erasedAt: at + 10,
      });
      expect((await world.call('GET', `/vehicles/${vin}`)).body).toMatchObject({
        modelName: 'aurora-2026',
        customerId: null,
        services: [{ serviceId: 'ambient-light' }, { serviceId: 'heated-seats', status: 'active' }],
      });
      const others = await dump(world);
      for (const kept of ['bo@example.com', 'Bo Lund', 'Boreal', 'pm_card_visa'])
        expect(others).toContain(kept);
    }));

  it('changes what people wrote, and nothing else of a line', () =>
    withStory(async (world, ids) => {
      const linesOf = async () =>
        (await world.call('GET', `/purchases/${ids.failed}/record?limit=100`)).body.events.filter(
          ({ type }: { type: string }) =>
            /^ticket\.(commented|customer_contacted|resolved|closed)$/.test(type),
        ) as { type: string; data: Record<string, unknown> }[];
      const before = await linesOf();
      await as(world, 'operator', 'DELETE', path);
      const gone = '[erased]';
      expect((await linesOf()).map(({ data }) => data)).toEqual([
        { ...before[0]?.data, text: gone },
        { ...before[1]?.data, message: gone },
        {
          ...before[2]?.data,
          resolution: { kind: 'bug_report', reference: 'BUG-7', workaround: gone },
        },
        before[3]?.data,
      ]);
      const { body } = await world.call('GET', `/purchases/${ids.bought}/record?limit=100`);
      const dead = body.events.find(({ type }: { type: string }) => type === 'notice.dead');
      expect(dead.data).toMatchObject({ kind: 'payment_confirmed', channel: 'email', error: gone });
      expect(body.events.at(-1)).toMatchObject({ type: 'customer.erased', actor: 'client:operator' });
    }));

  it('is done once: a repeat answers the same, and changes no row', () =>
    withStory(async (world) => {
      const first = await as(world, 'shop', 'DELETE', path);
      const rows = await dump(world);
      await world.clock.advance(1_000);
      const again = await as(world, 'shop', 'DELETE', path);
      expect([again.status, again.body]).toEqual([200, first.body]);
      expect(await dump(world)).toBe(rows);
    }));

  it('contains only the customer’s own data, and is 404 for an unknown customer', () =>
    withStory(async (world) => {
      const unknown = problem(
        'unknown-customer',
        'No customer has the id ana. Check the id: purchases name it as customerId.',
        {
          customerId: 'ana',
        },
      );
      for (const method of ['GET', 'DELETE']) {
        const answer = await as(world, 'bo', method, path);
        expect([answer.status, answer.body]).toEqual([404, unknown]);
        expect((await as(world, 'shop', method, '/customers/zoe/personal-data')).status).toBe(404);
      }
      expect(foundIn(await dump(world))).toEqual(Object.keys(secrets));
    }));

  it('is permanent: the id cannot register, buy, own a vehicle or get a token', () =>
    withStory(async (world) => {
      await as(world, 'shop', 'DELETE', path);
      const erased = problem(
        'customer-erased',
        'The personal data of the customer ana was erased. Register them under a new id.',
        { customerId: 'ana' },
      );
      const ana = { name: secrets.name, email: secrets.email };
      const vehicle = { model: 'aurora-2026', modelName: 'Aurora', customerId: 'ana' };
      const refused: [string, string, object][] = [
        ['PUT', '/customers/ana', ana],
        ['PUT', `/vehicles/${vin}`, vehicle],
        ['POST', '/purchases', order],
      ];
      for (const [method, where, body] of refused) {
        const answer = await world.call(method, where, body);
        expect([method, where, answer.status, answer.body]).toEqual([method, where, 409, erased]);
      }
      for (const batch of [{ customers: [{ id: 'ana', ...ana }] }, { vehicles: [{ vin, ...vehicle }] }]) {
        const { status, body } = await world.call('POST', '/registrations', batch);
        expect([status, body.results[0].problem]).toEqual([409, erased]);
      }
      expect((await askToken(world, 'shop', exchange('ana'))).body.error).toBe('invalid_request');
      expect(foundIn(await dump(world))).toEqual([]);
    }));

  it('sends no more notifications to an erased customer', () =>
    withStory(async (world, ids) => {
      await as(world, 'shop', 'DELETE', path);
      const count = async () =>
        (await world.database.reader.selectFrom('notices').select('id').execute()).length;
      const before = await count();
      const cancelled = await world.call('POST', `/purchases/${ids.bought}/cancel`);
      expect([cancelled.status, cancelled.body.serviceStatus]).toEqual([200, 'ended']);
      expect(await count()).toBe(before);
    }));
});

describe('the erasure is refused', () => {
  const refusal = async (world: World) => {
    const { status, body } = await world.call('DELETE', path);
    return { status, type: body.type, detail: body.detail };
  };

  it('while an activation is in progress, a notification waits or a ticket is open, with the fix', () =>
    withPlatform(async (world) => {
      await registerPeople(world);
      const { body } = await world.call('POST', '/purchases', order);
      const activation = body.activation.id;
      const notices = async () =>
        (
          await world.database.reader
            .selectFrom('notices')
            .select('id')
            .where('status', '=', 'waiting')
            .orderBy('id')
            .execute()
        )
          .map(({ id }) => id)
          .slice(0, 5)
          .join(', ');
      const type = 'urn:fleetwake:problem:not-erasable';
      const start = 'The personal data of ana cannot be erased now:';
      const waiting = async () =>
        `a notification is not delivered yet (${await notices()}): wait until it is delivered or dead.`;
      expect(await refusal(world)).toEqual({
        status: 409,
        type,
        detail: `${start} an activation is under way (${activation}): wait for its end, or cancel the purchase; ${await waiting()}`,
      });
      await world.engine.reject(activation);
      const { ticketId } = (await world.call('GET', `/purchases/${body.id}`)).body;
      expect(await refusal(world)).toEqual({
        status: 409,
        type,
        detail: `${start} a ticket is open (${ticketId}): close it; ${await waiting()}`,
      });
      await deliverNotices(world, false);
      expect((await refusal(world)).detail).toBe(`${start} a ticket is open (${ticketId}): close it.`);
      expect(await dump(world)).toContain(secrets.email);
    }));

  it('while the payment service is not done', () =>
    withPlatform(async (world) => {
      await registerPeople(world);
      const { body } = await world.call('POST', '/purchases', order);
      const id = body.activation.id;
      const now = world.clock.now();
      await world.engine.apply(id, { type: 'vehicle_checked', at: now, failure: null, message: 'read' });
      await world.engine.apply(id, { type: 'attempt_started', at: now });
      await world.engine.apply(id, { type: 'command_applied', at: now, attempt: 1, vehicleClock: now });
      await deliverNotices(world, false);
      expect((await refusal(world)).detail).toBe(
        `The personal data of ana cannot be erased now: the payment service was not done with ${id}: wait until it is.`,
      );
      await world.engine.apply(id, { type: 'payment_captured', at: now });
      expect((await world.call('DELETE', path)).status).toBe(200);
    }));
});

describe('the files', () => {
  it('of a database too large to be rewritten during operation are left, and the answer reports it', () =>
    withStory(
      async (world) => {
        const { status, body } = await as(world, 'shop', 'DELETE', path);
        expect([status, body.filesCleaned]).toEqual([200, false]);
        expect(foundIn(await dump(world))).toEqual([]);
      },
      () => openSqlite<PlatformSchema>(':memory:', { scrubMaxBytes: 4_096 }),
    ));

  it('of SQLite hold nothing of it any more, also of what was overwritten long before', () =>
    withTemporaryFolder((folder) => {
      const contents = () =>
        readdirSync(folder)
          .map((file) => readFileSync(join(folder, file), 'latin1'))
          .join('');
      return withStory(
        async (world) => {
          // An old address, in a page that was freed since.
          await world.call('PUT', '/customers/ana', { name: secrets.name, email: 'ana.before@example.com' });
          await world.call('PUT', '/customers/ana', { name: secrets.name, email: secrets.email });
          expect(foundIn(contents())).toEqual(Object.keys(secrets));
          expect(contents()).toContain('ana.before@example.com');
          expect((await as(world, 'shop', 'DELETE', path)).status).toBe(200);
          expect(foundIn(contents())).toEqual([]);
          expect(contents()).not.toContain('ana.before@example.com');
          expect(contents()).toContain('bo@example.com');
          expect((await world.call('GET', '/customers/bo')).status).toBe(200);
        },
        () => openSqlite<PlatformSchema>(join(folder, 'platform.db')),
      );
    }));
});
