import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../../simulator/check/judge.ts';
import { replayPage } from '../../../simulator/check/replay-page.ts';
import { runTimeline } from '../../../simulator/check/run-timeline.ts';
import { readSaved } from '../../../simulator/check/saved-test-case.ts';
import { htmlReport } from '../../../simulator/reports/html/page.ts';
import type { Timeline } from '../../../simulator/timeline/event.ts';
import { readTimelineFiles, type TimelineFiles } from '../../../simulator/timeline/timeline-files.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { newTemporaryFolder, removeFolder } from '../../helpers/temporary-folder.ts';
import { passedReport } from '../reports/sample-report.ts';
import { manyEvents } from './many-events.ts';

const browser = useBrowser();
let folder: string;
let files: TimelineFiles;
let replayed: Timeline;

beforeAll(async () => {
  folder = await newTemporaryFolder();
  buildWhenOutdated();
  files = await readTimelineFiles();
  const reading = readSaved(readFileSync('test/regressions/refusal-heard-late.json', 'utf8'));
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  const { run } = await judge(reading.saved.schedule);
  if (run === null) throw new Error('the test case cannot be run');
  replayed = runTimeline(run, 'refusal-heard-late');
});

afterAll(() => removeFolder(folder));

async function opened(
  timeline: Timeline,
  options: Parameters<typeof browser.open>[1] = {},
  hash = '',
): Promise<Page> {
  const path = join(folder, 'timeline.html');
  await writeFile(path, replayPage('summary', timeline, files));
  return browser.open(`${pathToFileURL(path).href}${hash}`, options);
}

const chosen = (page: Page) => page.locator('.tl-details h3').textContent();
const countText = (page: Page) => page.locator('.tl-head p').textContent();

describe('page of a replayed failure', () => {
  test('has one policy that allows its own script and style and nothing else', async () => {
    const text = replayPage('summary', replayed, files);
    const [policy] = /<meta http-equiv="Content-Security-Policy" content="[^"]*">/.exec(text) ?? [''];
    expect(policy.replaceAll(/sha256-[A-Za-z0-9+/=]{44}/g, 'HASH')).toBe(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'HASH'; script-src 'HASH'; base-uri 'none'; form-action 'none'">`,
    );
    expect(text).not.toMatch(/(src|href)="/);
  });

  test('shows every event, and chooses one with the keyboard', async () => {
    const page = await opened(replayed);
    expect(await countText(page)).toBe('169 events in 36 min 51 s');
    await page.locator('.tl-plot').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await chosen(page)).toBe(' buys heated-seats for V1 (p-001)');
    expect(new URL(page.url()).hash).toBe('#event=t5');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.tl-details p').first().textContent()).toMatch(/^\+0:00\.\d{3} · Platform/);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('tl-details');
  });

  test('opens at the event that its address names', async () => {
    const page = await opened(replayed, {}, '#event=t5');
    expect(await chosen(page)).toBe(' buys heated-seats for V1 (p-001)');
  });

  test('filters drawing and text by the slider and by activation', async () => {
    const page = await opened(replayed);
    const last = page.getByRole('slider', { name: 'Last event shown' });
    await last.focus();
    await page.keyboard.press('Home');
    for (let count = 0; count < 8; count += 1) await page.keyboard.press('ArrowRight');
    expect(await last.getAttribute('aria-valuenow')).toBe('10');
    expect(await countText(page)).toMatch(/^10 of 169 events in /);
    expect(await page.locator('.tl-list summary').textContent()).toBe('10 events as text');
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('combobox', { name: 'Activation' }).selectOption('A2');
    expect(await countText(page)).toMatch(/^\d+ of 169 events in 36 min 51 s$/);
    const labels = await page.locator('.tl-attempt-text').allTextContents();
    expect(labels.length).toBeGreaterThan(0);
    expect(labels.join()).not.toContain('A1');
  });

  test('lists the events as text, and copies them', async () => {
    const page = await opened(replayed, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('.tl-list summary').click();
    expect(await page.locator('.tl-list li').count()).toBe(169);
    expect((await page.locator('.tl-list li').nth(2).textContent())?.replaceAll(/\s+/g, ' ')).toBe(
      '+0:00.000 Customer → Platform buys heated-seats for V1 (p-001)',
    );
    await page.getByRole('button', { name: 'Copy all as JSON' }).click();
    await page.getByRole('button', { name: 'Copy all as JSON ✓' }).waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { id: string }[];
    expect(copied.map(({ id }) => id).slice(0, 4)).toEqual(['t1', 't3', 't5', 't6']);
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('is accessible and does not scroll sideways, %s at %i px', async (colorScheme, width) => {
    const page = await opened(replayed, { colorScheme, viewport: { width, height: 800 } }, '#event=t5');
    await page.locator('.tl-list summary').click();
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
  });

  test('shows the events as text where scripts are off', async () => {
    const page = await opened(replayed, { javaScriptEnabled: false });
    expect(await page.locator('#timeline pre').textContent()).toContain(
      '+0:00.000  Customer → Platform         buys heated-seats for V1 (p-001)',
    );
  });

  test('shows hostile texts as text', async () => {
    const title = '</script><script>document.title="taken"</script>\u202egnp.exe\u0007';
    const page = await opened({
      title,
      events: [
        {
          id: title,
          atMs: 0,
          lane: 'customer',
          certainty: 'neutral',
          importance: 3,
          title,
          details: { [title]: title },
        },
      ],
      faults: [{ title, fromMs: 0, toMs: null }],
    });
    const shown = '</script><script>document.title="taken"</script>gnp.exe';
    await page.locator('.tl-plot').focus();
    await page.keyboard.press('Home');
    expect((await chosen(page))?.trim()).toBe(shown);
    expect(await page.title()).not.toBe('taken');
  });

  test('searches the events of the list, and copies what it found', async () => {
    const page = await opened(replayed, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('.tl-list summary').click();
    await page.getByLabel('Search').fill('BUYS heated-seats v1');
    await page.getByText('1 found').waitFor();
    expect(await page.locator('.tl-list li').count()).toBe(1);
    await page.getByRole('button', { name: 'Copy these as text' }).click();
    await page.getByRole('button', { name: 'Copy these as text ✓' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      '    +0:00.000  Customer → Platform         buys heated-seats for V1 (p-001)\n',
    );
    await page.getByLabel('Search').fill('nothing like it');
    await page.getByText('No event has these words.').waitFor();
  });

  test('chooses an event by a click on its mark, and shows its time alone by a second one', async () => {
    const page = await opened(manyEvents(1_000));
    const mark = page.locator('.tl-count').first();
    const count = Number(await mark.textContent());
    const { x, y, width, height } = (await mark.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const [left, top] = [x + width / 2, y + height / 2];
    await page.mouse.move(left, top);
    expect(await page.getByRole('application').getAttribute('class')).toBe('tl-plot tl-over');
    await page.mouse.click(left, top);
    expect((await chosen(page))?.trim()).toMatch(/^event \d+$/);
    await page.mouse.dblclick(left, top);
    const [shown] = /^\d+/.exec((await countText(page)) ?? '') ?? [];
    // Events of other lanes in that time are shown, too.
    expect(Number(shown)).toBeGreaterThanOrEqual(count);
    expect(Number(shown)).toBeLessThan(1_000);
  });
});

describe('a timeline of 10,000 events', () => {
  test('is drawn with at most 1,200 elements at any zoom', async () => {
    const page = await opened(manyEvents(10_000));
    const elements = () => page.evaluate(() => document.querySelectorAll('*').length);
    expect(await countText(page)).toMatch(/^10000 events in /);
    expect(await elements()).toBeLessThan(1_200);
    for (let count = 0; count < 12; count += 1) {
      await page.getByRole('button', { name: 'Show less time' }).click();
      expect(await elements()).toBeLessThan(1_200);
    }
  });

  test.each([1_280, 360])('lists each event for keyboard and screen reader, at %i px', async (width) => {
    const page = await opened(manyEvents(10_000), { viewport: { width, height: 800 } });
    await page.locator('.tl-list summary').click();
    const list = page.locator('.tl-list ol');
    const drawn = () => list.getByRole('listitem').count();
    const place = () =>
      page.evaluate(() => {
        const item = document.activeElement?.closest('li');
        return `${item?.getAttribute('aria-posinset')} of ${item?.getAttribute('aria-setsize')}`;
      });
    expect(await drawn()).toBeLessThan(50);
    await list.getByRole('button').first().focus();
    expect(await place()).toBe('1 of 10000');
    await page.keyboard.press('ArrowDown');
    expect(await place()).toBe('2 of 10000');
    await page.keyboard.press('End');
    expect(await place()).toBe('10000 of 10000');
    expect(await drawn()).toBeLessThan(50);
    await page.keyboard.press('Enter');
    const last = new URL(page.url()).hash;
    expect(last).toMatch(/^#event=e\d+$/);
    expect(await list.locator('[aria-current]').count()).toBe(1);
    await page.keyboard.press('Home');
    await page.keyboard.press('PageDown');
    const paged = await place();
    expect(paged).toMatch(/^\d{1,2} of 10000$/);
    // By the wheel, too: what is drawn follows what is seen, and the row with the focus stays.
    await list.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await list.locator('[aria-posinset="5001"]').waitFor();
    expect(await place()).toBe(paged);
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
  });

  test('opens at the event that its address names', async () => {
    const page = await opened(manyEvents(10_000), {}, '#event=e7777');
    expect((await chosen(page))?.trim()).toBe('event 7777');
  });
});

describe('two timelines', () => {
  test('have one axis, and show the time that is chosen in either of them', async () => {
    const one = { ...replayed, title: 'one' };
    const later = replayed.events.map((event) => ({
      ...event,
      atMs: event.atMs + (event.atMs > 60_000 ? 5_000 : 0),
    }));
    const path = join(folder, 'pair.html');
    await writeFile(
      path,
      replayPage('summary', [one, { ...replayed, title: 'other', events: later }], files),
    );
    const page = await browser.open(pathToFileURL(path).href);
    const counts = page.locator('.tl-head p');
    const axes = async () => {
      const texts = await page
        .locator('.tl-chart')
        .evaluateAll((charts) =>
          charts.map((chart) =>
            [...chart.querySelectorAll('.tl-axis')].map(({ textContent }) => textContent).join(),
          ),
        );
      return texts[0] === texts[1];
    };
    expect(await counts.allTextContents()).toEqual([
      '169 events in 36 min 51 s',
      '169 events in 36 min 56 s',
    ]);
    expect(await axes()).toBe(true);
    await page.getByRole('slider', { name: 'Last event shown' }).first().focus();
    await page.keyboard.press('Home');
    for (let count = 0; count < 8; count += 1) await page.keyboard.press('ArrowRight');
    expect(await counts.allTextContents()).toEqual([
      '10 of 169 events in 10.2 s',
      '12 of 169 events in 10.2 s',
    ]);
    expect(await axes()).toBe(true);
    await expectAccessible(page);
  });
});

describe('HTML report of a run', () => {
  test.each([1280, 360])(
    'draws its failed and slowest activations on a timeline, at %i px',
    async (width) => {
      const path = join(folder, 'report.html');
      await writeFile(path, htmlReport(passedReport(), files));
      const page = await browser.open(pathToFileURL(path).href, { viewport: { width, height: 800 } });
      expect(await countText(page)).toBe('79 events in 43 min 15 s');
      await page.getByRole('combobox', { name: 'Activation' }).selectOption('p-001');
      expect(await countText(page)).toBe('17 of 79 events in 43 min 15 s');
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    },
  );
});
