import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { html, Markup } from '../../shared/html/markup.ts';
import type { Timeline } from './event.ts';

/** What a self-contained page needs to draw timelines. */
export interface TimelineFiles {
  readonly script: string;
  readonly style: string;
}

/** Where `npm run build` writes them: `dist/timeline/`, seen from this module in `dist/`, and from its source. */
const builtFolders = ['../../timeline/', '../../dist/timeline/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Reads the built files. Rejects with a sentence where they are missing. */
export async function readTimelineFiles(): Promise<TimelineFiles> {
  for (const folder of builtFolders) {
    const files = await Promise.all([read(folder, 'timeline.js'), read(folder, 'timeline.css')]);
    const [script, style] = files;
    if (script !== null && style !== null) return { script, style };
  }
  throw new Error(`the timeline has no files in ${builtFolders[0]}: run "npm run build"`);
}

function read(folder: string, name: string): Promise<string | null> {
  return readFile(`${folder}${name}`, 'utf8').catch(() => null);
}

/** Returns the place of a timeline in a page, or of two on one axis, with the data; `fallback` is what the page shows where scripts are off. */
export function timelinePlace(
  id: string,
  timeline: Timeline | readonly [Timeline, Timeline],
  fallback: Markup,
): Markup {
  const data = new Markup(JSON.stringify(timeline).replaceAll('<', '\\u003c'));
  return html`<div id="${id}"><noscript>${fallback}</noscript></div>
<script type="application/json" data-timeline="${id}">${data}</script>`;
}

/** Returns the script as it stands at the end of a page. */
export function inlineScript(script: string): Markup {
  return new Markup(`<script>${withoutEndTag(script)}</script>`);
}

/** Returns the policy of a page with these inline styles and scripts: they run, nothing else does, and nothing is loaded. */
export function contentPolicy(styles: readonly string[], scripts: readonly string[]): Markup {
  const policy = [
    "default-src 'none'",
    `style-src ${styles.map(sourceOf).join(' ')}`,
    ...(scripts.length > 0 ? [`script-src ${scripts.map(withoutEndTag).map(sourceOf).join(' ')}`] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">`;
}

const sourceOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What looks like the end of the script within it would end it. */
const withoutEndTag = (script: string) => script.replaceAll('</script', '<\\/script');
