import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { openAsDeveloper, useUp } from './up-under-test.ts';

/** Receives ticket events; answers with `status`, and keeps the types of those that it accepts. */
const receiver = { status: 422, accepted: [] as string[] };
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on('end', () => {
    if (receiver.status < 300) receiver.accepted.push((JSON.parse(body) as { type: string }).type);
    response.writeHead(receiver.status).end();
  });
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const running = useUp([
  ...['--vehicles', '2', '--console-port', '0'],
  ...['--ticket-webhook-url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`],
  ...['--ticket-webhook-secret', `whsec_${Buffer.from('0'.repeat(32)).toString('base64')}`],
]);
const browser = useBrowser();

/** docs/testing-identifiers.md */
const rejectingVin = 'WFWTST0E5TA000002';
const offlineVin = 'WFWTST0E2TA000006';
const hostile = '<script>alert(1)</script>\u202egnp';

const open = (path: string, options = {}) => openAsDeveloper(browser, running(), path, options);

async function tokenOf(client: string, secret: string | undefined, scope = ''): Promise<string> {
  const answer = await fetch(`${running().addresses.platform}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

interface Bought {
  readonly id: string;
  readonly status: string;
  readonly activation: { readonly id: string; readonly settlement: string };
}

async function call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const { addresses, keys } = running();
  const answer = await fetch(`${addresses.platform}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await tokenOf('developer', keys.developerSecret)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBeLessThan(300);
  return JSON.parse(text) as Body;
}

const buy = (customerId: string, vin: string, paymentMethod = 'pm_card_visa', serviceId = 'heated-seats') =>
  call<Bought>('POST', '/purchases', {
    ...{ customerId, vin, serviceId, paymentMethod },
    duration: { unit: 'months', count: 12 },
  });

interface Line {
  readonly type: string;
  readonly actor: string;
  readonly data: { readonly noticeId?: string };
}

const recordOf = async (id: string) =>
  (await call<{ events: readonly Line[] }>('GET', `/purchases/${id}/record?limit=100`)).events;
const typesOf = async (id: string) => (await recordOf(id)).map(({ type }) => type);

const settled = (id: string, settlement: string) =>
  until(
    async () => (await call<Bought>('GET', `/purchases/${id}`)).activation.settlement === settlement,
    `the money of ${id} is ${settlement}`,
  );

/** The payment service of the stand-in, as its operator has it. */
async function atPayments<Body>(path: string, fields: Record<string, string> | null): Promise<Body> {
  const { addresses, keys } = running();
  const answer = await fetch(`${addresses.payments}${path}`, {
    headers: { authorization: `Bearer ${keys.paymentsKey}` },
    ...(fields === null ? {} : { method: 'POST', body: new URLSearchParams(fields) }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return JSON.parse(text) as Body;
}

/** A customer whose phone is gone: every push message to it is refused for good. */
async function registerWithoutPhone(id: string, vin: string): Promise<void> {
  const { addresses } = running();
  const answer = await fetch(`${addresses.push}/subscriptions`, { method: 'POST' });
  const given = (await answer.json()) as { endpoint: string };
  const pushSubscription = { ...given, endpoint: `${given.endpoint.slice(0, -1)}x` };
  await call('POST', '/registrations', {
    customers: [{ id, name: 'Ada', email: `${id}@example.com`, pushSubscription }],
    vehicles: [{ vin, model: 'aurora-2026', modelName: 'Aurora', customerId: id }],
  });
}

const region = (page: Page, name: string) => page.getByRole('region', { name });

test('a purchase is cancelled in the console: kept at first, then the reservation is released', async () => {
  const { id } = await buy('customer-test-always-offline', offlineVin);
  const page = await open(`/purchases/${id}`);
  await page.getByRole('button', { name: 'Cancel …' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('button', { name: 'Cancel …' }).click();
  await page.getByRole('button', { name: 'Cancel the purchase' }).click();
  await page.getByText('the customer asked to cancel it').waitFor();
  // The command that is under way ends first.
  const status = page.getByRole('status').getByText('cancelled', { exact: true });
  await until(() => status.isVisible(), 'the purchase is cancelled');
  await page.getByText('voided', { exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Cancel …' }).count()).toBe(0);
});

test('a dead notification is sent again and dropped, and the history has both', async () => {
  const vin = '1M8GDM9AXKP042788';
  await registerWithoutPhone('ada', vin);
  const { id } = await buy('ada', vin);
  const page = await open('/desk');
  const dead = region(page, 'List of dead notifications').getByRole('row').filter({ hasText: 'ada' });
  const first = dead.filter({ hasText: 'payment confirmed' });
  const again = first.getByRole('button', { name: /^Send again: ntc_/ });
  const noticeId = (await again.getAttribute('aria-label'))?.replace('Send again: ', '');
  await again.click();
  // The phone is still gone: after one more try it is on the list again.
  const isDead = ({ type, data }: Line) => type === 'notice.dead' && data.noticeId === noticeId;
  await until(async () => (await recordOf(id)).filter(isDead).length === 2, 'it is refused again');
  expect(await typesOf(id)).toContain('notice.resent');
  await first.getByRole('button', { name: /^Drop ntc_/ }).click();
  await first.waitFor({ state: 'detached' });
  expect(await typesOf(id)).toContain('notice.dropped');
});

test('a capture that was declined is settled under the name of the operator', async () => {
  const [vin = ''] = running().addresses.vehicles;
  const { id, activation } = await buy('ada', vin, 'pm_card_captureDeclined');
  await settled(id, 'uncollectible');
  const page = await open('/desk');
  await page.getByLabel('Decide as').fill('mila');
  const decision = page.getByRole('form', { name: `Decision on ${activation.id}` });
  await decision.waitFor();
  expect(await decision.getByRole('option').allTextContents()).toEqual([
    'collected by other means',
    'written off',
    'try the payment service again',
  ]);
  await decision.getByLabel('Reference').fill(`SEPA-4711 ${hostile}`);
  await decision.getByRole('button', { name: 'Settle' }).click();
  await decision.waitFor({ state: 'detached' });
  await settled(id, 'collected');
  expect((await recordOf(id)).find(({ type }) => type === 'payment.collected')?.actor).toBe('operator:mila');
});

test('a disputed payment is listed while the bank decides, and ended once it is lost', async () => {
  const vin = running().addresses.vehicles[1] ?? '';
  const { id, activation } = await buy('ada', vin);
  await settled(id, 'captured');
  const { data } = await atPayments<{ data: { id: string; metadata: Record<string, string> }[] }>(
    '/v1/payment_intents?limit=100',
    null,
  );
  const payment = data.find(({ metadata }) => Object.values(metadata).includes(activation.id));
  const dispute = await atPayments<{ id: string }>('/v1/test_helpers/disputes', {
    payment_intent: payment?.id ?? '',
    reason: 'product_not_received',
  });
  const page = await open('/desk');
  const row = region(page, 'List of disputed payments').getByRole('row').filter({ hasText: dispute.id });
  await row.getByText('the bank decides').waitFor();
  await row.getByText('Answer or accept it at the payment service.').waitFor();
  await row.getByText('product not received').waitFor();
  expect(await row.getByRole('button').count()).toBe(0);
  await atPayments(`/v1/disputes/${dispute.id}/close`, {});
  await row.getByText('lost', { exact: true }).waitFor();
  const decision = row.getByRole('form', { name: `Decision on ${activation.id}` });
  expect(await decision.getByRole('option').allTextContents()).toEqual([
    'collected by other means',
    'written off',
  ]);
  await decision.getByRole('combobox').selectOption('written off');
  await decision.getByLabel('Reason').fill('The bank gave the amount back.');
  await decision.getByRole('button', { name: 'Settle' }).click();
  await row.waitFor({ state: 'detached' });
  expect(await typesOf(id)).toEqual(expect.arrayContaining(['payment.dispute_lost', 'payment.written_off']));
});

test('failed webhook events are replayed and dropped, and a webhook that was switched off is switched on', async () => {
  const { id } = await buy('customer-test-rejects', rejectingVin);
  const page = await open('/desk');
  const list = region(page, 'List of failed webhook events');
  const opened = list.getByRole('row').filter({ hasText: 'ticket.opened' });
  await opened.getByText('the receiver answered 422').waitFor();
  receiver.status = 204;
  await opened.getByRole('button', { name: /^Replay / }).click();
  await opened.waitFor({ state: 'detached' });
  await until(() => receiver.accepted.includes('ticket.opened'), 'the receiver has it');
  const others = list.getByRole('button', { name: /^Drop / });
  while ((await others.count()) > 0) {
    const name = (await others.first().getAttribute('aria-label')) ?? '';
    await others.first().click();
    await list.getByRole('button', { name, exact: true }).waitFor({ state: 'detached' });
  }
  expect(await typesOf(id)).toContain('webhook.replayed');

  receiver.status = 410;
  const { tickets } = await call<{ tickets: { id: string; purchaseId: string }[] }>(
    'GET',
    '/tickets?status=open&limit=100',
  );
  const ticket = tickets.find(({ purchaseId }) => purchaseId === id)?.id;
  await call('POST', `/tickets/${ticket}/comment`, { by: 'technician-1', text: 'Looked at it.' });
  await page.getByText('switched off', { exact: true }).waitFor();
  receiver.status = 204;
  await page.getByRole('button', { name: 'Switch the webhook on' }).click();
  await page.getByText('switched off', { exact: true }).waitFor({ state: 'detached' });
});

describe('the page Desk', () => {
  test.each(['light', 'dark'] as const)(
    'Desk and ticket page are accessible and do not scroll sideways at 360 px, %s',
    async (colorScheme) => {
      const vin = colorScheme === 'light' ? 'WDBEA30D3HA391172' : '11111111111111111';
      await registerWithoutPhone(`phoneless-${colorScheme}`, vin);
      await buy(`phoneless-${colorScheme}`, vin);
      const { vehicles } = running().addresses;
      const paid = vehicles[colorScheme === 'light' ? 0 : 1] ?? '';
      const unpaid = await buy(`phoneless-${colorScheme}`, paid, 'pm_card_captureDeclined', 'ambient-light');
      await settled(unpaid.id, 'uncollectible');
      const page = await open('/desk', { colorScheme, viewport: { width: 360, height: 740 } });
      await region(page, 'List of dead notifications')
        .getByRole('row')
        .filter({ hasText: `phoneless-${colorScheme}` })
        .first()
        .waitFor();
      await page.getByRole('form', { name: `Decision on ${unpaid.activation.id}` }).waitFor();
      await expectNoSidewaysScrolling(page);
      await expectAccessible(page);
      await page.getByRole('link', { name: /^tkt_/ }).first().click();
      await page.getByRole('heading', { name: 'What may be done now' }).waitFor();
      await expectNoSidewaysScrolling(page);
      await expectAccessible(page);
    },
  );

  test('shows a viewer no button, and refuses each call of a viewer', async () => {
    browser.expectFaults(/403 \(Forbidden\)/);
    const { addresses, keys } = running();
    const scope =
      'vehicles:read catalogue:read purchases:read activations:read tickets:read events:read operations:read';
    const token = await tokenOf('operator', keys.operatorSecret, scope);
    const page = await browser.open(`${addresses.console}/desk`);
    await page.getByLabel('a token').check();
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
    await region(page, 'List of dead notifications').getByRole('row').nth(1).waitFor();
    expect(await page.getByRole('button').allTextContents()).toEqual(['Log out']);
    const { notices } = await call<{ notices: { id: string }[] }>('GET', '/notices?status=dead&limit=1');
    const statuses = await page.evaluate(async (notice) => {
      const { session } = (await (await fetch('/session')).json()) as { session: { changeToken: string } };
      const headers = { 'content-type': 'application/json', 'x-fleetwake-change': session.changeToken };
      const paths = [
        '/purchases/pur_1/cancel',
        `/notices/${notice}/resend`,
        `/notices/${notice}/drop`,
        '/webhook-events/rec_1/replay',
        '/webhook-events/rec_1/drop',
        '/webhook-events/resume',
        '/settlements/act_1/resolve',
        '/tickets/tkt_1/close',
      ];
      return Promise.all(
        paths.map(async (path) => {
          const body = JSON.stringify({ by: 'viewer', resolution: 'retry' });
          return (await fetch(`/api/platform${path}`, { method: 'POST', headers, body })).status;
        }),
      );
    }, notices[0]?.id ?? '');
    expect(statuses).toEqual(Array.from({ length: 8 }, () => 403));
    const { notices: after } = await call<{ notices: { id: string }[] }>(
      'GET',
      '/notices?status=dead&limit=1',
    );
    expect(after).toEqual(notices);
  });
});
