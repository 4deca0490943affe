import type { CDPSession, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { pagePatterns, pageSamples } from './page-samples.ts';
import { logInAsDeveloper, useUp } from './up-under-test.ts';

const running = useUp(['--vehicles', '3', '--console-port', '0']);
const browser = useBrowser();
let paths: readonly string[] = [];

beforeAll(async () => {
  const samples = await pageSamples(running());
  const patterns = await pagePatterns();
  // A new page with a parameter needs an address in page-samples.ts.
  const missing = patterns.filter((pattern) => pattern.includes(':') && samples[pattern] === undefined);
  expect(missing).toEqual([]);
  paths = [...patterns.map((pattern) => samples[pattern] ?? pattern), '/unknown'];
});

async function loggedIn(options: Parameters<typeof browser.open>[1]): Promise<Page> {
  const page = await browser.open(running().addresses.console, options);
  await logInAsDeveloper(page, running());
  await page.getByText('live', { exact: true }).waitFor();
  return page;
}

async function show(page: Page, path: string): Promise<void> {
  await page.goto(`${running().addresses.console}${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await until(
    async () => (await page.getByText(/^(Loading|Running) .*…$/).count()) === 0,
    `${path} has its data`,
  );
  await page.evaluate(() => document.fonts.ready);
}

test('the table of pages has every page of the navigation', async () => {
  const page = await loggedIn({});
  const links = await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link')
    .evaluateAll((all) => all.map((one) => one.getAttribute('href')));
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !paths.includes(link ?? ''))).toEqual([]);
});

describe('every page', () => {
  test.each(['light', 'dark'] as const)(
    'is accessible and does not scroll sideways at 360 px, %s',
    async (colorScheme) => {
      const page = await loggedIn({ colorScheme, viewport: { width: 360, height: 740 } });
      for (const path of paths) {
        await show(page, path);
        await expectNoSidewaysScrolling(page);
        await expectAccessible(page);
      }
    },
  );

  test('is accessible at 1280 px, and the tabulator key reaches each control with a visible focus', async () => {
    const page = await loggedIn({ viewport: { width: 1_280, height: 900 } });
    for (const path of paths) {
      await show(page, path);
      await expectAccessible(page);
      expect([path, ...(await unreached(page))]).toEqual([path]);
    }
  });

  test('lets Enter or the space bar do what a click does, on every control', async () => {
    const page = await loggedIn({ viewport: { width: 1_280, height: 900 } });
    const session = await page.context().newCDPSession(page);
    for (const path of paths) {
      await show(page, path);
      expect([path, ...(await clickedWithoutKeys(session))]).toEqual([path]);
    }
    await session.detach();
  });
});

/** What can be used and is not reached by the tabulator key, or shows no focus when it is. */
async function unreached(page: Page): Promise<string[]> {
  const count = await page.evaluate(() => {
    const usable = 'a[href], button, input, select, textarea, summary, [tabindex]';
    const controls = [...document.querySelectorAll<HTMLElement>(usable)].filter((one) => {
      if (one.tabIndex < 0 || one.matches(':disabled') || !one.checkVisibility()) return false;
      // Of a group of radio buttons, the arrow keys lead from the chosen one to the others.
      return !(one instanceof HTMLInputElement && one.type === 'radio' && !one.checked);
    });
    for (const control of controls) control.dataset.unreached = '';
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    return controls.length;
  });
  const unseen: string[] = [];
  for (let step = 0; step < count + 5; step += 1) {
    await page.keyboard.press('Tab');
    const shown = await page.evaluate(() => {
      const focused = document.activeElement;
      if (!(focused instanceof HTMLElement) || focused === document.body) return null;
      delete focused.dataset.unreached;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(focused);
      const isSeen = (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
      return isSeen ? null : focused.outerHTML.slice(0, 120);
    });
    if (shown !== null) unseen.push(`no visible focus: ${shown}`);
  }
  const left = await page.evaluate(() =>
    [...document.querySelectorAll('[data-unreached]')].map(
      (one) => `not reached: ${one.outerHTML.slice(0, 120)}`,
    ),
  );
  return [...new Set(unseen), ...left];
}

const pressable = /^(A|BUTTON|SUMMARY|INPUT|SELECT|LABEL|TEXTAREA|OPTION)$/;

/** What takes a click and no key: neither a native control, nor an application or a slider with keys of its own. */
async function clickedWithoutKeys(session: CDPSession): Promise<string[]> {
  const { result } = await session.send('Runtime.evaluate', { expression: 'document.body' });
  const { listeners } = await session.send('DOMDebugger.getEventListeners', {
    ...{ objectId: result.objectId ?? '', depth: -1 },
  });
  const clicked = listeners.filter(({ type }) => type === 'click' || type === 'dblclick');
  const nodes = await Promise.all(
    clicked.map(async ({ backendNodeId }) => {
      const { node } = await session.send('DOM.describeNode', { backendNodeId: backendNodeId ?? 0 });
      const attributes = node.attributes ?? [];
      const role = attributes[attributes.indexOf('role') + 1];
      const hasKeys = attributes.includes('role') && (role === 'application' || role === 'slider');
      return pressable.test(node.nodeName) || hasKeys ? null : `${node.nodeName} ${attributes.join(' ')}`;
    }),
  );
  return nodes.filter((node) => node !== null);
}
