import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { type Command, startFleetwake } from '../../e2e/command.ts';
import type { TestBrowser } from '../../helpers/browser.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

/** The addresses that `fleetwake up --json` prints. */
export interface UpAddresses {
  readonly platform: string;
  readonly apiIot: string;
  readonly control: string;
  /** The page with sent e-mails. */
  readonly mail: string;
  readonly payments: string;
  readonly push: string;
  readonly console: string;
  readonly consoleLogin: string;
  readonly vehicles: readonly string[];
}

export interface RunningUp {
  readonly addresses: UpAddresses;
  readonly dataFolder: string;
  readonly folder: string;
  /** Secrets of the data folder. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Every port is a free one. */
export const freePorts = ['port', 'api-iot-port', 'mqtt-port', 'mail-port', 'control-port'].flatMap(
  (name) => [`--${name}`, '0'],
);

/** Starts the built `fleetwake up` once for the tests of a file. */
export function useUp(parameters: readonly string[] = []): () => RunningUp {
  let folder = '';
  let up: Command | null = null;
  let running: RunningUp | null = null;
  beforeAll(async () => {
    buildWhenOutdated();
    folder = await newTemporaryFolder();
    const command = startFleetwake(folder, [
      'up',
      ...freePorts,
      '--json',
      '--time-scale',
      '20',
      ...parameters,
    ]);
    up = command;
    await until(
      () => command.stdout().endsWith('\n') || command.process.exitCode !== null,
      `it is up: ${command.stderr()}`,
    );
    const addresses = JSON.parse(command.stdout()) as UpAddresses;
    const dataFolder = join(folder, '.fleetwake');
    const keys = JSON.parse(await readFile(join(dataFolder, 'keys.json'), 'utf8')) as Record<string, string>;
    running = { addresses, dataFolder, folder, keys };
  });
  afterAll(async () => {
    up?.process.kill('SIGTERM');
    await up?.exitCode();
    await removeFolder(folder);
  });
  return () => {
    if (running === null) throw new Error('it is up once the tests begin');
    return running;
  };
}

/** Logs in at the page that asks for it, with every right. */
export async function logInAsDeveloper(page: Page, { keys }: RunningUp): Promise<void> {
  await page.getByLabel('Client id').fill('developer');
  await page.getByLabel('Client secret').fill(String(keys.developerSecret));
  await page.keyboard.press('Enter');
}

/** Opens a page of the console with the session of the developer. */
export async function openAsDeveloper(
  browser: TestBrowser,
  running: RunningUp,
  path: string,
  options: Parameters<TestBrowser['open']>[1] = {},
): Promise<Page> {
  const page = await browser.open(`${running.addresses.console}${path}`, options);
  await logInAsDeveloper(page, running);
  await page.getByRole('navigation').waitFor();
  return page;
}
