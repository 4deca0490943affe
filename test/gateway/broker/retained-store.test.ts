import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { newRetainedStore } from '../../../gateway/broker/retained-store.ts';
import { filterMatches } from '../../../shared/protocol/topic-filter.ts';

const level = fc.constantFrom('vehicles', 'a', 'b', '$SYS', '');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.constantFrom('+', '#', 'a', 'b'))
  .map(([levels, last]) => [...levels, last].join('/'));
const packet = fc.record({ topic, payload: fc.constantFrom('', 'one', 'two') });

describe('retained messages', () => {
  test.prop([fc.array(packet, { maxLength: 30 }), fc.array(filter, { minLength: 1, maxLength: 3 })])(
    'returns the last message of each topic that a filter matches, and none after an empty payload',
    (packets, filters) => {
      const store = newRetainedStore<{ topic: string; payload: string }>();
      const last = new Map<string, string>();
      for (const { topic: at, payload } of packets) {
        store.store({ topic: at, payload });
        if (payload === '') last.delete(at);
        else last.set(at, payload);
      }
      expect(store.size).toBe(last.size);
      const expected = filters.flatMap((one) =>
        [...last].filter(([at]) => filterMatches(one, at)).map(([at, payload]) => `${one} ${at} ${payload}`),
      );
      const found = filters.flatMap((one) =>
        [...store.matchedBy([one])].map(({ topic: at, payload }) => `${one} ${at} ${payload}`),
      );
      expect(found.sort()).toEqual(expected.sort());
      expect([...store.matchedBy(filters)].length).toBe(expected.length);
    },
  );
});
