import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { type HttpServer, listen } from '../../../shared/live/http-server.ts';
import { readConsoleAssets } from '../../../simulator/console/server/assets.ts';
import { consoleApp } from '../../../simulator/console/server/console-app.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';

let server: HttpServer;

beforeAll(async () => {
  buildWhenOutdated();
  const assets = await readConsoleAssets(join(import.meta.dirname, '../../../dist/console/'));
  const app = consoleApp({ assets });
  server = await listen({ clock: wallClock }, (request) => app.fetch(request), { port: 0 });
});
afterAll(() => server.close());

const browser = useBrowser();

test('opens the first page without an error and without a request to another host', async () => {
  const page = await browser.open(server.origin);
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Overview');
  expect(await page.title()).toBe('Overview · Fleetwake');
});

test.each(['light', 'dark'] as const)(
  'is accessible and has no sideways scrolling at 360 px, %s',
  async (colorScheme) => {
    const page = await browser.open(server.origin, { colorScheme, viewport: { width: 360, height: 740 } });
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
  },
);

test('says that no page has an unknown address', async () => {
  const page = await browser.open(`${server.origin}/unknown`);
  expect(await page.getByRole('main').textContent()).toContain('No page of the console is at /unknown.');
});
