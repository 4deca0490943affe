import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { until } from '../helpers/until.ts';
import { withGateway } from './gateway-commands.ts';
import { median, round } from './numbers.ts';

export interface ConsoleOptions {
  readonly folder: string;
  readonly vehicles: number;
  /** How long the memory of the page is watched. */
  readonly watchMs: number;
}

export interface ConsoleReport {
  readonly vehicles: number;
  /** Of them, when the page was measured. */
  readonly connected: number;
  /** From the request for the page, medians of five: its first content, the first vehicles in its list, all of them on its map. */
  readonly firstPaintMs: number;
  readonly listMs: number;
  readonly mapMs: number;
  /** Memory of the page's script in MB after a collection: at the start, at the end, and at most. */
  readonly memory: {
    readonly seconds: number;
    readonly firstMb: number;
    readonly lastMb: number;
    readonly mostMb: number;
  };
}

interface Console {
  readonly origin: string;
  readonly secret: string;
}

const rounds = 5;
/** Readings of the memory. */
const readings = 20;

/**
 * Measures the Fleet page with so many connected vehicles, in the system's Chromium (after `npm run build`). Gateway, fleet and console
 * are a process each, so that none needs two open files for a vehicle.
 */
export async function measureConsole({ folder, vehicles, watchMs }: ConsoleOptions): Promise<ConsoleReport> {
  return await withGateway(folder, async (gateway) => {
    const fleet = await gateway.start('fleet', '--vehicles', String(vehicles));
    const origin = await gateway.startConsole('fleet', fleet);
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    try {
      return await measured(browser, { origin, secret: gateway.developerSecret }, vehicles, watchMs);
    } finally {
      await browser.close();
    }
  });
}

async function measured(browser: Browser, served: Console, vehicles: number, watchMs: number) {
  const context = await loggedIn(browser, served);
  const page = await context.newPage();
  const total = await connectedFleet(page, served, vehicles);
  await page.goto(`${served.origin}/fleet`);
  await shown(page, vehicles);
  const opened: Opened[] = [];
  for (let turn = 0; turn < rounds; turn += 1) opened.push(await openFleet(context, served, vehicles));
  const memory = await watchMemory(context, page, watchMs);
  const middle = (of: (one: Opened) => number) => Math.round(median(opened.map(of)));
  return {
    ...total,
    firstPaintMs: middle((one) => one.firstPaintMs),
    listMs: middle((one) => one.listMs),
    mapMs: middle((one) => one.mapMs),
    memory,
  };
}

async function loggedIn(browser: Browser, served: Console): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  const page = await context.newPage();
  await page.goto(served.origin);
  await page.getByLabel('Client id').fill('developer');
  await page.getByLabel('Client secret').fill(served.secret);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
  await page.close();
  return context;
}

/** Resolves once the vehicles are connected; with how many the page lists and how many are connected. */
async function connectedFleet(page: Page, served: Console, vehicles: number) {
  await page.goto(served.origin);
  let counts = { vehicles: 0, connected: 0 };
  await until(
    async () => {
      counts = await page.evaluate(async () => {
        const answer = await fetch('/api/control/vehicles?view=models');
        const { models } = (await answer.json()) as { models: { vehicles: number; connected: number }[] };
        const sum = (of: (one: (typeof models)[number]) => number) =>
          models.reduce((all, one) => all + of(one), 0);
        return { vehicles: sum((one) => one.vehicles), connected: sum((one) => one.connected) };
      });
      return counts.connected >= vehicles;
    },
    'the vehicles are connected',
    900_000,
  );
  return counts;
}

interface Opened {
  readonly firstPaintMs: number;
  readonly listMs: number;
  readonly mapMs: number;
}

/** Opens the page in a new tab. Times are those of the page itself, since its request. */
async function openFleet(context: BrowserContext, served: Console, vehicles: number): Promise<Opened> {
  const page = await context.newPage();
  await page.goto(`${served.origin}/fleet`, { waitUntil: 'commit' });
  const now = () => page.evaluate(() => performance.now());
  await page.getByRole('region', { name: 'Vehicles' }).getByRole('link').first().waitFor();
  const listMs = await now();
  await shown(page, vehicles);
  const mapMs = await now();
  const firstPaintMs = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  );
  await page.close();
  return { firstPaintMs, listMs, mapMs };
}

/** Resolves once so many vehicles are on the map. */
async function shown(page: Page, vehicles: number): Promise<void> {
  const map = page.getByRole('application');
  await until(
    async () => {
      const label = await map.getAttribute('aria-label');
      return Number(/^Map with (\d+) of/.exec(label ?? '')?.[1]) >= vehicles;
    },
    'the vehicles are on the map',
    300_000,
  );
}

async function watchMemory(context: BrowserContext, page: Page, watchMs: number) {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const used: number[] = [];
  const startedAt = performance.now();
  for (let reading = 0; reading <= readings; reading += 1) {
    const dueAt = startedAt + (reading * watchMs) / readings;
    await new Promise((done) => setTimeout(done, Math.max(0, dueAt - performance.now())));
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    used.push((metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0) / 1_048_576);
  }
  return {
    seconds: Math.round(watchMs / 1_000),
    firstMb: round(used[0] ?? 0),
    lastMb: round(used.at(-1) ?? 0),
    mostMb: round(Math.max(...used)),
  };
}
