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
  /** Median time from opening the page to its first drawing, in Chromium, and of a step of the zoom until it is drawn. */
  readonly openMs: number;
  readonly zoomMs: number;
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
const zoomDrawn = `(async () => {
  const began = performance.now();
  document.querySelector('button[aria-label="Show less time"]').click();
  await ${painted};
  return performance.now() - began;
})()`;

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
    const zooms: number[] = [];
    const openMs = await medianOf(async () => {
      const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
      await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
      const ms = await page.evaluate<number>(chartDrawn);
      elements = await page.evaluate<number>(`document.querySelectorAll('*').length`);
      zooms.push(await page.evaluate<number>(zoomDrawn));
      await page.close();
      return ms;
    });
    return { events, layoutMs, openMs, zoomMs: median(zooms), elements };
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
