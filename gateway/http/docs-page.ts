import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hono } from 'hono';
import type { AppEnv } from './app-env.ts';

const require = createRequire(import.meta.url);

/** Served from our own origin, out of the installed package: the page works without a network. */
const assets: Readonly<Record<string, { locate: () => string; type: string }>> = {
  'swagger-ui.css': { locate: () => require.resolve('swagger-ui-dist/swagger-ui.css'), type: 'text/css' },
  'swagger-ui-bundle.js': {
    locate: () => require.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
    type: 'text/javascript',
  },
  'favicon-32x32.png': {
    locate: () => require.resolve('swagger-ui-dist/favicon-32x32.png'),
    type: 'image/png',
  },
};

const initializer = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#docs', deepLinking: true });\n`;

const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const page = (title: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/initializer.js"></script>
  </body>
</html>
`;

const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/** `GET /docs`: the app's OpenAPI document, readable and to be tried out (Swagger UI). */
export function mountDocsPage(app: Hono<AppEnv>, title: string): void {
  const cached = new Map<string, Uint8Array<ArrayBuffer>>();
  app.get('/docs', (context) => context.html(page(title), 200, { 'content-security-policy': policy }));
  app.get('/docs/initializer.js', (context) =>
    context.body(initializer, 200, {
      'content-type': 'text/javascript; charset=utf-8',
    }),
  );
  app.get('/docs/:asset', (context) => {
    const name = context.req.param('asset');
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (asset === undefined) return context.notFound();
    const bytes = cached.get(name) ?? new Uint8Array(readFileSync(asset.locate()));
    cached.set(name, bytes);
    return context.body(bytes, 200, { 'content-type': asset.type, 'cache-control': 'max-age=3600' });
  });
}
