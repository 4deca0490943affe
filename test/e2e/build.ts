import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The bundled command, as it is shipped. */
export const cliFile = join(root, 'dist', 'command', 'main.js');

/** Looks again where another process has just built. Types are checked elsewhere: what the compiler says of them stops nothing. */
const build = String.raw`
  newer=$(find gateway shared simulator rolldown.config.ts -newer dist/command/main.js \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' \) -print -quit 2>&1)
  [ -z "$newer" ] || { node_modules/.bin/tsc -p tsconfig.build.json; node_modules/.bin/rolldown --config rolldown.config.ts; }
`;

/**
 * Compiles and bundles when the sources are newer than the bundle; `npm test` has done it already. Test files that run at the
 * same time wait for the one that builds.
 */
export function buildWhenOutdated(): void {
  const { error, status, stderr } = spawnSync('flock', ['package.json', 'sh', '-c', build], { cwd: root });
  if (error) throw error;
  if (status !== 0) throw new Error(`the command cannot be built: ${stderr}`);
}
