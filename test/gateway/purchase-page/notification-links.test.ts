import { expect, it } from 'vitest';
import { notificationLinks } from '../../../gateway/purchase-page/notification-links.ts';
import { purchaseLinks } from '../../../gateway/purchase-page/purchase-link.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';

const keys = ['link-secret-of-the-tests-0123456789'] as const;
const notice = { purchase_id: 'pur_1', customer_id: 'ana', created_at: 1_800_000_000_000 };

it('makes links to the page under the public address, valid for 90 days from the fact', () => {
  const publicUrl = 'https://caas.example/api';
  const { linkOf } = notificationLinks(systemSecrets, { keys, publicUrl, webUrl: publicUrl });
  const link = linkOf?.(notice) ?? '';
  expect(link).toMatch(
    /^https:\/\/caas\.example\/api\/my-purchase\/pur_1\.[0-9a-z]+\.[0-9a-f]{16}\.[0-9a-f]{32}$/,
  );
  expect(linkOf?.({ ...notice })).toBe(link);
  const verdict = purchaseLinks(systemSecrets, keys).read(link.split('/').at(-1) ?? '', notice.created_at);
  expect(verdict).toMatchObject({ ok: true, purchaseId: 'pur_1', expiresAt: Date.UTC(2027, 3, 15, 8) });
  expect(verdict.ok && verdict.isFor('ana')).toBe(true);
});

it('makes no link where --web-url names another page', () => {
  const urls = { publicUrl: 'https://caas.example', webUrl: 'https://shop.example' };
  expect(notificationLinks(systemSecrets, { keys, ...urls })).toEqual({});
});
