import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { purchaseLinks } from '../../../gateway/purchase-page/purchase-link.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';

const links = purchaseLinks(systemSecrets, ['secret-of-the-test']);
const content = {
  purchaseId: 'pur_01hzy3q6v8m4t2n0k5w7x9r1b3',
  customerId: 'ana',
  expiresAt: 1_800_000_000_000,
};
const before = content.expiresAt - 1;
const refused = { ok: false, reason: 'unknown' };

describe('the token of a link', () => {
  it('leads its customer to one purchase until it expires', () => {
    const token = links.tokenFor(content);
    const verdict = links.read(token, before);
    expect(verdict).toMatchObject({ ok: true, purchaseId: content.purchaseId });
    expect(verdict.ok && [verdict.isFor('ana'), verdict.isFor('bo'), verdict.isFor('')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(links.read(token, content.expiresAt)).toMatchObject({ ok: false, reason: 'expired' });
  });

  it('is one path segment that ends in a letter or a digit, and names no customer', () => {
    const token = links.tokenFor({ ...content, customerId: 'ana@example.com' });
    expect(token).toMatch(/^[0-9a-z._]+[0-9a-z]$/);
    expect(token).not.toContain('ana');
    expect(token.length).toBeLessThan(100);
  });

  it('is the same for the same purchase, customer and instant', () => {
    expect(links.tokenFor(content)).toBe(links.tokenFor({ ...content }));
  });

  it('is refused with any character changed, left out or added', () => {
    const token = links.tokenFor(content);
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom('', '0', '1', 'a', 'z', '.', 'A'),
        (at, other) => {
          const forged = token.slice(0, at) + other + token.slice(at + 1);
          fc.pre(forged !== token);
          expect(links.read(forged, before)).toEqual(refused);
        },
      ),
    );
    for (const forged of ['', 'x', `${token}0`, `0${token}`, `${token}\n`, token.toUpperCase()])
      expect(links.read(forged, before)).toEqual(refused);
  });

  it('is refused as unknown, not as expired, when it is forged and old', () => {
    const foreign = purchaseLinks(systemSecrets, ['another-secret']).tokenFor({
      ...content,
      expiresAt: 1_000,
    });
    expect(links.read(foreign, before)).toEqual(refused);
  });
});

describe('a replaced secret', () => {
  const replaced = purchaseLinks(systemSecrets, ['new-secret', 'secret-of-the-test']);

  it('signs new links, and the old ones stay valid', () => {
    const old = replaced.read(links.tokenFor(content), before);
    expect(old.ok && old.isFor('ana')).toBe(true);
    expect(links.read(replaced.tokenFor(content), before)).toEqual(refused);
  });

  it('ends the old links once it stands alone', () => {
    const alone = purchaseLinks(systemSecrets, ['new-secret']);
    expect(alone.read(links.tokenFor(content), before)).toEqual(refused);
  });
});

it('signs forms of one token', () => {
  const token = links.tokenFor(content);
  const signed = links.signForm(token, '5');
  expect(links.isFormOf(token, '5', signed)).toBe(true);
  expect(links.isFormOf(token, '6', signed)).toBe(false);
  expect(links.isFormOf(links.tokenFor({ ...content, customerId: 'bo' }), '5', signed)).toBe(false);
  expect(links.isFormOf(token, '5', '')).toBe(false);
});
