import { html, Markup } from '../../shared/html/markup.ts';
import type { Timeline } from '../timeline/event.ts';
import { inOrder } from '../timeline/event.ts';
import { eventText } from '../timeline/text.ts';
import {
  contentPolicy,
  inlineScript,
  type TimelineFiles,
  timelinePlace,
} from '../timeline/timeline-files.ts';

const pageStyle = `
:root { color-scheme: light dark; background: light-dark(#f6f7f9, #0e1116); color: light-dark(#131a22, #e8edf3);
  font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 16px clamp(8px, 2vw, 32px); }
h1 { font-size: 1.3rem; margin: 0 0 8px; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: light-dark(#fff, #161b22); border-radius: 8px;
  padding: 12px; margin: 0 0 16px; }
`.trim();

/**
 * Returns a replayed failure, or a run beside its branch, as one page that opens without a network, and shows the events as text
 * where scripts are off.
 */
export function replayPage(
  summary: string,
  timelines: Timeline | readonly [Timeline, Timeline],
  { script, style }: TimelineFiles,
): string {
  const styles = `${pageStyle}\n${style}`;
  const all = 'events' in timelines ? [timelines] : timelines;
  const title = all[0]?.title ?? '';
  const lines = html`${all.map(({ events }) => html`<pre>${inOrder(events).map(eventText).join('\n')}</pre>`)}`;
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${contentPolicy([styles], [script])}
<title>${title}</title>
<style>${new Markup(styles)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<pre>${summary}</pre>
${timelinePlace('timeline', timelines, lines)}
</main>
${inlineScript(script)}
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}
