import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterMatches } from '../../shared/protocol/topic-filter.ts';
import { newTopicIndex } from '../../shared/virtual/topic-index.ts';
import { newTopicTree } from '../../shared/virtual/topic-tree.ts';

const level = fc.constantFrom('a', 'b', '$c', '');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen || levels.length === 0 ? ['#'] : [])].join('/'));

test('finds the filters of a topic, and the topics of a filter, as the scan over all of them does', () => {
  fc.assert(
    fc.property(fc.array(filter), fc.array(topic), (filters, topics) => {
      const tree = newTopicTree<string>();
      for (const one of filters) tree.set(one, one);
      for (const one of topics)
        expect(new Set(tree.matching(one))).toEqual(
          new Set(filters.filter((each) => filterMatches(each, one))),
        );
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
  expect([tree.get('a'), tree.get('a/b'), tree.matchedBy('#')]).toEqual([undefined, 1, [1]]);
  tree.delete('a/b');
  expect(tree.matchedBy('#')).toEqual([]);
});

test('gives exact subscribers first, each once, in the order of subscribing', () => {
  const index = newTopicIndex<string>();
  for (const [path, item] of [
    ['vehicles/#', 'open'],
    ['vehicles/+/cmd', 'plus'],
    ['vehicles/1/cmd', 'exact'],
    ['#', 'open'],
  ] as const)
    index.add(path, item);
  expect([...index.match('vehicles/1/cmd')]).toEqual(['exact', 'open', 'plus']);
  index.remove('open');
  expect([...index.match('vehicles/1/cmd')]).toEqual(['exact', 'plus']);
  expect([...index.match('vehicles')]).toEqual([]);
});
