import { expect, it } from 'vitest';
import { insertLifeNotice } from '../../../gateway/notifications/life-notice.ts';
import type { NoticeData } from '../../../gateway/notifications/notice-data.ts';
import type { Rendered } from '../../../gateway/notifications/renderer.ts';
import {
  countingIds,
  notices,
  type Order,
  placeOrder,
  render,
  startAt,
  withDatabase,
} from '../../helpers/notification-rows.ts';

const deps = {
  ids: countingIds(),
  settings: { contact: 'support@caas.example', webUrl: 'https://caas.example' },
};
const open = { amount: '49.90 EUR', isDisputeLost: false, isServiceActive: true, endsIfLost: true };

/** What a customer receives of a dispute, and how many notifications two events of one dispute make. */
async function received(data: Partial<NoticeData>, order: Partial<Order> = {}) {
  const out: { inserted: number[]; mail?: Rendered['mail']; push?: Rendered['push'] } = { inserted: [] };
  await withDatabase(async (database) => {
    const { id } = await placeOrder(database, order);
    const notice = { kind: 'payment_disputed', at: startAt, occasion: 'dp_1', data } as const;
    for (const occasion of ['dp_1', 'dp_1'])
      out.inserted.push(
        await database.write((transaction) =>
          insertLifeNotice(transaction, deps, id, { ...notice, occasion }),
        ),
      );
    for (const row of await notices(database)) Object.assign(out, render(row));
  });
  return out;
}

it('tells once what a dispute means for an active service, by e-mail and push', async () => {
  const { inserted, mail, push } = await received(open);
  expect(inserted).toEqual([2, 0]);
  expect(mail?.subject).toBe('Your disputed payment of 49.90 EUR for Heated Seats');
  expect(mail?.text).toBe(`Hello Ada Byron,

Your bank has told us that the payment of 49.90 EUR for Heated Seats on your
Aurora EX is disputed. The bank decides about it; that can take some weeks.
The service stays active until then.
If the bank takes the amount back, the service is switched off after a grace period.

If you did not dispute this payment, please contact support at support@caas.example.

View full details in your purchase record:
https://caas.example/purchases/pur_1
`);
  expect(JSON.parse(push?.payload ?? '')).toMatchObject({
    title: 'Payment disputed: 49.90 EUR',
    body: 'The payment for Heated Seats is disputed with your bank. The service stays active until the bank has decided.',
  });
});

it('promises neither service nor end where the vehicle has none, or the policy keeps it', async () => {
  const { mail } = await received({ ...open, isServiceActive: false });
  expect(mail?.text).not.toMatch(/stays active|switched off/);
  const kept = await received({ ...open, endsIfLost: false });
  expect(kept.mail?.text).toContain('The service stays active until then.');
  expect(kept.mail?.text).not.toContain('switched off');
});

it('names the end of the service where the bank has taken the payment back already', async () => {
  const activeUntil = '2027-01-22T08:00:00.000Z';
  const { mail, push } = await received({ ...open, isDisputeLost: true, activeUntil });
  expect(mail?.text).toContain(`Your bank has taken back the payment of 49.90 EUR for Heated Seats on your
Aurora EX.
Without a payment the service is switched off on 22 January 2027, 08:00 (UTC). To keep it, please
contact support at support@caas.example.
`);
  expect(push?.payload).toContain('Without a payment it is switched off on 22 January 2027, 08:00 (UTC).');
  const kept = await received({ ...open, isDisputeLost: true, endsIfLost: false });
  expect(kept.mail?.text).toContain('Aurora EX.\nThe service stays active.\n');
});

it('tells it in Spanish', async () => {
  const { mail, push } = await received(open, { language: 'es' });
  expect(mail?.subject).toBe('Su pago disputado de 49.90 EUR por Heated Seats');
  expect(mail?.text).toContain('El servicio sigue activo hasta entonces.\n');
  expect(push?.payload).toContain('"title":"Pago disputado: 49.90 EUR"');
});
