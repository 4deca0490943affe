import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The bundled command, as it is shipped. */
export const cliFile = join(root, 'dist', 'command', 'main.js');

function newest(folder: string): number {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const changes = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => statSync(join(root, folder, file)).mtimeMs);
  return Math.max(...changes);
}

/**
 * Compiles and bundles when the sources are newer than the bundle; `npm test` has done it already. Types are checked elsewhere:
 * what the compiler says of them stops nothing here.
 */
export function buildWhenOutdated(): void {
  const builtAt = statSync(cliFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (['gateway', 'shared', 'simulator'].every((folder) => newest(folder) < builtAt)) return;
  const run = (program: string, ...given: string[]) =>
    spawnSync(process.execPath, [join(root, 'node_modules', program), ...given], {
      cwd: root,
      stdio: 'ignore',
    });
  run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
  run('rolldown/bin/cli.mjs', '--config', 'rolldown.config.ts');
}
