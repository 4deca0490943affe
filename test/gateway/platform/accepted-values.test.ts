import { describe, expect, it } from 'vitest';
import { register, vin, withPlatform } from '../../helpers/platform-under-test.ts';

const keys = { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) };
const ana = { name: 'Ana Torres', email: 'ana@example.com' };

const messageOf = (body: { errors: { pointer: string; message: string }[] }) =>
  body.errors.map(({ pointer, message }) => `${pointer} ${message}`);

describe('a customer', () => {
  it('may have a push subscription as a browser serialises it', () =>
    withPlatform(async ({ call }) => {
      const endpoint = 'https://push.example.com/1';
      const pushSubscription = {
        endpoint,
        expirationTime: null,
        keys: { ...keys, extra: 'x' },
        contentEncoding: 'aes128gcm',
      };
      const { status, body } = await call('PUT', '/customers/ana', { ...ana, pushSubscription });
      expect([status, body.pushSubscription]).toEqual([201, { endpoint, keys }]);
    }));

  it.each([
    ['tom&jerry@example.com', 'tom&jerry@example.com'],
    ['a@xn--80ak6aa92e.xn--p1ai', 'a@xn--80ak6aa92e.xn--p1ai'],
    ['ana@bücher.example', 'ana@xn--bcher-kva.example'],
    ["o'neil+tag@localhost", "o'neil+tag@localhost"],
  ])('may have the address %s, kept as %s', (email, kept) =>
    withPlatform(async ({ call }) => {
      const { status, body } = await call('PUT', '/customers/ana', { ...ana, email });
      expect([status, body.email]).toEqual([201, kept]);
    }),
  );

  it.each([
    'ana',
    'ana@',
    '@example.com',
    'a b@example.com',
    'ana@exa mple.com',
    'ana@-x.example',
    'a@b..c',
    'a@b%41.c',
    'jos\u00e9@example.com',
    'ana@\u202e.example',
  ])('has no address %j', (email) =>
    withPlatform(async ({ call }) => {
      const { status, body } = await call('PUT', '/customers/ana', { ...ana, email });
      expect([status, messageOf(body)]).toEqual([
        422,
        ['/email write an e-mail address such as ana@example.com'],
      ]);
    }),
  );

  it.each(['auth0|507f', 'google-oauth2|1', 'ana@example.com', 'a/b?c#d%2F e', 'x'.repeat(255)])(
    'may have the id %j in paths, bodies, queries and file names',
    (id) =>
      withPlatform(async ({ call }) => {
        const path = `/customers/${encodeURIComponent(id)}`;
        expect((await call('PUT', path, ana)).status).toBe(201);
        expect((await call('GET', path)).body.id).toBe(id);
        const vehicle = { model: 'aurora-2026', modelName: 'Aurora', customerId: id };
        expect((await call('PUT', `/vehicles/${vin}`, vehicle)).body.customerId).toBe(id);
        expect((await call('GET', `/purchases?customerId=${encodeURIComponent(id)}`)).status).toBe(200);
        const data = await call('GET', `${path}/personal-data`);
        expect([data.status, data.headers.get('content-disposition')]).toEqual([
          200,
          expect.stringMatching(/^attachment; filename="personal-data-[\w.@-]+\.json"/),
        ]);
        expect((await call('DELETE', `${path}/personal-data`)).body.customerId).toBe(id);
      }),
  );

  it.each(['', ' ', '.', '..', 'jos\u00e9', 'a\u0007', ' ana', 'x'.repeat(256)])('has not the id %j', (id) =>
    withPlatform(async ({ call }) => {
      const { status } = await call('POST', '/registrations', { customers: [{ ...ana, id }] });
      expect(status).toBe(422);
    }),
  );

  it.each([
    ['Jose\u0301', 'Jos\u00e9'],
    ['\u200bAna\u202e  Torres\u2069 ', 'Ana Torres'],
    ['\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'],
  ])('called %j is kept as %j', (name, kept) =>
    withPlatform(async ({ call }) => {
      expect((await call('PUT', '/customers/ana', { ...ana, name })).body.name).toBe(kept);
    }),
  );

  it.each([
    ['  ', 'write a name that shows something'],
    ['\u200b\u200d', 'write a name that shows something'],
    ['\u3164', 'write a name that shows something'],
    ['a\u0007b', 'no control characters and no lone surrogates'],
    ['a\ud800b', 'no control characters and no lone surrogates'],
  ])('cannot be called %j: %s', (name, message) =>
    withPlatform(async ({ call }) => {
      const { status, body } = await call('PUT', '/customers/ana', { ...ana, name });
      expect([status, messageOf(body)[0]]).toEqual([422, `/name ${message}`]);
    }),
  );
});

describe('a VIN', () => {
  const vehicle = { model: 'aurora-2026', modelName: 'Aurora' };

  it.each(['1E9AA1A28DA345A12', 'SCFAC23302B500A01'])('of a small maker, %s, is taken', (other) =>
    withPlatform(async ({ call }) => {
      expect((await call('PUT', `/vehicles/${other}`, vehicle)).status).toBe(201);
    }),
  );

  it.each([
    ['wvwzzz1jzxw000001', 'a VIN is written in capitals: WVWZZZ1JZXW000001'],
    ['WVWZZZ1JZXW00000O', 'a VIN has 17 characters: digits and capital letters without I, O and Q'],
  ])('%s is refused: %s', (other, message) =>
    withPlatform(async ({ call }) => {
      const { status, body } = await call('PUT', `/vehicles/${other}`, vehicle);
      expect([status, messageOf(body)]).toEqual([422, [`/vin ${message}`]]);
    }),
  );
});

describe('the instant of an appointment', () => {
  it.each([
    [9_007_199_254_740_991, 'epoch milliseconds, at most 8640000000000000'],
    [1_800_000_000, 'this is in seconds; write epoch milliseconds: 1800000000000'],
    [1_799_999_999_999, 'write an instant that is not in the past; now is 1800000000000'],
    [0, 'write epoch milliseconds, at most 8640000000000000'],
    [1.5, 'write epoch milliseconds, at most 8640000000000000'],
  ])('%d is refused: %s', (appointmentAt, message) =>
    withPlatform(async (world) => {
      await register(world);
      const id = 'tkt_1';
      for (const [action, more] of [
        ['inspection', { reason: 'r' }],
        ['resolve', { resolution: 'service_appointment' }],
      ] as const) {
        const { status, body } = await world.call('POST', `/tickets/${id}/${action}`, {
          ...{ by: 'technician-1', workshop: 'North', appointmentAt },
          ...more,
        });
        expect([status, messageOf(body)]).toEqual([422, [expect.stringContaining(`/appointmentAt`)]]);
        expect(messageOf(body)[0]).toContain(message);
      }
    }),
  );
});
