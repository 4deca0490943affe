import { html } from 'hono/html';
import type { ConsoleAssets } from './assets.ts';

/** Returns the document that every page of the console has: it loads the script, which draws the page. */
export function pageShell({ script, style, outlines }: ConsoleAssets): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Fleetwake</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body>
<div id="console" data-outlines="${outlines}"></div>
<noscript><p>The console needs JavaScript. Everything in it is also in the command: <code>fleetwake --help</code>.</p></noscript>
</body>
</html>
`);
}
