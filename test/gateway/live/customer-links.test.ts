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

it.each([['smtp://127.0.0.1:1025'], ['smtp://localhost'], ['smtp://[::1]:25'], ['']])(
  'returns no warning for a mail server on this machine: "%s"',
  (SMTP_URL) => {
    expect(faultOf({ SMTP_URL })).toBeNull();
  },
);
