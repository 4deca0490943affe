import { expect, test } from 'vitest';
import { fleetwake } from '../../e2e/command.ts';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { logInAsDeveloper, useUp } from './up-under-test.ts';

const browser = useBrowser();
const running = useUp();

async function loggedIn() {
  const page = await browser.open(running().addresses.console);
  await logInAsDeveloper(page, running());
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  return page;
}

test('shows a bought activation as a timeline from the purchase to active, with a link to each event', async () => {
  const { addresses, folder } = running();
  // A fault of this vehicle, and one of another.
  for (const [name, vin] of [
    ['slow-line', addresses.vehicles[0] ?? ''],
    ['not-here', addresses.vehicles[1] ?? ''],
  ] as const)
    await fleetwake(folder, [
      ...['fault', 'add', 'latency', '--vin', vin, '--name', name, '--set', 'latencyMs=5'],
      ...['--control-url', addresses.control],
    ]);
  const { stdout } = await fleetwake(folder, [
    ...['buy', addresses.vehicles[0] ?? '', 'heated-seats', '--wait', '--json'],
    ...['--platform-url', addresses.platform],
  ]);
  const { id, activation } = JSON.parse(stdout) as {
    readonly id: string;
    readonly activation: { readonly id: string };
  };

  // What was removed since stays behind the timeline.
  await fleetwake(folder, ['fault', 'clear', '--control-url', addresses.control]);

  const page = await browser.open(addresses.consoleLogin, { viewport: { width: 360, height: 800 } });
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.goto(`${addresses.console}/purchases/${id}`);
  await page.getByRole('link', { name: activation.id }).click();
  await page.getByRole('application').waitFor();
  await page.locator('.tl-list summary').click();
  expect(await page.locator('.tl-fault-text').allTextContents()).toEqual(['link: slow-line']);
  const lines = await page.locator('.tl-list li').allTextContents();
  expect(lines[0]).toMatch(/^\+0:00\.000 Customer → Platform .+ was bought$/);
  const places = await page.locator('.tl-list li b').allTextContents();
  for (const place of ['API IoT → Broker', 'Vehicle → Broker', 'Payments', 'Notifications → Customer'])
    expect(places).toContain(place);
  expect(await page.locator('.tl-attempt-text').allTextContents()).toEqual([expect.stringMatching(/1$/)]);
  await page.locator('.tl-list li button').nth(1).click();
  const chosen = await page.locator('.tl-details h3').textContent();
  expect(new URL(page.url()).hash).toMatch(/^#event=/);
  await page.reload();
  await page.locator('.tl-details').waitFor();
  expect(await page.locator('.tl-details h3').textContent()).toBe(chosen);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);
});

test('shows two activations on one axis, and filters both by the slider of either', async () => {
  const { addresses, folder } = running();
  const bought = async (vin: string) => {
    const { stdout } = await fleetwake(folder, [
      ...['buy', vin, 'range-boost', '--wait', '--json', '--platform-url', addresses.platform],
    ]);
    return (JSON.parse(stdout) as { readonly activation: { readonly id: string } }).activation.id;
  };
  const [first, second] = [
    await bought(addresses.vehicles[0] ?? ''),
    await bought(addresses.vehicles[1] ?? ''),
  ];
  const page = await loggedIn();
  await page.goto(`${addresses.console}/activations/${first}`);
  await page.getByLabel('Show beside').selectOption(second);
  const titles = page.locator('.tl-head h2');
  await until(async () => (await titles.count()) === 2, 'both are drawn');
  expect(await titles.allTextContents()).toEqual([
    `range boost on ${addresses.vehicles[0]}`,
    `range boost on ${addresses.vehicles[1]}`,
  ]);
  expect(new URL(page.url()).search).toBe(`?beside=${second}`);
  await page.getByRole('slider', { name: 'Last event shown' }).first().focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const counts = await page.locator('.tl-head p').allTextContents();
  expect(counts[0]).toMatch(/^3 of \d+ events in /);
  expect(counts[1]).toMatch(/^\d+ of \d+ events in /);
  await expectAccessible(page);
  await page.getByLabel('Show beside').selectOption('');
  await until(async () => (await titles.count()) === 1, 'one is drawn');
});

test('says that there is no activation of an unknown id', async () => {
  browser.expectFaults(/404 \(Not Found\)/);
  const { addresses } = running();
  const page = await loggedIn();
  await page.goto(`${addresses.console}/activations/act_unknown`);
  expect(await page.getByRole('alert').textContent()).toMatch(/act_unknown/);
});
