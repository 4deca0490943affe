import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';

/**
 * `npm run picture`, after `npm run build`: takes docs/console.png. It starts `fleetwake up` with a fleet, buys for some vehicles, takes one of them off
 * the network meanwhile, and shows its activation in the system's Chromium.
 */
const command = resolve('dist/command/main.js');
const target = resolve('docs/console.png');
const mostBytes = 200 * 1_024;
/** An attempt of five minutes takes six seconds. */
const timeScale = 50;
/** Long enough for two attempts to fail, and short enough for the third. */
const awayMs = 14_000;

interface Up {
  readonly platform: string;
  readonly control: string;
  readonly consoleLogin: string;
  readonly console: string;
  readonly vehicles: readonly string[];
}

const folder = await mkdtemp(join(tmpdir(), 'fleetwake-picture-'));
const ports = ['', 'api-iot-', 'mqtt-', 'mail-', 'control-', 'console-'].flatMap((name) => [
  `--${name}port`,
  '0',
]);
const up = spawn(
  process.execPath,
  [command, 'up', '--json', '--vehicles', '200', '--time-scale', String(timeScale), ...ports],
  { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = once(up, 'exit');
try {
  const line = await Promise.race([
    once(createInterface({ input: up.stdout }), 'line').then(([text]) => String(text)),
    ended.then(() => Promise.reject(new Error('fleetwake up ended: run "npm run build" first'))),
  ]);
  const bytes = await pictureOf(JSON.parse(line) as Up);
  if (bytes.byteLength > mostBytes)
    throw new Error(`the picture has ${bytes.byteLength} bytes: make it smaller than ${mostBytes}`);
  await writeFile(target, bytes);
  process.stdout.write(`${target}: ${Math.round(bytes.byteLength / 1_024)} KB\n`);
} finally {
  up.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
}

async function pictureOf({
  platform,
  control,
  consoleLogin,
  console: origin,
  vehicles,
}: Up): Promise<Buffer> {
  const run = async (...parameters: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...parameters], { cwd: folder });
    return stdout;
  };
  const buy = (vin: string, ...more: string[]) =>
    run('buy', vin, 'heated-seats', '--json', '--platform-url', platform, ...more);
  const [away = '', ...others] = vehicles;
  for (const vin of others.slice(0, 5)) await buy(vin);
  const fault = ['fault', 'add', 'offline', '--name', 'underground garage', '--vin', away];
  await run(...fault, '--for', String(awayMs), '--control-url', control);
  const bought = await buy(away, '--wait');
  const { activation } = JSON.parse(bought) as { readonly activation: { readonly id: string } };
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 724 }, colorScheme: 'light' });
    await page.goto(consoleLogin);
    await page.getByRole('navigation').waitFor();
    return await shot(page, `${origin}/activations/${activation.id}`);
  } finally {
    await browser.close();
  }
}

/** The page once everything of it is drawn. */
async function shot(page: Page, address: string): Promise<Buffer> {
  await page.goto(address);
  await page.getByRole('application').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  return page.screenshot();
}
