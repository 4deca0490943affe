import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { useUp } from './up-under-test.ts';

const running = useUp(['--vehicles', '2', '--console-port', '0']);
const browser = useBrowser();

async function tokenFor(clientId: string, secret: string): Promise<string> {
  const answer = await fetch(`${running().addresses.platform}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

async function call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const { addresses, keys } = running();
  const answer = await fetch(`${addresses.platform}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await tokenFor('developer', String(keys.developerSecret))}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBeLessThan(300);
  return JSON.parse(text) as Body;
}

/** A vehicle that never connects: an activation of it is in progress for as long as a test needs. */
const offlineVin = '1M8GDM9AXKP042788';

/** Registers a customer of this language with a vehicle of theirs, and buys heated seats for it. */
async function buy(id: string, language: string, vin: string): Promise<void> {
  const customer = { id, name: `Ada ${id}`, email: `${id}@example.com`, language };
  await call('POST', '/registrations', {
    customers: [customer],
    vehicles: [{ vin, model: 'aurora-2026', modelName: 'Aurora', customerId: id }],
  });
  await call('POST', '/purchases', {
    ...{ customerId: id, vin, serviceId: 'heated-seats' },
    duration: { unit: 'months', count: 12 },
    paymentMethod: 'pm_card_visa',
  });
}

/** Opens the newest mail to a customer in the page of sent e-mails, and follows the link in it. */
async function followLinkOfMail(to: string, subject: RegExp, options = {}): Promise<Page> {
  const { addresses } = running();
  const mails = async () => {
    const answer = await fetch(`${addresses.mail}/messages?to=${encodeURIComponent(to)}`);
    return ((await answer.json()) as { messages: { subject: string }[] }).messages;
  };
  await until(async () => (await mails()).some((mail) => subject.test(mail.subject)), `a mail to ${to}`);
  const page = await browser.open(addresses.mail, { ...options, others: [addresses.platform] });
  const row = page.getByRole('row').filter({ hasText: to });
  await row.getByRole('link', { name: subject }).first().click();
  await page.getByRole('link', { name: /\/my-purchase\// }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

describe('the link of a mail', () => {
  test('shows the status, and a cancellation releases the reservation', async () => {
    await buy('ada', 'en', offlineVin);
    // A script would not run: the page needs none.
    const page = await followLinkOfMail('ada@example.com', /^Receipt/, { javaScriptEnabled: false });
    await page.getByRole('heading', { level: 1, name: 'Heated seats' }).waitFor();
    await page.getByRole('heading', { name: 'In progress' }).waitFor();
    await page.getByText('119.00 EUR is reserved and not charged.').waitFor();
    await page.getByRole('link', { name: 'Cancel the purchase …' }).click();
    await page.getByText('the reservation of 119.00 EUR is released: you are not charged').waitFor();
    await page.getByRole('button', { name: 'Yes, cancel the purchase' }).click();
    await page.getByRole('status').getByText('We have received your cancellation.').waitFor();
    await until(async () => {
      await page.getByRole('link', { name: 'Show the state as it is now' }).click();
      return page.getByRole('heading', { name: 'Cancelled', exact: true }).isVisible();
    }, 'the purchase is cancelled');
    await page.getByText('The reservation of 119.00 EUR was released. You have NOT been charged.').waitFor();
    expect(await page.getByRole('link', { name: 'Cancel the purchase …' }).count()).toBe(0);
  });

  test('opens in Spanish for a Spanish-speaking customer, in light and dark, wide and narrow, and works with the keyboard', async () => {
    const vin = 'WDBEA30D3HA391172';
    await buy('eva', 'es', vin);
    for (const colorScheme of ['light', 'dark'] as const)
      for (const viewport of [
        { width: 360, height: 740 },
        { width: 1_280, height: 800 },
      ]) {
        const page = await followLinkOfMail('eva@example.com', /^Recibo/, { colorScheme, viewport });
        await page.getByRole('heading', { name: 'En curso' }).waitFor();
        expect(await page.locator('html').getAttribute('lang')).toBe('es');
        for (const query of ['?', '?cancel']) {
          await page.goto(`${page.url().split('?')[0]}${query}`);
          await expectNoSidewaysScrolling(page);
          await expectAccessible(page);
        }
        await browser.close(page);
      }
    const page = await followLinkOfMail('eva@example.com', /^Recibo/);
    await page.getByRole('link', { name: 'Cancelar la compra …' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sí, cancelar la compra' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Hemos recibido su cancelación.').waitFor();
  });

  test('that is damaged shows a page that says what to do, with nothing of the purchase', async () => {
    browser.expectFaults(/404/);
    const page = await browser.open(`${running().addresses.platform}/my-purchase/pur_1.2.3.4`);
    await page.getByRole('heading', { level: 1, name: 'This link is not valid' }).waitFor();
    await expectAccessible(page);
  });
});
