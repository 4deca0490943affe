import { expect, it } from 'vitest';
import { readConfig } from '../../../gateway/config.ts';
import { unreachableLinks } from '../../../gateway/live/customer-links.ts';

function faultOf(environment: Readonly<Record<string, string>>): string | null {
  const read = readConfig({}, environment);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  return unreachableLinks(read.config);
}

it.each([
  ['smtp://user:p%40ss@mail.example.com:587'],
  ['smtps://mail.example.com'],
  ['smtp://10.0.0.7:25'],
  ['smtp://mail:25'],
])('says that links lead nowhere when mails go to %s and no address is set', (SMTP_URL) => {
  expect(faultOf({ SMTP_URL })).toBe(
    "E-mails go to a mail server elsewhere, and their links lead to this machine's own address: set FLEETWAKE_PUBLIC_URL (--public-url), or FLEETWAKE_WEB_URL (--web-url).",
  );
  expect(faultOf({ SMTP_URL, FLEETWAKE_PUBLIC_URL: 'https://caas.example/api' })).toBeNull();
  expect(faultOf({ SMTP_URL, FLEETWAKE_WEB_URL: 'https://shop.example' })).toBeNull();
});

it.each([
  ['FLEETWAKE_PUBLIC_URL', 'http://platform:8080/api', 'http://platform:8080'],
  ['FLEETWAKE_PUBLIC_URL', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['FLEETWAKE_PUBLIC_URL', 'http://[::1]:8080', 'http://[::1]:8080'],
  ['FLEETWAKE_WEB_URL', 'http://localhost:3000', 'http://localhost:3000'],
])('says that links lead nowhere when mails go elsewhere and %s is %s', (name, value, origin) => {
  expect(faultOf({ SMTP_URL: 'smtps://mail.example', [name]: value })).toBe(
    `E-mails go to a mail server elsewhere, and their links lead to ${origin}, which customers cannot reach: set FLEETWAKE_PUBLIC_URL (--public-url), or FLEETWAKE_WEB_URL (--web-url), to an address with a full host name.`,
  );
  expect(faultOf({ SMTP_URL: 'smtp://127.0.0.1:1025', [name]: value })).toBeNull();
});

it('takes the address that links lead to: a web platform before the public one, a name or an IP address', () => {
  const SMTP_URL = 'smtps://mail.example';
  const FLEETWAKE_PUBLIC_URL = 'http://platform:8080';
  expect(faultOf({ SMTP_URL, FLEETWAKE_PUBLIC_URL, FLEETWAKE_WEB_URL: 'https://shop.example' })).toBeNull();
  expect(faultOf({ SMTP_URL, FLEETWAKE_PUBLIC_URL: 'http://10.0.0.7:8080' })).toBeNull();
  expect(faultOf({ SMTP_URL, FLEETWAKE_PUBLIC_URL: 'http://[2001:db8::7]:8080' })).toBeNull();
});

it.each([['smtp://127.0.0.1:1025'], ['smtp://localhost'], ['smtp://[::1]:25'], ['']])(
  'returns no warning for a mail server on this machine: "%s"',
  (SMTP_URL) => {
    expect(faultOf({ SMTP_URL })).toBeNull();
  },
);
