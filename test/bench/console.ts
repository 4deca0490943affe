import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { until } from '../helpers/until.ts';
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

interface Up {
  readonly console: string;
  readonly secret: string;
  stop(): Promise<void>;
}

const rounds = 5;
/** Readings of the memory. */
const readings = 20;

/** Measures the Fleet page of a running system with so many connected vehicles, in the system's Chromium (after `npm run build`). */
export async function measureConsole({ folder, vehicles, watchMs }: ConsoleOptions): Promise<ConsoleReport> {
  const up = await startUp(folder, vehicles);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    const context = await loggedIn(browser, up);
    const page = await context.newPage();
    const total = await connectedFleet(page, up, vehicles);
    await page.goto(`${up.console}/fleet`);
    await shown(page, vehicles);
    const opened: Opened[] = [];
    for (let turn = 0; turn < rounds; turn += 1) opened.push(await openFleet(context, up, vehicles));
    const memory = await watchMemory(context, page, watchMs);
    const middle = (of: (one: Opened) => number) => Math.round(median(opened.map(of)));
    return {
      ...total,
      firstPaintMs: middle((one) => one.firstPaintMs),
      listMs: middle((one) => one.listMs),
      mapMs: middle((one) => one.mapMs),
      memory,
    };
  } finally {
    await browser.close();
    await up.stop();
  }
}

async function startUp(folder: string, vehicles: number): Promise<Up> {
  mkdirSync(folder, { recursive: true });
  const ports = ['port', 'api-iot-port', 'mqtt-port', 'mail-port', 'control-port', 'console-port'];
  const child = spawn(
    process.execPath,
    [
      resolve('dist/command/main.js'),
      ...['up', '--json', '--vehicles', String(vehicles)],
      ...ports.flatMap((name) => [`--${name}`, '0']),
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    await until(() => text.endsWith('\n') || child.exitCode !== null, 'the system runs', 900_000);
    if (child.exitCode !== null) throw new Error(`fleetwake up ended with ${child.exitCode}`);
    const { console: address } = JSON.parse(text) as { readonly console: string };
    const keys = readFileSync(join(folder, '.fleetwake/keys.json'), 'utf8');
    const { developerSecret: secret } = JSON.parse(keys) as { readonly developerSecret: string };
    return { console: address, secret, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function loggedIn(browser: Browser, up: Up): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  const page = await context.newPage();
  await page.goto(up.console);
  await page.getByLabel('Client id').fill('developer');
  await page.getByLabel('Client secret').fill(up.secret);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
  await page.close();
  return context;
}

/** Resolves once the vehicles are connected; with how many the page lists (a few for tests are among them) and how many are connected. */
async function connectedFleet(page: Page, up: Up, vehicles: number) {
  await page.goto(up.console);
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
async function openFleet(context: BrowserContext, up: Up, vehicles: number): Promise<Opened> {
  const page = await context.newPage();
  await page.goto(`${up.console}/fleet`, { waitUntil: 'commit' });
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
