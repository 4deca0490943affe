import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { fleetwake } from '../../e2e/command.ts';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { openAsDeveloper, useUp } from './up-under-test.ts';

const running = useUp(['--vehicles', '3', '--console-port', '0']);
const browser = useBrowser();

/** The vehicle that refuses for good (docs/testing-identifiers.md). */
const refusingVin = 'WFWTST0E5TA000002';
const hostile = `<script>alert(1)</script>\u202egnp\u0007`;

const open = (path: string, options = {}) => openAsDeveloper(browser, running(), path, options);

async function buy(page: Page, vin: string): Promise<void> {
  await page.getByLabel('Vehicle (VIN)').fill(vin);
  await page.getByLabel('Service').selectOption({ label: 'Heated seats' });
  await page.getByRole('button', { name: 'Buy' }).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
}

const status = (page: Page) => page.getByRole('main').getByRole('status').first();

describe('a purchase', () => {
  test('is made in the browser and followed until its service is active', async () => {
    const page = await open('/purchases');
    await buy(page, running().addresses.vehicles[0] ?? '');
    await until(async () => (await status(page).textContent()) === 'active', 'the service is active');
    await page.getByText('active', { exact: true }).first().waitFor();
    await page.getByText('captured', { exact: true }).waitFor();
    await page.getByLabel('customer').check();
    await page.getByText('Heated seats was bought').waitFor();
  });

  test('that fails has a ticket, which is worked to its end with the legal moves alone', async () => {
    const page = await open('/purchases');
    await buy(page, refusingVin);
    await page.getByRole('link', { name: /^tkt_/ }).click();
    const moves = page.getByRole('region', { name: 'What may be done now' });
    const names = async () =>
      (await moves.getByRole('button').allTextContents()).map((name) => name.replace(' …', ''));
    const isState = (state: string) =>
      until(async () => (await status(page).textContent()) === state, `the ticket is ${state}`);
    await moves.getByLabel('As technician').fill('technician-1');
    await isState('assigned');
    expect(await names()).toEqual(['Assign', 'Start', 'Comment', 'Ask the customer']);
    await moves.getByRole('button', { name: 'Start' }).click();
    await isState('in progress');
    await moves.getByRole('button', { name: 'Comment' }).click();
    await moves.getByLabel('Comment', { exact: true }).fill(hostile.replace('\u0007', ''));
    await moves.getByRole('button', { name: 'Comment', exact: true }).click();
    await moves.getByLabel('Comment', { exact: true }).waitFor({ state: 'detached' });
    await moves.getByRole('button', { name: 'Resolve: bug report' }).click();
    await moves.getByLabel('Number of the bug').fill('BUG-7');
    await moves.getByLabel('Workaround for the customer').fill('Use the other seat.');
    await moves.getByRole('button', { name: 'Resolve: bug report', exact: true }).click();
    await isState('resolved');
    expect(await names()).toEqual(['Comment', 'Close', 'Open again']);
    await moves.getByRole('button', { name: 'Close' }).click();
    await isState('closed');
    expect(await names()).toEqual(['Open again']);
  });
});

describe('a fault', () => {
  test('is added with its preview, takes effect, is removed, and comes again with undo', async () => {
    const { addresses } = running();
    const vin = addresses.vehicles[1] ?? '';
    const page = await open('/faults');
    await page.getByLabel('Name', { exact: true }).fill(hostile);
    await page.getByLabel('Vehicles (VINs)').fill(vin);
    await page.getByLabel('Lasts seconds').fill('');
    await page.getByText('1 vehicle.', { exact: true }).waitFor();
    expect(await page.getByRole('region', { name: 'As a command' }).locator('pre').textContent()).toBe(
      `npx fleetwake fault add offline --name '${hostile}' --vin ${vin}`,
    );
    await page.getByRole('button', { name: 'Add the fault' }).click();
    const row = page.getByRole('region', { name: 'Faults', exact: true }).getByRole('rowheader');
    await row.waitFor();
    expect((await row.locator('bdi').textContent()) ?? '').toBe('<script>alert(1)</script>gnp');

    await page.getByRole('link', { name: 'Fleet', exact: true }).click();
    await page.getByLabel('Show').selectOption('faulty');
    const faulty = page.getByRole('region', { name: 'Vehicles' }).getByRole('listitem');
    await until(
      async () => /offline/.test((await faulty.first().textContent()) ?? ''),
      'the vehicle is offline',
    );
    expect(await faulty.count()).toBe(1);
    await faulty.getByRole('link').click();
    await page.getByRole('heading', { name: 'Faults and display' }).waitFor();
    await page.getByRole('link', { name: '<script>alert(1)</script>gnp' }).click();

    await page.getByRole('button', { name: /^Remove </ }).click();
    await page.getByText('No fault runs.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await row.waitFor();
    await page.getByRole('button', { name: /^Pause </ }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await row.waitFor();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.getByText('No fault runs.').waitFor();
  });

  test('that was removed keeps its window in the chart of the overview, its row with begin and end, and can come back', async () => {
    const { addresses } = running();
    const page = await open('/faults');
    await page.getByLabel('Name', { exact: true }).fill('past garage');
    await page.getByLabel('Vehicles (VINs)').fill(addresses.vehicles[2] ?? '');
    await page.getByRole('button', { name: 'Add the fault' }).click();
    await page.getByRole('button', { name: 'Remove past garage' }).click();
    const past = page
      .getByRole('region', { name: 'Removed faults' })
      .getByRole('row')
      .filter({ hasText: 'past garage' });
    await past.waitFor();
    const [, from = '', until = ''] =
      /(\d\d:\d\d:\d\d)(\d\d:\d\d:\d\d)/.exec((await past.textContent()) ?? '') ?? [];

    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    const chart = page.getByRole('region', { name: 'Activations that ended' });
    await chart.getByRole('listitem').filter({ hasText: 'past garage' }).waitFor();
    const line = chart.getByRole('listitem').filter({ hasText: 'past garage' });
    expect((await line.textContent())?.trim()).toBe(`past garage (offline): ${from} to ${until}`);
    expect(await chart.locator('rect.window title').allTextContents()).toContain(
      `past garage (offline): ${from} to ${until}`,
    );
    await page.getByText('Faults running').waitFor();

    await page.getByRole('link', { name: 'Faults', exact: true }).click();
    await page.getByRole('button', { name: 'Add again past garage' }).click();
    await page.getByRole('button', { name: 'Pause past garage' }).waitFor();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.getByText('No fault runs.').waitFor();
  });

  test('of the scenario library fills the form, and a mistake is named before it is added', async () => {
    browser.expectFaults(/422/);
    const page = await open('/faults');
    await page.getByLabel('From the library').selectOption('mail-and-push-down');
    await page.getByRole('button', { name: 'Fill the form with push service hangs' }).click();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('push service hangs');
    // 30 s of a run that is compressed 100 times, in a system that is compressed 20 times.
    expect(await page.getByLabel('Lasts seconds').inputValue()).toBe('150');
    await page.getByLabel('Chance in percent').fill('often');
    await page.getByText(/^toxicity /).waitFor();
  });

  test('of each kind that a scenario has is added at once, and all of them are removed with undo', async () => {
    const page = await open('/faults');
    const library = page.getByLabel('From the library');
    await library.selectOption('mail-and-push-down');
    await page.getByRole('button', { name: 'Add all 2' }).click();
    const rows = page.getByRole('region', { name: 'Faults', exact: true }).getByRole('rowheader');
    await until(async () => (await rows.count()) === 2, 'both faults run');
    expect(await rows.locator('bdi').allTextContents()).toEqual(['mail server away', 'push service hangs']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('No fault runs.').waitFor();
    await library.selectOption('reconnect-storm');
    await page.getByText(/^Not possible in a running system: broker restarts: /).waitFor();
  });

  test('of a component is written as a part of a scenario', async () => {
    const page = await open('/faults');
    await page.getByLabel('Type').selectOption('broker_restart');
    expect(await page.getByRole('button', { name: 'Add the fault' }).count()).toBe(0);
    await page.getByText('Only a scenario has this fault').waitFor();
    await page.getByLabel('keepsSessions').check();
    expect(await page.getByRole('region', { name: 'In a scenario' }).locator('pre').textContent()).toContain(
      'attributes: { forMs: 3000, keepsSessions: true }',
    );
    await page.getByRole('button', { name: 'Fill the form with that' }).click();
    expect(await page.getByRole('region', { name: 'As a command' }).locator('pre').textContent()).toBe(
      'npx fleetwake fault add offline --for 3000',
    );
    await page.getByRole('button', { name: 'Add the fault' }).waitFor();
  });

  test('is changed without losing what its form does not show at first', async () => {
    const { addresses, folder } = running();
    await fleetwake(folder, [
      ...['fault', 'add', 'latency', '--stream', 'upstream', '--set', 'latencyMs=5'],
      ...['--vin', addresses.vehicles[0] ?? '', '--control-url', addresses.control],
    ]);
    const page = await open('/faults');
    await page.getByRole('button', { name: 'Edit latency' }).click();
    expect(await page.getByLabel('Direction').inputValue()).toBe('upstream');
    await page.getByLabel('latencyMs').fill('7');
    await page.getByRole('button', { name: 'Replace the fault' }).click();
    await page.getByText('Replaced latency.').waitFor();
    const listed = async () => {
      const { stdout } = await fleetwake(folder, [
        ...['fault', 'list', '--json', '--control-url', addresses.control],
      ]);
      const { faults } = JSON.parse(stdout) as {
        readonly faults: readonly { readonly stream: string; readonly attributes: object }[];
      };
      return faults.map(({ stream, attributes }) => ({ stream, attributes }));
    };
    const latencyOf = (latencyMs: number) => ({
      stream: 'upstream',
      attributes: { latencyMs, jitterMs: 0, correlation: 0 },
    });
    expect(await listed()).toEqual([latencyOf(7)]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' });
    expect(await listed()).toEqual([latencyOf(5)]);
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.getByText('No fault runs.').waitFor();
  });
});

describe('a page', () => {
  test('is marked as behind while the events of the platform do not come, and is live again afterwards', async () => {
    browser.expectFaults(/ERR_|Failed to fetch|network/i);
    const page = await open('/purchases');
    const live = page.getByText('live', { exact: true });
    await live.waitFor();
    await page.route('**/api/events*', (route) => route.abort());
    await page.reload();
    await page.getByText(/^behind since \d\d:\d\d:\d\d$/).waitFor();
    await page.unroute('**/api/events*');
    await live.waitFor();
  });

  test('of a viewer offers no change', async () => {
    const { addresses, keys } = running();
    const answer = await fetch(`${addresses.platform}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`operator:${keys.operatorSecret}`)}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope:
          'vehicles:read catalogue:read purchases:read activations:read tickets:read events:read operations:read',
      }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const page = await browser.open(`${addresses.console}/faults`);
    await page.getByLabel('a token').check();
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
    await page.getByText('Adding faults needs the scope operations:write.').waitFor();
    await page.getByRole('link', { name: 'Purchases', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Purchases' }).waitFor();
    expect(await page.getByRole('button').allTextContents()).toEqual(['Log out']);
  });
});

describe('every page', () => {
  const paths = ['/', '/fleet', '/faults', '/purchases', '/desk', '/unknown'];

  test.each(['light', 'dark'] as const)(
    'is accessible and has no sideways scrolling at 360 px, %s',
    async (colorScheme) => {
      const page = await open('/', { colorScheme, viewport: { width: 360, height: 740 } });
      const { addresses } = running();
      for (const path of [...paths, `/fleet/${addresses.vehicles[0]}`]) {
        await page.goto(`${addresses.console}${path}`);
        await page.getByRole('main').waitFor();
        await page.getByText('live', { exact: true }).waitFor();
        await until(async () => (await page.getByText('Loading …').count()) === 0, 'the page has its data');
        await expectNoSidewaysScrolling(page);
        await expectAccessible(page);
      }
      await page.goto(`${addresses.console}/purchases`);
      await page.getByRole('link', { name: /^pur_/ }).first().click();
      await page.getByRole('heading', { name: 'History' }).waitFor();
      await expectNoSidewaysScrolling(page);
      await expectAccessible(page);
    },
  );

  test('is reached with the keyboard alone, and says that it is live', async () => {
    const page = await open('/');
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Faults', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Faults' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByText('Open by phase').waitFor();
  });

  test('loads at most 100 KB of compressed script', () => {
    const folder = new URL('../../../dist/console/', import.meta.url);
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
    const bytes = scripts.map((name) => gzipSync(readFileSync(new URL(name, folder))).byteLength);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(100 * 1_024);
  });
});
