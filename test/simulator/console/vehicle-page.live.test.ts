import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { openAsDeveloper, useUp } from './up-under-test.ts';

const running = useUp(['--vehicles', '3', '--console-port', '0']);
const browser = useBrowser();

const hostile = `Vehicle.<script>alert(1)</script>\u202egnp\u0007`;
const minute = 60_000;
const newestAt = 1_800_000_000_000;

/** Opens the page of a vehicle with the session of the developer. */
async function open(vin: string, prepare: (page: Page) => Promise<void>, options = {}): Promise<Page> {
  const page = await openAsDeveloper(browser, running(), '', options);
  await prepare(page);
  await page.goto(`${running().addresses.console}/fleet/${vin}`);
  await page.getByRole('heading', { name: 'Connection history' }).waitFor();
  return page;
}

/** Answers with an hour of speed that rises by one each minute, and with 20 minutes without connection. */
async function withPast(page: Page): Promise<void> {
  const samples = Array.from({ length: 60 }, (_, index) => ({
    at: newestAt - (59 - index) * minute,
    signals: { 'Vehicle.Speed': index, [hostile]: 7 },
  }));
  await page.route('**/api/api-iot/vehicle/*/telemetry', (route) =>
    route.fulfill({ json: { vin: 'x', everyMs: minute, samples } }),
  );
  const connections = [
    { at: newestAt - 10 * minute, online: true, reason: 'connected' },
    { at: newestAt - 30 * minute, online: false, reason: 'connection_lost' },
    { at: newestAt - 90 * minute, online: true, reason: hostile },
  ];
  await page.route('**/api/api-iot/vehicle/*/connections', (route) =>
    route.fulfill({ json: { vin: 'x', connections } }),
  );
  // Only the past is shown: nothing of the vehicle that runs.
  await page.route('**/api/api-iot/vehicle/*/status', async (route) => {
    const answer = await route.fetch();
    const status = (await answer.json()) as object;
    await route.fulfill({ response: answer, json: { ...status, telemetry: {}, telemetryAt: null } });
  });
}

const rows = async (page: Page) => {
  const cells = page.getByRole('region', { name: 'List of connects and disconnects' }).getByRole('row');
  return (await cells.allTextContents()).slice(1);
};

describe('the page of a vehicle', () => {
  test('charts its past telemetry, with the times without connection and the value under the pointer', async () => {
    const page = await open(running().addresses.vehicles[0] ?? '', withPast);
    const chart = page.getByRole('figure').filter({ hasText: 'Speed' });
    await chart.getByRole('img', { name: 'Vehicle.Speed: 60 values, from 0 to 59, last 59' }).waitFor();
    expect(await chart.locator('rect.window').count()).toBe(1);
    expect(await chart.locator('strong').textContent()).toBe('59');
    await chart.locator('svg').hover({ position: { x: 1, y: 20 } });
    await until(
      async () => (await chart.locator('strong').textContent()) === '0',
      'the first value is shown',
    );
    expect(await page.getByRole('figure').count()).toBe(2);
    expect(await page.locator('main script').count()).toBe(0);
    await page.getByText('<script>alert(1)</script>gnp').first().waitFor();
    expect((await rows(page)).map((row) => row.replace(/^.*\d\d:\d\d:\d\d/, ''))).toEqual([
      'onlinethe vehicle reported ituntil now',
      'offlinethe connection was lost (last will)20 min',
      'onlineVehicle.<script>alert(1)</script>gnp1 h',
    ]);
  });

  test('draws what it reads while it is open, and the connection that a fault cuts', async () => {
    const { addresses, dataFolder } = running();
    const vin = addresses.vehicles[1] ?? '';
    const page = await open(vin, async () => {});
    await page.getByRole('img', { name: /^Vehicle\.Speed: [2-9] values/ }).waitFor();
    await until(
      async () => /onlinethe vehicle reported ituntil now$/.test((await rows(page))[0] ?? ''),
      'it is online',
    );
    const { secret } = JSON.parse(await readFile(join(dataFolder, 'control.json'), 'utf8')) as {
      secret: string;
    };
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const target = { selector: { vins: [vin] } };
    const body = JSON.stringify({ name: 'No network', layer: 'link', type: 'offline', target });
    expect((await fetch(`${addresses.control}/faults`, { method: 'POST', headers, body })).status).toBe(201);
    await until(
      async () => /offlinethe connection was lost \(last will\)until now$/.test((await rows(page))[0] ?? ''),
      'the history has the lost connection',
    );
    expect((await rows(page)).length).toBe(2);
  });

  test.each(['light', 'dark'] as const)(
    'with charts and history is accessible and has no sideways scrolling at 360 px, %s',
    async (colorScheme) => {
      const options = { colorScheme, viewport: { width: 360, height: 740 } };
      const page = await open(running().addresses.vehicles[0] ?? '', withPast, options);
      await page.getByRole('figure').first().waitFor();
      await expectNoSidewaysScrolling(page);
      await expectAccessible(page);
    },
  );
});
