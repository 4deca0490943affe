import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openPostgres } from '../../../shared/live/postgres.ts';
import { order, register, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { startPostgresServer, withPostgres } from '../../helpers/postgres.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

/** Two platforms, each with its own connections, on one database. */
function withTwo(run: (first: World, second: World) => Promise<void>): Promise<void> {
  return withPostgres(async (url) => {
    const open = () => openPostgres<PlatformSchema>(url);
    await withPlatform(
      (first) => withPlatform((second) => run(first, second), { open, idsFrom: 1_000_000 }),
      { open },
    );
  });
}

describe('on PostgreSQL', () => {
  it('of 20 purchases that race on two platforms one gets in, and everything can be read of it', () =>
    withTwo(async (first, second) => {
      await register(first);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? first : second).call('POST', '/purchases', order),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect([
        statuses.filter((one) => one === 201).length,
        statuses.filter((one) => one === 409).length,
      ]).toEqual([1, 19]);
      const { body: purchase } = answers.find(({ status }) => status === 201) as {
        body: { id: string; activation: { id: string } };
      };
      const refused = answers.find(({ status }) => status === 409);
      expect(refused?.body).toMatchObject({
        type: 'urn:fleetwake:problem:activation-open',
        purchaseId: purchase.id,
      });
      await second.engine.deliver(purchase.activation.id);
      expect((await first.call('GET', `/vehicles/${vin}`)).body.services).toMatchObject([
        { serviceId: 'heated-seats', status: 'active', entitlement: { validUntil: 1_802_678_400_000 } },
      ]);
      const page = await first.call('GET', `/purchases?customerId=ana&limit=1`);
      expect([page.body.purchases[0].id, page.body.next]).toEqual([purchase.id, null]);
      const record = await second.call('GET', `/purchases/${purchase.id}/record?limit=2`);
      expect(record.body.events.map((one: { type: string }) => one.type)).toEqual([
        'purchase.created',
        'payment.authorised',
      ]);
      for (const path of [
        `/activations/${purchase.activation.id}`,
        '/activations?phase=active&cursor=1900000000000.x',
        '/tickets',
        '/notices?status=dead&cursor=1.x',
        '/settlements?status=unsettled&cursor=x',
        '/metrics',
      ]) {
        expect([path, (await first.call('GET', path)).status]).toEqual([path, 200]);
      }
    }));

  it('erases a customer from the tables and from their files', () =>
    withTemporaryFolder(async (folder) => {
      const postgres = await startPostgresServer(folder);
      const client = new pg.Client(postgres.url);
      await client.connect();
      const files = async () => {
        await client.query('checkpoint');
        const base = join(folder, 'data', 'base');
        const paths = readdirSync(base, { recursive: true, withFileTypes: true }).filter((one) =>
          one.isFile(),
        );
        return paths.map((one) => readFileSync(join(one.parentPath, one.name), 'latin1')).join('');
      };
      try {
        await withPlatform(
          async (world) => {
            await register(world);
            await world.call('PUT', '/customers/ana', {
              name: 'Ana Torres',
              email: 'ana.before@example.com',
            });
            const { body } = await world.call('POST', '/purchases', order);
            await world.engine.deliver(body.activation.id);
            await client.query("update notices set status = 'sent', due_at = null");
            expect(await files()).toContain('ana.before@example.com');
            const erased = await world.call('DELETE', '/customers/ana/personal-data');
            expect([erased.status, erased.body.filesCleaned]).toEqual([200, true]);
            const text = await files();
            expect([text.includes('ana.before@example.com'), text.includes('Ana Torres')]).toEqual([
              false,
              false,
            ]);
            expect(text).toContain('ana@erased.invalid');
            const purchases = await world.call('GET', '/purchases?customerId=ana');
            expect(purchases.body.purchases).toMatchObject([
              { status: 'active', price: { amountMinor: 1490 } },
            ]);
          },
          { open: () => openPostgres<PlatformSchema>(postgres.url) },
        );
      } finally {
        await client.end();
        await postgres.stop();
      }
    }));

  it('one Idempotency-Key on two platforms buys once', () =>
    withTwo(async (first, second) => {
      await register(first);
      const key = { 'idempotency-key': 'k-1' };
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? first : second).call('POST', '/purchases', order, key),
        ),
      );
      const bought = answers.filter(({ status }) => status === 201);
      const first201 = new Set(bought.map(({ body }) => body.id));
      expect(first201.size).toBe(1);
      const others = answers.filter(({ status }) => status !== 201).map(({ body }) => body.type);
      expect(others.filter((one) => one !== 'urn:fleetwake:problem:key-in-flight')).toEqual([]);
      expect((await first.database.reader.selectFrom('purchases').select('id').execute()).length).toBe(1);
    }));
});
