import { expect, test } from 'vitest';
import { order, register, withPlatform } from '../../helpers/platform-under-test.ts';

const reasons = ['This gateway has no mail server.', 'It is closed.'];

test('returns 503 with the reasons, and keeps no purchase, while nothing can be sold', async () => {
  let stops: string[] = reasons;
  await withPlatform(
    async (world) => {
      const { call, fetch, database } = world;
      await register(world);
      const refused = await call('POST', '/purchases', order, { 'idempotency-key': 'one' });
      expect([refused.status, refused.body]).toEqual([
        503,
        {
          type: 'urn:fleetwake:problem:unavailable',
          title: 'The service is not available now',
          status: 503,
          detail: 'Nothing was bought. This gateway has no mail server. It is closed.',
          reasons,
        },
      ]);
      expect(await database.reader.selectFrom('purchases').selectAll().execute()).toEqual([]);
      const unready = await fetch('/readyz');
      expect([unready.status, await unready.json()]).toMatchObject([503, { reasons }]);

      stops = [];
      expect((await call('POST', '/purchases', order, { 'idempotency-key': 'one' })).status).toBe(201);
      const ready = await fetch('/readyz');
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', problems: [] }]);
    },
    { salesStops: () => stops },
  );
});
