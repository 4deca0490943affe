import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';

/** Programs of threads, which the command starts from files beside its own. */
const workers = {
  'api-iot-worker': 'simulator/live/api-iot-worker.ts',
  'run-worker': 'simulator/cli/run-worker.ts',
};

/**
 * Keeps what a module finds beside itself: in the bundle, its address is still that of its compiled file in `dist/`. Only the
 * programs that the command starts stand in the bundle's own folder.
 */
function addressOfEachModule(): Plugin {
  const address = 'import.meta.url';
  const besideBundle = Object.keys(workers).map((name) => `new URL('./${name}.js', ${address})`);
  return {
    name: 'address-of-each-module',
    transform: {
      filter: { id: /\/(gateway|shared|simulator)\/[^\0]+\.ts$/, code: address },
      handler(code, id) {
        const compiled = relative(import.meta.dirname, id).replace(/\.ts$/, '.js');
        const ownAddress = `new URL('../${compiled}', ${address}).href`;
        const worker = besideBundle.find((one) => code.includes(one));
        const replaced = (part: string) => part.replaceAll(address, ownAddress);
        if (worker === undefined) return { code: replaced(code), map: null };
        // No line moves, so the source map stays right.
        return { code: code.split(worker).map(replaced).join(worker), map: null };
      },
    },
  };
}

/** The style sheet of the console, and the list from which its server finds the script and the style sheet. */
function consoleFiles(): Plugin {
  const sources = [
    'simulator/console/page/console.css',
    'simulator/console/page/map/map.css',
    'simulator/timeline/timeline.css',
  ];
  const outlinesFile = 'simulator/console/page/map/outlines.txt';
  return {
    name: 'console-files',
    buildStart() {
      for (const source of [...sources, outlinesFile]) this.addWatchFile(source);
    },
    async generateBundle(_, bundle) {
      const texts = sources.map((source) => readFile(join(import.meta.dirname, source), 'utf8'));
      const outlines = this.emitFile({
        type: 'asset',
        name: 'outlines.txt',
        source: await readFile(join(import.meta.dirname, outlinesFile), 'utf8'),
      });
      const style = this.emitFile({
        type: 'asset',
        name: 'console.css',
        source: (await Promise.all(texts)).join('\n'),
      });
      const script = Object.values(bundle).find((part) => part.type === 'chunk' && part.isEntry);
      const names = {
        script: script?.fileName,
        style: this.getFileName(style),
        outlines: this.getFileName(outlines),
      };
      this.emitFile({ type: 'asset', fileName: 'manifest.json', source: JSON.stringify(names) });
    },
  };
}

/** The console's page for browsers: its packages are in it, so a user of the package builds nothing and a page loads nothing else. */
const consolePage: RolldownOptions = {
  input: { page: 'simulator/console/page/main.tsx' },
  platform: 'browser',
  tsconfig: 'tsconfig.console.json',
  transform: { target: 'es2022' },
  plugins: [consoleFiles()],
  output: {
    dir: 'dist/console',
    cleanDir: true,
    // A name changes with its content, so a browser keeps a file for as long as it likes.
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    assetFileNames: '[name]-[hash][extname]',
    minify: true,
  },
};

/** Writes one style sheet from several. */
function styleSheet(fileName: string, sources: readonly string[]): Plugin {
  return {
    name: 'style-sheet',
    buildStart() {
      for (const source of sources) this.addWatchFile(source);
    },
    async generateBundle() {
      const texts = sources.map((source) => readFile(join(import.meta.dirname, source), 'utf8'));
      this.emitFile({ type: 'asset', fileName, source: (await Promise.all(texts)).join('\n') });
    },
  };
}

const timelineFolder = 'simulator/timeline';

/** The timeline as one script and one style sheet, which reports have within them. */
const timeline: RolldownOptions = {
  input: { timeline: `${timelineFolder}/standalone.tsx` },
  platform: 'browser',
  tsconfig: 'tsconfig.console.json',
  transform: { target: 'es2022' },
  plugins: [
    styleSheet('timeline.css', [`${timelineFolder}/timeline.css`, `${timelineFolder}/standalone.css`]),
  ],
  output: { dir: 'dist/timeline', cleanDir: true, format: 'iife', entryFileNames: '[name].js', minify: true },
};

/** The command `fleetwake` as a few large files: a start then reads tens of them, not 2,000 modules (docs/decisions/0013-one-bundle-for-the-command.md). */
const command: RolldownOptions = {
  input: { main: 'simulator/cli/main.ts', ...workers },
  platform: 'node',
  // They find native code or files of their own beside themselves.
  external: ['better-sqlite3', 'better-sqlite3-13', 'pg-native', 'swagger-ui-dist'],
  transform: { target: 'node20' },
  plugins: [addressOfEachModule()],
  output: {
    dir: 'dist/command',
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // The doc comments of packages are a sixth of what a start would read.
    comments: { legal: true, annotation: false, jsdoc: false },
    sourcemap: true,
    sourcemapExcludeSources: true,
  },
};

export default defineConfig([command, consolePage, timeline]);
