import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { replayPage } from '../../simulator/check/replay-page.ts';
import { layoutOf, prepared } from '../../simulator/timeline/layout.ts';
import { manyEvents } from '../simulator/timeline/many-events.ts';

export interface TimelineReport {
  readonly events: number;
  /** Median time in which a layout is computed, in Node. */
  readonly layoutMs: number;
  /** Median time from opening the page to its first drawing, in Chromium. */
  readonly openMs: number;
  /** Of a step of the zoom, of the next event by its key, of opening the list and of scrolling to its end, until it is drawn. */
  readonly zoomMs: number;
  readonly stepMs: number;
  readonly listMs: number;
  readonly scrollMs: number;
  /** Elements of the page that it draws. */
  readonly elements: number;
}

const rounds = 5;
/** Resolves once the browser has painted what was drawn. */
const painted = 'new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))';
const chartDrawn = `new Promise((done) => {
  const look = () => (document.querySelector('.tl-chart') ? done(${painted}.then(() => performance.now())) : setTimeout(look, 1));
  look();
})`;
/** Returns the time of an action until its effect is painted. */
const drawn = (action: string) => `(async () => {
  const began = performance.now();
  ${action};
  await ${painted};
  return performance.now() - began;
})()`;
const actions = {
  zoomMs: `document.querySelector('button[aria-label="Show less time"]').click()`,
  stepMs: `document.querySelector('.tl-plot').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))`,
  listMs: `document.querySelector('.tl-list summary').click()`,
  scrollMs: `document.querySelector('.tl-list ol').scrollTop = 1e9`,
} as const;
type Action = keyof typeof actions;

/** Measures a timeline of so many events: its layout, and its page in the system's Chromium (after `npm run build`). */
export async function measureTimeline(folder: string, events: number): Promise<TimelineReport> {
  const timeline = manyEvents(events);
  const layoutMs = await medianOf(async () => {
    const began = performance.now();
    layoutOf(prepared(timeline), { width: 1_280, leftPx: 112, laneHeight: 38 });
    return performance.now() - began;
  });
  const read = (name: string) => readFile(join('dist/timeline', name), 'utf8');
  const files = { script: await read('timeline.js'), style: await read('timeline.css') };
  const file = join(folder, 'timeline.html');
  await writeFile(file, replayPage('measured', timeline, files));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    let elements = 0;
    const times: Record<Action, number[]> = { zoomMs: [], stepMs: [], listMs: [], scrollMs: [] };
    const openMs = await medianOf(async () => {
      const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
      await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
      const ms = await page.evaluate<number>(chartDrawn);
      elements = await page.evaluate<number>(`document.querySelectorAll('*').length`);
      for (const [name, action] of Object.entries(actions))
        times[name as Action].push(await page.evaluate<number>(drawn(action)));
      await page.close();
      return ms;
    });
    const { zoomMs, stepMs, listMs, scrollMs } = times;
    return {
      ...{ events, layoutMs, openMs, elements },
      ...{ zoomMs: median(zoomMs), stepMs: median(stepMs) },
      ...{ listMs: median(listMs), scrollMs: median(scrollMs) },
    };
  } finally {
    await browser.close();
  }
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await measure());
  return median(times);
}

function median(times: readonly number[]): number {
  const middle = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  return Math.round(middle * 10) / 10;
}
