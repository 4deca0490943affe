import { expect, test } from 'vitest';
import { damages, damageTypes } from '../../../simulator/fleet/message-damage.ts';

test.each(['', '{"id":"cmd_1","fea', 'null', '17', '"text"', '[{"version":3}]'])(
  'what is no JSON object stays as it is: %s',
  (payload) => {
    const changing = damageTypes.filter((type) => type !== 'corrupt_payload');
    expect(changing.filter((type) => damages[type](payload) !== payload)).toEqual([]);
  },
);

test('what is in a list and no object stays as it is', () => {
  expect(damages.stale_version('{"features":[null,7,{"version":3},{"version":0}]}')).toBe(
    '{"features":[null,7,{"version":2},{"version":0}]}',
  );
});
