import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newTopicTree } from '../../../shared/memory/topic-tree.ts';
import { filterMatches } from '../../../shared/protocol/topic-filter.ts';

const level = fc.constantFrom('a', 'b', '$c', '');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen || levels.length === 0 ? ['#'] : [])].join('/'));

test('finds the topics of a filter as a scan over all of them does', () => {
  fc.assert(
    fc.property(fc.array(filter), fc.array(topic), (filters, topics) => {
      const stored = newTopicTree<string>();
      for (const one of topics) stored.set(one, one);
      for (const one of filters)
        expect(new Set(stored.matchedBy(one))).toEqual(
          new Set(topics.filter((each) => filterMatches(one, each))),
        );
    }),
    { seed: 1 },
  );
});

test('keeps what is under a path that was deleted, and nothing of the path', () => {
  const tree = newTopicTree<number>();
  tree.set('a/b', 1);
  tree.set('a', 2);
  tree.delete('a');
  expect([tree.matchedBy('a'), tree.matchedBy('a/b'), tree.matchedBy('#')]).toEqual([[], [1], [1]]);
  tree.delete('a/b');
  expect(tree.matchedBy('#')).toEqual([]);
});
