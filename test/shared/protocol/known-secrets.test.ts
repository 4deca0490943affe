import { describe, expect, it } from 'vitest';
import { maskedText } from '../../../shared/protocol/address.ts';
import { maskSecrets } from '../../../shared/protocol/known-secrets.ts';

describe('a text about requests', () => {
  it.each([
    ['GET http://u:pw@h/x?token=1: ECONNREFUSED', 'GET http://***@h/x?… ECONNREFUSED'],
    ['at "postgres://u:pw@h/db" and nats://a:b@c', 'at "postgres://***@h/db" and nats://***@c'],
    ['is it http://h/x or not? yes', 'is it http://h/x or not? yes'],
  ])('holds no user, password or query of an address: %s', (text, masked) => {
    expect(maskedText(text)).toBe(masked);
  });

  it('holds no secret as it is, percent-encoded or in base64', () => {
    const basic = Buffer.from('engine:p+s/41').toString('base64');
    const said = `p+s/41 ${encodeURIComponent('p+s/41')} ${Buffer.from('p+s/41').toString('base64')} ${basic}`;
    expect(maskSecrets(said, ['p+s/41', basic])).toBe('*** *** *** ***');
  });

  it('is not torn apart by a secret of less than four characters', () => {
    expect(maskSecrets('an answer', ['an'])).toBe('an answer');
  });
});
