import { relative } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';

/** The program of the gateway's second thread, which the command starts from a file beside its own. */
const workerName = 'api-iot-worker';

/**
 * Keeps what a module finds beside itself: in the bundle, its address is still that of its compiled file in `dist/`. Only the
 * programs that the command starts stand in the bundle's own folder.
 */
function addressOfEachModule(): Plugin {
  const address = 'import.meta.url';
  const besideBundle = `new URL('./${workerName}.js', ${address})`;
  return {
    name: 'address-of-each-module',
    transform: {
      filter: { id: /\/(gateway|shared|simulator)\/[^\0]+\.ts$/, code: address },
      handler(code, id) {
        const compiled = relative(import.meta.dirname, id).replace(/\.ts$/, '.js');
        const ownAddress = `new URL('../${compiled}', ${address}).href`;
        const parts = code.split(besideBundle).map((part) => part.replaceAll(address, ownAddress));
        // No line moves, so the source map stays right.
        return { code: parts.join(besideBundle), map: null };
      },
    },
  };
}

/** The command `fleetwake` as a few large files: a start then reads tens of them, not 2,000 modules (docs/decisions/0013-one-bundle-for-the-command.md). */
export default defineConfig({
  input: { main: 'simulator/cli/main.ts', [workerName]: `simulator/live/${workerName}.ts` },
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
});
