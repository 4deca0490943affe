import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { openAsDeveloper, useUp } from './up-under-test.ts';

const running = useUp(['--vehicles', '3', '--console-port', '0']);
const browser = useBrowser();

const hostile = `<script>alert(1)</script>\u202egnp\u0007`;
const berlin = { latitude: 52.52, longitude: 13.405 };
const madrid = { latitude: 40.4168, longitude: -3.7038 };

interface Sample {
  readonly vin: string;
  readonly place?: { readonly latitude: number; readonly longitude: number };
  readonly model?: string;
  readonly region?: string;
  readonly online?: boolean;
  readonly differs?: boolean;
  readonly isOpen?: boolean;
  readonly faults?: number;
}

const inBerlin: Sample = { vin: 'WFWAUR1E6TA000001', place: berlin, region: 'DE', differs: true };
const inMadrid: Sample = {
  vin: 'WFWAUR1E6TA000002',
  place: madrid,
  region: 'ES',
  online: false,
  isOpen: true,
};
const nowhere: Sample = { vin: 'WFWAUR1E6TA000003', region: 'SE', faults: 1 };

const open = (path: string, options = {}) => openAsDeveloper(browser, running(), path, options);

/** Answers for the three services with these vehicles. */
async function withFleet(page: Page, samples: readonly Sample[]): Promise<void> {
  await page.route('**/api/api-iot/vehicles*', (route) => {
    const query = new URL(route.request().url()).searchParams;
    const rest = samples.filter(({ vin }) => vin > (query.get('cursor') ?? ''));
    const listed = rest.slice(0, Number(query.get('limit')));
    const vehicles = listed.map(({ vin, model = 'aurora', online = true, differs = false, place }) => {
      const { latitude, longitude } = place ?? { latitude: null, longitude: null };
      return { ...{ vin, model, online, lastSeenAt: 1, latitude, longitude }, differs };
    });
    const next = listed.length < rest.length ? (listed.at(-1)?.vin ?? null) : null;
    return route.fulfill({ json: { vehicles, next } });
  });
  const controlled = samples.map(({ vin, model = 'aurora', online = true, region = 'DE', faults = 0 }) => ({
    ...{ vin, model, region, connected: online, faults },
  }));
  await page.route('**/api/control/vehicles', (route) => route.fulfill({ json: { vehicles: controlled } }));
  const vins = samples.filter(({ isOpen }) => isOpen).map(({ vin }) => vin);
  await page.route('**/api/platform/overview/vehicles', (route) =>
    route.fulfill({ json: { vins, isComplete: true } }),
  );
}

/** Opens the page of a fleet of these vehicles. */
async function openFleet(samples: readonly Sample[], query = '', options = {}): Promise<Page> {
  const page = await open('/', options);
  await withFleet(page, samples);
  await page.goto(`${running().addresses.console}/fleet${query}`);
  await page.getByText(new RegExp(`of ${samples.length} vehicles`)).waitFor();
  return page;
}

const map = (page: Page): Locator => page.getByRole('application');
const list = (page: Page): Locator => page.getByRole('region', { name: 'Vehicles' });
const legend = (page: Page): Promise<string[]> =>
  page
    .getByRole('list', { name: /^Legend/ })
    .getByRole('listitem')
    .allTextContents();
const status = (page: Page, text: string | RegExp) =>
  page.getByRole('status').filter({ hasText: text }).waitFor();

/** Names of the colours of the style sheet that are on the map now. */
async function colours(page: Page): Promise<string[]> {
  return map(page).evaluate((box) => {
    const canvas = box.querySelector('canvas');
    const { data } = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
      data: [],
    };
    const seen = new Set<string>();
    for (let index = 0; index < data.length; index += 4)
      seen.add(`rgb(${data[index]}, ${data[index + 1]}, ${data[index + 2]})`);
    return [...box.querySelectorAll<HTMLElement>('[data-paint]')]
      .filter((one) => seen.has(getComputedStyle(one).color))
      .map((one) => one.dataset.paint ?? '')
      .sort();
  });
}

/** Waits until the map has these colours of marks and no other. */
const shows = (page: Page, ...names: string[]) =>
  until(
    async () => {
      const marks = (await colours(page)).filter((name) => ['good', 'bad', 'unsure', 'plain'].includes(name));
      return marks.join() === names.join();
    },
    `the map has the colours ${names.join(', ')}`,
  );

async function drag(page: Page, ...points: readonly (readonly [number, number])[]): Promise<void> {
  const box = await map(page).boundingBox();
  if (box === null) throw new Error('the map has no size');
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  const [first, ...others] = points.map(at);
  if (first === undefined) return;
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of others) await page.mouse.move(...point, { steps: 4 });
  await page.mouse.up();
}

describe('the map', () => {
  test('draws land, sea and vehicles from files of the console alone, and keeps the outlines', async () => {
    const page = await openFleet([inBerlin, inMadrid, nowhere]);
    await map(page).and(page.getByLabel('Map with 2 of 3 vehicles')).waitFor();
    await status(page, '3 of 3 vehicles · 1 without a known place');
    await until(async () => (await colours(page)).includes('land'), 'the outlines are drawn');
    expect(await colours(page)).toEqual(expect.arrayContaining(['sea', 'land', 'good', 'bad']));
    const outlines = await page.evaluate(async () => {
      const name = document.getElementById('console')?.dataset.outlines;
      const { status: answer, headers } = await fetch(`/assets/${name}`);
      return [answer, headers.get('cache-control'), headers.get('content-type')];
    });
    expect(outlines).toEqual([200, 'public, max-age=31536000, immutable', 'text/plain; charset=utf-8']);
  });

  test('colours by what the operator chooses, with shapes and numbers in the legend and the same marks in the list', async () => {
    const page = await openFleet([inBerlin, inMadrid, nowhere], '?map=points');
    await shows(page, 'bad', 'good');
    expect(await legend(page)).toEqual([' never connected 0', ' online 2', ' offline 1']);
    for (const [colouring, kinds, marks] of [
      ['configuration', [' as desired 2', ' differs 1'], ['good', 'unsure']],
      ['activation', [' none open 2', ' open 1'], ['plain', 'unsure']],
      // The vehicle with the fault has no known place.
      ['fault', [' no fault 2', ' fault 1'], ['plain']],
    ] as const) {
      await page.getByLabel('Colour by').selectOption(colouring);
      await shows(page, ...marks);
      expect(await legend(page)).toEqual(kinds);
    }
    const rows = list(page).getByRole('listitem');
    const shapes = await rows
      .locator('.mark path')
      .evaluateAll((paths) => paths.map((one) => one.getAttribute('d')));
    expect(new Set(shapes).size).toBe(2);
    expect(await rows.locator('.marks').allTextContents()).toEqual(['differs', 'open activation', '1 fault']);
    await until(
      async () => page.url().endsWith('/fleet?colour=fault&map=points'),
      'the address has the choice',
    );
  });

  test('opens a vehicle by a click, and zooms into a group', async () => {
    // The platform does not know the invented vehicle, whose page may ask for it before the test ends.
    browser.expectFaults(/404 \(Not Found\)/);
    const close = { ...inBerlin, vin: 'WFWAUR1E6TA000009', place: { latitude: 52.521, longitude: 13.406 } };
    const page = await openFleet([inBerlin, close]);
    await shows(page, 'good');
    /** Degrees from the western to the eastern end of what the map shows. */
    const shownDegrees = async () => {
      await page.getByRole('button', { name: 'Choose what is shown' }).click();
      const before = page.url();
      await until(async () => page.url() !== before, 'the address has the area');
      const corners = new URL(page.url()).searchParams
        .get('area')
        ?.split(';')
        .map((one) => Number(one.split(',')[0]));
      return Math.max(...(corners ?? [])) - Math.min(...(corners ?? []));
    };
    const wide = await shownDegrees();
    // To begin with, what is fitted stands in the middle.
    await map(page).click();
    expect((await shownDegrees()) / wide).toBeCloseTo(0.25, 1);
    await page.getByLabel('Search').fill(close.vin);
    await status(page, '1 of 2 vehicles');
    await page.getByRole('button', { name: 'All' }).click();
    await shows(page, 'good');
    await map(page).click();
    await page.getByRole('heading', { level: 1, name: 'Vehicle' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/fleet/${close.vin}`);
  });
});

describe('an area of the map', () => {
  test('filters the list, stands in the address, and is cleared', async () => {
    const page = await openFleet([inBerlin, inMadrid, nowhere]);
    await shows(page, 'bad', 'good');
    await page.getByRole('button', { name: 'Rectangle' }).click();
    // Berlin is in the north-east of the two.
    await drag(page, [0.5, 0.02], [0.99, 0.5]);
    await status(page, '1 of 3 vehicles');
    expect(await list(page).getByRole('link').allTextContents()).toEqual([inBerlin.vin]);
    await until(async () => page.url().includes('?area='), 'the address has the area');
    expect(await page.getByRole('button', { name: 'Move' }).getAttribute('aria-pressed')).toBe('true');

    await page.reload();
    await status(page, '1 of 3 vehicles');
    await page.getByRole('button', { name: 'Clear the area' }).click();
    await status(page, '3 of 3 vehicles');
    await until(async () => page.url().endsWith('/fleet'), 'the address has no area');

    await page.getByRole('button', { name: 'All' }).click();
    await page.getByRole('button', { name: 'Free form' }).click();
    await drag(page, [0.02, 0.98], [0.02, 0.6], [0.48, 0.6], [0.48, 0.98], [0.2, 0.99]);
    await status(page, '1 of 3 vehicles');
    expect(await list(page).getByRole('link').allTextContents()).toEqual([inMadrid.vin]);
  });

  test('is chosen with the keyboard alone: by keys on the map, or by region', async () => {
    const page = await openFleet([inBerlin, inMadrid, nowhere]);
    await shows(page, 'bad', 'good');
    await map(page).focus();
    for (const key of [
      '+',
      '+',
      'ArrowRight',
      'ArrowUp',
      'ArrowRight',
      'ArrowUp',
      'ArrowRight',
      'ArrowUp',
      'ArrowRight',
    ])
      await page.keyboard.press(key);
    await shows(page, 'good');
    await page.getByRole('button', { name: 'Choose what is shown' }).focus();
    await page.keyboard.press('Enter');
    await status(page, '1 of 3 vehicles');
    expect(await list(page).getByRole('link').allTextContents()).toEqual([inBerlin.vin]);
    await page.getByRole('button', { name: 'Clear the area' }).press('Enter');
    await map(page).focus();
    await page.keyboard.press('0');
    await shows(page, 'bad', 'good');
    await page.getByLabel('Region').selectOption('ES');
    await status(page, '1 of 3 vehicles');
    expect(await list(page).getByRole('link').allTextContents()).toEqual([inMadrid.vin]);
  });
});

describe('a fleet', () => {
  test('of 10,000 vehicles is drawn as the rows that are seen, and any text as text', async () => {
    const vehicles = Array.from({ length: 10_000 }, (_, index) => ({
      vin: `WFWAUR1E6TA${String(index).padStart(6, '0')}`,
      model: hostile,
      region: '<b>',
      place: { latitude: 40 + (index % 100) / 8, longitude: (index % 89) / 8 },
    }));
    const page = await openFleet(vehicles);
    await page.getByText('10000 of 10000 vehicles').waitFor();
    await map(page).and(page.getByLabel('Map with 10000 of 10000 vehicles')).waitFor();
    expect(await list(page).getByRole('listitem').count()).toBeLessThan(60);
    await list(page).focus();
    await page.keyboard.press('End');
    await list(page).getByRole('link', { name: 'WFWAUR1E6TA009999' }).waitFor();
    expect(await page.locator('main script, main b').count()).toBe(0);
    await page.getByLabel('Search').fill('009998');
    await page.getByText('1 of 10000 vehicles').waitFor();
    await until(async () => page.url().endsWith('?q=009998'), 'the address has the search');
    await page.goBack();
    await page.goForward();
    await page.getByText('1 of 10000 vehicles').waitFor();
  });

  test('shows what happens to its vehicles: a fault, an open activation, and a state that differs', async () => {
    const { addresses, dataFolder } = running();
    const vin = addresses.vehicles[1] ?? '';
    const page = await open('/fleet?show=open');
    await page.getByText('No vehicle matches the filter.').waitFor();
    const { secret } = JSON.parse(await readFile(join(dataFolder, 'control.json'), 'utf8')) as {
      secret: string;
    };
    const send = (url: string, headers: Record<string, string>, body: unknown) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const offline = {
      name: 'No network',
      layer: 'link',
      type: 'offline',
      target: { selector: { vins: [vin] } },
    };
    expect(
      (await send(`${addresses.control}/faults`, { authorization: `Bearer ${secret}` }, offline)).status,
    ).toBe(201);
    await page.goto(`${addresses.console}/purchases`);
    await page.getByLabel('Vehicle (VIN)').fill(vin);
    await page.getByLabel('Service').selectOption({ label: 'Heated seats' });
    await page.getByRole('button', { name: 'Buy' }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.goto(`${addresses.console}/fleet?show=open`);
    await list(page).getByText('open activation').waitFor();
    await list(page).getByText('differs').waitFor();
    await list(page).getByText('1 fault').waitFor();
    await list(page).getByText('offline').waitFor();
    expect(await list(page).getByRole('link').allTextContents()).toEqual([vin]);
  });

  test('of a session of a token names what is missing, and lists what the control knows', async () => {
    const { addresses, keys } = running();
    browser.expectFaults(/403/);
    const answer = await fetch(`${addresses.platform}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`operator:${keys.operatorSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'events:read operations:read' }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const page = await browser.open(`${addresses.console}/fleet`);
    await page.getByLabel('a token').check();
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
    await page
      .getByRole('alert')
      .filter({ hasText: 'Log in with a client to see where vehicles are.' })
      .waitFor();
    await list(page).getByRole('link').first().waitFor();
  });
});

test.each(['light', 'dark'] as const)(
  'the page with an area is accessible and has no sideways scrolling at 360 px, %s',
  async (colorScheme) => {
    const samples = [inBerlin, { ...inMadrid, model: hostile }, nowhere];
    const options = { colorScheme, viewport: { width: 360, height: 740 } };
    const page = await openFleet(samples, '?area=-10,35;20,35;20,60;-10,60', options);
    await status(page, '2 of 3 vehicles');
    await shows(page, 'bad', 'good');
    await expectNoSidewaysScrolling(page);
    await expectAccessible(page);
  },
);
