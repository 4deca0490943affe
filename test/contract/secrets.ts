import { describe, expect, it } from 'vitest';
import type { Secrets } from '../../shared/ports/secrets.ts';

/** What every `Secrets` owes its callers. `open` makes the source of another process, or of the same one after a restart. */
export function describeSecrets(name: string, open: () => Secrets): void {
  describe(`secrets: ${name}`, () => {
    it('makes tokens of 256 bits in base64url, none twice', () => {
      const sources = [open(), open()];
      const made = sources.flatMap((secrets) => Array.from({ length: 200 }, () => secrets.newToken()));
      for (const token of made) expect(token).toMatch(/^[\w-]{43}$/);
      expect(new Set(made).size).toBe(400);
    });

    it('digests the UTF-8 text with SHA-256, in lower-case hex', () => {
      expect(open().digest('Sitzheizung für Łukasz')).toBe(
        '1f414c236f0716fc0acd4b35b369fafc45f3736a3738e039bef8d8f4f721665d',
      );
      expect(open().digest('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    });

    it('signs the UTF-8 text with HMAC-SHA-256, in lower-case hex', () => {
      // RFC 4231, test case 2.
      expect(open().sign('Jefe', 'what do ya want for nothing?')).toBe(
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      );
      expect(open().sign('clé', 'Sitzheizung für Łukasz')).toBe(open().sign('clé', 'Sitzheizung für Łukasz'));
      expect(open().sign('a', 'text')).not.toBe(open().sign('b', 'text'));
    });

    it('compares texts of any length', () => {
      const { equal } = open();
      expect(equal('secret', 'secret')).toBe(true);
      expect(equal('', '')).toBe(true);
      for (const other of ['Secret', 'secret ', 'secre', '', 'sécret'])
        expect(equal('secret', other)).toBe(false);
    });
  });
}
