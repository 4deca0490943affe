import { expect, it } from 'vitest';
import { localTime } from '../../../gateway/notifications/language.ts';
import { noticeData } from '../../../gateway/notifications/notice-insertion.ts';
import { noticesFor, noticeTable } from '../../../gateway/notifications/notice-table.ts';
import type { Rendered } from '../../../gateway/notifications/renderer.ts';
import {
  countingIds,
  fact,
  fileTicket,
  notices,
  type Order,
  placeOrder,
  readTemplate,
  render,
  startAt,
  subscription,
  tell,
  withDatabase,
} from '../../helpers/notification-rows.ts';

const kinds = {
  payment_confirmed: fact('activation.payment_confirmed'),
  activation_started: fact('activation.sending_command', { attempt: 1 }),
  activation_successful: fact('activation.active', {}, startAt + 1_234),
  activation_failed: fact('activation.notifying_failure'),
  activation_cancelled: fact('activation.cancelled'),
  service_renewed: fact('activation.renewed'),
};

/** Texts that one customer gets for one kind of notification. */
async function received(kind: keyof typeof kinds, order: Partial<Order> = {}) {
  const out: { mail?: NonNullable<Rendered['mail']>; push?: NonNullable<Rendered['push']> } = {};
  await withDatabase(async (database) => {
    const activation = await placeOrder(database, order);
    if (kind === 'activation_failed') await fileTicket(database, activation.id, 'tkt_7');
    await tell(database, countingIds(), activation, [kinds[kind]]);
    for (const notice of await notices(database)) Object.assign(out, render(notice));
  });
  return out;
}

async function mailOf(kind: keyof typeof kinds, order: Partial<Order> = {}) {
  const { mail } = await received(kind, order);
  if (mail === undefined) throw new Error('no mail');
  return mail;
}

async function pushOf(kind: keyof typeof kinds, order: Partial<Order> = {}) {
  const { push } = await received(kind, order);
  if (push === undefined) throw new Error('no push');
  return push;
}

it('sends a receipt that says reserved, not charged, while the money is only held', async () => {
  const mail = await mailOf('payment_confirmed');
  expect(mail.messageId).toBe('ntc_00000000000000000000000001@notices.caas.example');
  expect(mail.to).toBe('customer1@example.org');
  expect(mail.subject).toBe('Receipt: Heated Seats for your Aurora EX');
  expect(mail.text).toBe(`Hello Ada Byron,

Thank you for your purchase. We are now activating Heated Seats on your
Aurora EX, and will tell you as soon as it is ready to use.

Receipt:
- Service: Heated Seats
- Duration: 12 months
- Amount: 49.90 EUR (reserved, not charged)
- Date: 15 January 2027, 08:00 (UTC)

The amount is reserved on your payment method. It is charged only once the
service is active in your vehicle.

View full details in your purchase record:
https://caas.example/purchases/pur_1

Thank you for choosing CaaS.
`);
});

it('sends a receipt that says charged when the money was taken at once', async () => {
  const { text, html } = await mailOf('payment_confirmed', { capture: 'immediately' });
  expect(text).toContain(`- Amount: 49.90 EUR (charged)
- Date: 15 January 2027, 08:00 (UTC)

If the service cannot be activated in your vehicle, you get the amount back in
full.
`);
  expect(text).not.toContain('reserved');
  expect(html).toContain('<li>Amount: 49.90 EUR (charged)</li>');
  expect(html).not.toContain('reserved');
});

it('tells that the activation has started', async () => {
  const mail = await mailOf('activation_started');
  expect(mail.subject).toBe('Activating your service: Heated Seats');
  expect(mail.text).toBe(`Hello Ada Byron,

We are activating Heated Seats on your Aurora EX. Your vehicle receives
its new configuration as soon as it can be reached; there is nothing that you
need to do.

View full details in your purchase record:
https://caas.example/purchases/pur_1

Thank you for choosing CaaS.
`);
});

it('confirms a cancellation, with what became of the money, in both languages', async () => {
  const mail = await mailOf('activation_cancelled');
  expect(mail.subject).toBe('Heated Seats is cancelled - You have NOT been charged');
  expect(mail.text).toBe(`Hello Ada Byron,

As you asked, we have cancelled Heated Seats for your Aurora EX.
The service is not active.

You have NOT been charged for this service.
The amount of 49.90 EUR was only reserved, and the reservation has been released.

If you have any questions, please contact support at support@caas.example.

View full details in your purchase record:
https://caas.example/purchases/pur_1
`);
  const refunded = await mailOf('activation_cancelled', { capture: 'immediately', language: 'es' });
  expect(refunded.subject).toBe('Heated Seats está cancelado - NO se le ha cobrado');
  expect(refunded.text).toBe(`Hola, Ada Byron:

Como nos pidió, hemos cancelado Heated Seats para su Aurora EX.
El servicio no está activo.

NO se le ha cobrado este servicio.
Su pago de 49.90 EUR se ha reembolsado íntegramente.

Si tiene alguna pregunta, contacte con soporte en support@caas.example.

Consulte todos los detalles en su expediente de compra:
https://caas.example/purchases/pur_1
`);
  const { payload } = await pushOf('activation_cancelled');
  expect(JSON.parse(payload)).toMatchObject({
    title: 'Order cancelled - not charged',
    body: 'Heated Seats for your Aurora EX is cancelled, as you asked. The reservation of 49.90 EUR has been released.',
  });
});

it('tells of a renewal when the new time begins', async () => {
  const mail = await mailOf('service_renewed');
  expect(mail.subject).toBe('Your Heated Seats is renewed');
  expect(mail.text).toBe(`Hello Ada Byron,

Your Heated Seats on your Aurora EX is renewed. It stays on without
interruption: the new time begins where the old one ends.

Details:
- Service: Heated Seats
- Duration: 12 months
- Cost: 49.90 EUR (being charged)
- Renewed: 15 January 2027, 08:00 (UTC)

View full details in your purchase record:
https://caas.example/purchases/pur_1

Thank you for choosing CaaS.
`);
});

it("tells of a success in the specification's words", async () => {
  const mail = await mailOf('activation_successful');
  expect(mail.subject).toBe('Your Heated Seats is now active');
  expect(mail.text).toBe(`Hello Ada Byron,

Your Heated Seats has been successfully activated on your Aurora EX.
You can start using this feature immediately.

Activation details:
- Service: Heated Seats
- Duration: 12 months
- Cost: 49.90 EUR (being charged)
- Activated: 15 January 2027, 08:00 (UTC)

View full details in your purchase record:
https://caas.example/purchases/pur_1

Thank you for choosing CaaS.
`);
  expect(mail.html).toBe(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Your Heated Seats is now active</title>
</head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">
<p>Hello Ada Byron,</p>
<p>Your Heated Seats has been successfully activated on your Aurora EX.
You can start using this feature immediately.</p>
<p>Activation details:</p>
<ul>
<li>Service: Heated Seats</li>
<li>Duration: 12 months</li>
<li>Cost: 49.90 EUR (being charged)</li>
<li>Activated: 15 January 2027, 08:00 (UTC)</li>
</ul>
<p>View full details in your purchase record:
<a href="https:&#x2F;&#x2F;caas.example&#x2F;purchases&#x2F;pur_1">https:&#x2F;&#x2F;caas.example&#x2F;purchases&#x2F;pur_1</a></p>
<p>Thank you for choosing CaaS.</p>
</body>
</html>
`);
});

it("tells of a failure in the specification's words, with the ticket as reference number", async () => {
  const mail = await mailOf('activation_failed');
  expect(mail.subject).toBe('Service activation issue - You have NOT been charged');
  expect(mail.text).toBe(`Hello Ada Byron,

We were unable to activate Heated Seats on your Aurora EX due to
a technical issue. We have escalated this to our technical support team.

Important: You have NOT been charged for this service.
The amount of 49.90 EUR was only reserved, and the reservation has been released.

Our team will contact you shortly to resolve this issue. If you have any
questions, please contact support at support@caas.example.

Reference number: tkt_7

View full details in your purchase record:
https://caas.example/purchases/pur_1

We apologize for the inconvenience.
`);
});

it('tells of the refund when the money had been taken at once', async () => {
  const { text, html } = await mailOf('activation_failed', { capture: 'immediately' });
  const refund = 'Your payment of 49.90 EUR has been refunded in full.';
  expect(text).toContain(`Important: You have NOT been charged for this service.\n${refund}\n\nOur team`);
  expect(text).not.toContain('reserv');
  expect(html).toContain(`<p>${refund}</p>`);
  expect(html).not.toContain('reserv');
});

const push = (title: string, body: string) => ({
  title,
  body,
  url: 'https://caas.example/purchases/pur_1',
  noticeId: 'ntc_00000000000000000000000002',
});

it.each([
  [
    'payment_confirmed',
    'on_delivery',
    'Service purchased',
    'Heated Seats for your Aurora EX: 49.90 EUR reserved, not charged.',
  ],
  [
    'payment_confirmed',
    'immediately',
    'Service purchased',
    'Heated Seats for your Aurora EX: 49.90 EUR charged.',
  ],
  ['activation_started', 'on_delivery', 'Activating...', 'Heated Seats on your Aurora EX.'],
  [
    'activation_successful',
    'on_delivery',
    'Service ready to use',
    'Heated Seats is now active on your Aurora EX.',
  ],
  [
    'activation_failed',
    'on_delivery',
    'Activation issue - not charged',
    'Heated Seats could not be activated on your Aurora EX. The reservation of 49.90 EUR has been released. Reference number: tkt_7',
  ],
  [
    'activation_failed',
    'immediately',
    'Activation issue - not charged',
    'Heated Seats could not be activated on your Aurora EX. Your payment of 49.90 EUR has been refunded in full. Reference number: tkt_7',
  ],
] as const)('pushes %s under capture %s as "%s"', async (kind, capture, title, body) => {
  const sent = await pushOf(kind, { capture });
  expect(JSON.parse(sent.payload)).toEqual(push(title, body));
  expect(sent.subscription).toEqual(subscription);
  expect(sent.topic).toBe('ntc_00000000000000000000000002');
});

it('speaks Spanish to who prefers it, and English to who prefers what it has not learnt', async () => {
  const spanish = await mailOf('activation_successful', { language: 'es-MX' });
  expect(spanish.subject).toBe('Su Heated Seats ya está activo');
  expect(spanish.text).toContain('- Duración: 12 meses\n- Coste: 49.90 EUR (en proceso de cobro)\n');
  const failed = await received('activation_failed', { language: 'es' });
  expect(failed.mail?.subject).toBe('Incidencia en la activación del servicio - NO se le ha cobrado');
  expect(failed.mail?.text).toContain('Número de referencia: tkt_7\n');
  expect(JSON.parse(failed.push?.payload ?? '')).toMatchObject({
    title: 'Incidencia en la activación - no cobrado',
  });
  const french = await mailOf('activation_successful', { language: 'fr' });
  expect(french.subject).toBe('Your Heated Seats is now active');
});

it('escapes what a customer typed in HTML, not in text, and lets nothing into the headers', async () => {
  const mail = await mailOf('activation_successful', {
    name: '<b>"Bobby" & Co</b>',
    serviceName: 'Seats\r\nBcc: all@example.org',
  });
  expect(mail.html).toContain('<p>Hello &lt;b&gt;&quot;Bobby&quot; &amp; Co&lt;&#x2F;b&gt;,</p>');
  expect(mail.text).toContain('Hello <b>"Bobby" & Co</b>,');
  expect(mail.subject).toBe('Your Seats Bcc: all@example.org is now active');
});

it('makes notifications of exactly the facts of the table, and none of retries', () => {
  const activation = { kind: 'activation', delivery: null, phase: 'active', settlement: null } as const;
  const made = (type: Parameters<typeof fact>[0], data = {}) =>
    noticesFor(fact(type, data), activation).map(({ kind, channel }) => `${kind} by ${channel}`);
  expect(made('activation.payment_confirmed')).toEqual([
    'payment_confirmed by email',
    'payment_confirmed by push',
  ]);
  expect(made('activation.sending_command', { attempt: 1 })).toEqual([
    'activation_started by email',
    'activation_started by push',
  ]);
  expect(made('activation.postponed', { reason: 'vehicle_busy' })).toEqual([
    'activation_started by email',
    'activation_started by push',
  ]);
  expect(made('activation.active')).toEqual([
    'activation_successful by email',
    'activation_successful by push',
  ]);
  expect(made('activation.notifying_failure')).toEqual([
    'activation_failed by email',
    'activation_failed by push',
  ]);
  for (const attempt of [2, 3, 6]) expect(made('activation.sending_command', { attempt })).toEqual([]);
  const silent = [
    'activation.waiting_backoff',
    'activation.evaluating_retry',
    'activation.calculate_backoff',
    'activation.failure',
    'activation.failed',
    'activation.reversing_payment',
    'activation.escalating_to_support',
    'activation.success',
    'activation.declined',
    'activation.rate_limited',
    'activation.late_success',
    'payment.captured',
    'payment.voided',
  ] as const;
  for (const type of silent) expect(made(type)).toEqual([]);
  // Not in the table: the customer's own request.
  expect(made('activation.cancelled')).toEqual([
    'activation_cancelled by email',
    'activation_cancelled by push',
  ]);
  expect(made('activation.renewed')).toEqual(['service_renewed by email', 'service_renewed by push']);
  const renewed = { at: 1, attempt: null, evidence: 'entitlement', vehicleClock: null } as const;
  expect(noticesFor(fact('activation.active'), { ...activation, delivery: renewed })).toEqual([]);
  expect(noticeTable).toHaveLength(12);
});

it('tells the customer nothing of deactivations and revocations', () => {
  for (const kind of ['deactivation', 'revocation'] as const) {
    for (const one of Object.values(kinds))
      expect(noticesFor(one, { kind, delivery: null, phase: 'failed', settlement: null })).toEqual([]);
  }
});

it('leaves the push out for a customer without a subscription', async () => {
  const out = await received('activation_successful', { hasPush: false });
  expect(Object.keys(out)).toEqual(['mail']);
});

it('keeps one notification per activation, kind and channel, after repeated facts', async () => {
  await withDatabase(async (database) => {
    const ids = countingIds();
    const activation = await placeOrder(database);
    expect(await tell(database, ids, activation, [kinds.payment_confirmed, kinds.activation_started])).toBe(
      4,
    );
    expect(await tell(database, ids, activation, [kinds.activation_started])).toBe(0);
    expect(await tell(database, ids, activation, [fact('activation.postponed')])).toBe(0);
    expect(await tell(database, ids, activation, [fact('activation.waiting_backoff')])).toBe(0);
    const rows = await notices(database);
    expect(rows.map((row) => `${row.kind} ${row.channel} ${row.status}`)).toEqual([
      'payment_confirmed email waiting',
      'payment_confirmed push waiting',
      'activation_started email waiting',
      'activation_started push waiting',
    ]);
  });
});

it('keeps the data of the fact after the customer’s name has changed', async () => {
  await withDatabase(async (database) => {
    const activation = await placeOrder(database);
    await tell(database, countingIds(), activation, [kinds.payment_confirmed]);
    await database.write((transaction) =>
      transaction
        .updateTable('customers')
        .set({ name: 'Somebody else', email: 'else@example.org' })
        .execute(),
    );
    const [notice] = await notices(database);
    expect(notice && render(notice).mail?.to).toBe('customer1@example.org');
    expect(notice && render(notice).mail?.text).toContain('Hello Ada Byron,');
  });
});

it('refuses a failure notification without a ticket: there would be no reference number', async () => {
  await withDatabase(async (database) => {
    const activation = await placeOrder(database);
    await expect(tell(database, countingIds(), activation, [kinds.activation_failed])).rejects.toThrow(
      'purchase pur_1: a failure notification needs an open ticket',
    );
  });
});

it.each([
  ['en', null, '15 January 2027, 08:00 (UTC)'],
  ['es', null, '15 de enero de 2027, 08:00 (UTC)'],
  ['es-MX', 'America/Mexico_City', '15 de enero de 2027, 02:00 (UTC-06:00)'],
  ['en', 'Europe/Madrid', '15 January 2027, 09:00 (UTC+01:00)'],
  ['en', 'Asia/Kolkata', '15 January 2027, 13:30 (UTC+05:30)'],
  ['en', 'Pacific/Kiritimati', '15 January 2027, 22:00 (UTC+14:00)'],
])('shows a customer who reads %s in the time zone %j the instant as %s', async (language, zone, shown) => {
  await withDatabase(async (database) => {
    const activation = await placeOrder(database, { language });
    await database.write((transaction) =>
      transaction.updateTable('customers').set({ time_zone: zone }).execute(),
    );
    await tell(database, countingIds(), activation, [kinds.payment_confirmed]);
    const mails = (await notices(database)).flatMap((notice) => render(notice).mail ?? []);
    expect(mails.map(({ text }) => text.split('\n').find((line) => line.includes('2027')))).toEqual([
      `- ${language === 'en' ? 'Date' : 'Fecha'}: ${shown}`,
    ]);
    expect(mails[0]?.html).toContain(shown);
  });
});

it('follows daylight time, and the zone of the installation where the customer has none', () => {
  const july = '2027-07-15T22:30:00.000Z';
  expect(localTime(july, 'en', 'Europe/Madrid')).toBe('16 July 2027, 00:30 (UTC+02:00)');
  expect(localTime(july, 'es', 'UTC')).toBe('15 de julio de 2027, 22:30 (UTC)');
  expect(localTime(july, 'fr', 'Europe/Paris')).toBe('2027-07-16, 00:30 (UTC+02:00)');
  const order = { language: 'en', timeZone: null, duration: '{"unit":"permanent"}' } as unknown as Parameters<
    typeof noticeData
  >[0];
  const notice = { kind: 'activation_started', channel: 'email', at: startAt } as const;
  const settings = { contact: 'c', webUrl: 'w', timeZone: 'Asia/Tokyo' };
  expect(noticeData({ ...order, amountMinor: 1, currency: 'EUR' }, notice, settings).timeZone).toBe(
    'Asia/Tokyo',
  );
});

it('has no raw instant, and no word of another language, in what a template says itself', () => {
  const words = { en: /expediente|compra|hola/i, es: /purchase|record|hello|thank you/i };
  for (const language of ['en', 'es'] as const) {
    for (const kind of Object.keys(kinds)) {
      for (const format of ['text', 'html', 'push']) {
        const text = readTemplate(`${language}/${kind.replaceAll('_', '-')}.${format}.mustache`);
        expect(text.replaceAll(/\{\{[^}]*\}\}/g, '')).not.toMatch(words[language]);
      }
    }
  }
});
