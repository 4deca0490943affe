import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

/** Debian's. As root, as in CI, Chromium runs without its sandbox only. */
const launchOptions = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
};

/** It ends what would never end; what a page waits for takes longer on a busy machine than the 30 s of playwright. */
const waitMaxMs = 280_000;

interface OpenOptions {
  /** Addresses that the page may ask beside its own. */
  readonly others?: readonly string[];
}

/** One headless Chromium for the tests of a file. */
export interface TestBrowser {
  /** Opens an address in a context of its own: no cookie of another page is in it. */
  open(url: string, options?: BrowserContextOptions & OpenOptions): Promise<Page>;
  /** Ends the context of a page before the end of its test. */
  close(page: Page): Promise<void>;
  /** From here to the end of the test, lines that match are expected: a refusal is an error in the browser's console. */
  expectFaults(pattern: RegExp): void;
}

/**
 * Starts the browser before the tests of a file and stops it after them. A test fails on any error in the console of its
 * pages, any error that a script of theirs does not catch, and any request to another host than the one it opened.
 */
export function useBrowser(): TestBrowser {
  let browser: Browser | null = null;
  const faults: string[] = [];
  const expected: RegExp[] = [];
  beforeAll(async () => {
    browser = await chromium.launch(launchOptions);
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    const unexpected = faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
    faults.length = 0;
    expected.length = 0;
    expect(unexpected).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
  });
  return {
    async open(url, { others = [], ...options } = {}) {
      if (browser === null) throw new Error('the browser starts before the first test');
      const context = await browser.newContext(options);
      context.setDefaultTimeout(waitMaxMs);
      const page = await context.newPage();
      const hosts = new Set([url, ...others].map((one) => new URL(one).host));
      watch(page, hosts, (fault) => faults.push(fault));
      await page.goto(url);
      return page;
    },
    close: (page) => page.context().close(),
    expectFaults(pattern) {
      expected.push(pattern);
    },
  };
}

function watch(page: Page, hosts: ReadonlySet<string>, report: (fault: string) => void): void {
  page.on('console', (message) => {
    if (message.type() === 'error') report(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => report(`script: ${error.message}`));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(target.protocol) && !hosts.has(target.host))
      report(`request to another host: ${request.url()}`);
  });
}

/** Fails where axe-core finds something on a page that a person with an impairment cannot perceive or use. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
  expect(found).toEqual([]);
}

/** Fails where a page is wider than its window, so that it scrolls sideways; names what stands out of it. */
export async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const beyond = [...document.querySelectorAll('*')].filter(
      (one) => one.getBoundingClientRect().right > clientWidth,
    );
    return beyond.map((one) => one.outerHTML.slice(0, 120));
  });
  expect(wide, page.url()).toEqual([]);
}
