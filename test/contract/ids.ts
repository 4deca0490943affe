import { describe, expect, it } from 'vitest';
import type { Ids } from '../../shared/ports/ids.ts';

/** What every `Ids` owes its callers. `open` makes the source of another process, or of the same one after a restart. */
export function describeIds(name: string, open: () => Ids): void {
  describe(`ids: ${name}`, () => {
    it('makes the prefix and 26 characters of Crockford base 32', () => {
      const ids = open();
      for (const prefix of ['act', 'cmd', 'pur', 'tkt'] as const)
        expect(ids.next(prefix)).toMatch(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`));
    });

    it('rises within one source, with any prefix', () => {
      const ids = open();
      const made = Array.from({ length: 1_000 }, (_, index) =>
        ids.next(index % 2 === 0 ? 'act' : 'pur').slice(4),
      );
      expect(made.toSorted((left, right) => (left < right ? -1 : 1))).toEqual(made);
    });

    it('makes no identifier twice, over two sources either', () => {
      const sources = [open(), open()];
      const made = sources.flatMap((ids) => Array.from({ length: 1_000 }, () => ids.next('evt')));
      expect(new Set(made).size).toBe(2_000);
    });
  });
}
