import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { newTopicIndex } from '../../shared/memory/topic-index.ts';
import { filterMatches } from '../../shared/protocol/topic-filter.ts';

const word = fc.constantFrom('vehicles', 'V1', 'V2', 'cmd', 'evt', '$SYS', '');
const topics = fc.array(word, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filters = fc
  .tuple(
    fc.array(fc.oneof(word, fc.constant('+')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '/#'),
  )
  .map(([levels, end]) => levels.join('/') + end);

test.prop([fc.array(filters, { maxLength: 8 }), fc.array(filters, { maxLength: 3 }), topics])(
  'an index finds the same subscribers as a scan of all filters',
  (subscribed, left, topic) => {
    const index = newTopicIndex<string>();
    for (const filter of [...subscribed, ...left, '#']) index.add(filter, filter);
    for (const filter of left) index.remove(filter);
    const kept = [...new Set([...subscribed, '#'])].filter((filter) => !left.includes(filter));
    expect(index.match(topic)).toEqual(new Set(kept.filter((filter) => filterMatches(filter, topic))));
  },
);

test('exact filters come first, then the more general, each in the order of subscribing', () => {
  const index = newTopicIndex<string>();
  for (const filter of ['vehicles/V1/cmd/#', 'vehicles/V1/#', 'vehicles/+/cmd/x', '#', 'vehicles/#']) {
    index.add(filter, filter);
  }
  index.add('vehicles/V1/cmd/x', 'exact');
  expect([...index.match('vehicles/V1/cmd/x')]).toEqual([
    'exact',
    '#',
    'vehicles/+/cmd/x',
    'vehicles/#',
    'vehicles/V1/#',
    'vehicles/V1/cmd/#',
  ]);
});
