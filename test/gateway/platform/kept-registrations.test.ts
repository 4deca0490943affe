import { describe, expect, it } from 'vitest';
import { vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';

const otherVin = 'WDBEA30D3HA391172';
const keysOf = (letter: string) => ({ p256dh: letter.repeat(87), auth: letter.repeat(22) });
const phone = (host: string, letter = 'A') => ({ endpoint: `https://${host}/push/1`, keys: keysOf(letter) });

const ana = {
  ...{ name: 'Ana Torres', email: 'ana@example.com', language: 'es', timeZone: 'Europe/Madrid' },
  pushSubscription: phone('old.example'),
};
const simulated = { id: 'ana', name: 'Customer 1', email: 'customer-0001@example.com', language: 'en' };
const car = { vin, model: 'cirrus-2025', modelName: 'Cirrus', customerId: 'ana' };

async function known(world: World) {
  await world.call('PUT', '/customers/ana', ana);
  await world.call('PUT', '/customers/bo', { name: 'Bo', email: 'bo@example.com' });
  await world.call('PUT', `/vehicles/${vin}`, {
    ...{ model: 'aurora-2026', modelName: 'Aurora', customerId: 'bo' },
  });
}

const keep = (world: World, customers: readonly object[], vehicles: readonly object[] = []) =>
  world.call('POST', '/registrations', { customers, vehicles, existing: 'keep' });
const customer = async (world: World, id = 'ana') => (await world.call('GET', `/customers/${id}`)).body;
const ownerOf = async (world: World, of = vin) =>
  (await world.call('GET', `/vehicles/${of}`)).body.customerId;

describe('registrations with existing keep', () => {
  it('leave customers and owners as they are, and register those who are new', () =>
    withPlatform(async (world) => {
      await known(world);
      const before = await customer(world);
      const answer = await keep(
        world,
        [simulated, { ...simulated, id: 'new' }],
        [car, { ...car, vin: otherVin, customerId: 'new' }],
      );
      expect([answer.status, answer.body]).toEqual([200, { customers: 2, vehicles: 2 }]);
      expect(await customer(world)).toEqual(before);
      expect((await customer(world, 'new')).email).toBe('customer-0001@example.com');
      expect([await ownerOf(world), await ownerOf(world, otherVin)]).toEqual(['bo', 'new']);
      const { model, modelName } = (await world.call('GET', `/vehicles/${vin}`)).body;
      expect([model, modelName]).toEqual(['cirrus-2025', 'Cirrus']);
      // A vehicle whose owner was taken away stays without one.
      await world.call('PUT', `/vehicles/${vin}`, { model: 'aurora-2026', modelName: 'Aurora' });
      await keep(world, [], [car]);
      expect(await ownerOf(world)).toBe(null);
    }));

  it('follow a push service to its new address, and change no other subscription', () =>
    withPlatform(async (world) => {
      await known(world);
      await keep(world, [{ ...simulated, pushSubscription: phone('new.example') }]);
      expect(await customer(world)).toMatchObject({
        ...ana,
        pushSubscription: phone('new.example'),
      });
      await keep(world, [{ ...simulated, pushSubscription: phone('another.example', 'B') }]);
      expect((await customer(world)).pushSubscription).toEqual(phone('new.example'));
      await keep(world, [simulated, { ...simulated, id: 'bo', pushSubscription: phone('new.example') }]);
      expect((await customer(world)).pushSubscription).toEqual(phone('new.example'));
      expect((await customer(world, 'bo')).pushSubscription).toBe(null);
    }));

  it('replace both without it', () =>
    withPlatform(async (world) => {
      await known(world);
      await world.call('POST', '/registrations', { customers: [simulated], vehicles: [car] });
      expect((await customer(world)).email).toBe('customer-0001@example.com');
      expect(await ownerOf(world)).toBe('ana');
    }));
});
