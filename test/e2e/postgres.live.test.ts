import { expect, test } from 'vitest';
import { Address } from '../../shared/protocol/address.ts';
import { withPostgres } from '../helpers/postgres.ts';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { failure, success } from './expected.ts';
import { storyOf } from './story.ts';

const reject = { type: 'reject', attributes: { reason: 'wiring_missing', feature: null } } as const;

test('on PostgreSQL a purchase becomes active, and one that the vehicle rejects fails with its money back', () =>
  withPostgres(async (url) => {
    const config = { databaseUrl: new Address(url) };
    await withPlatform({ vehicles: [{}, { faults: [reject] }], config }, async (platform) => {
      const delivered = await buy(platform, { vehicle: 0 });
      const refused = await buy(platform, { vehicle: 1 });
      expect(await storyOf(platform, delivered)).toMatchObject(success);
      expect(await storyOf(platform, refused)).toMatchObject({ ...failure, failure: 'vehicle_incompatible' });
    });
  }));
