import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that a page loads. */
export interface ConsoleFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The built files of the console. Their names change with their contents. */
export interface ConsoleAssets {
  readonly script: string;
  readonly style: string;
  /** Outlines of the map of the fleet. */
  readonly outlines: string;
  readonly files: ReadonlyMap<string, ConsoleFile>;
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
};

/** Where `npm run build` writes them, seen from this module in `dist/` and in the sources. */
const builtFolders = ['../../../console/', '../../../dist/console/'];
const manifestName = 'manifest.json';

function builtFolder(): string {
  const folders = builtFolders.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return folders.find((folder) => existsSync(join(folder, manifestName))) ?? folders.join(' and ');
}

/** Reads the built files once. Rejects with a sentence where they are missing. */
export async function readConsoleAssets(folder: string = builtFolder()): Promise<ConsoleAssets> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new Error(`the console has no files in ${folder}: run "npm run build"`, { cause });
  });
  const files = new Map<string, ConsoleFile>();
  for (const name of names) {
    const type = types[name.split('.').at(-1) ?? ''];
    if (type !== undefined)
      files.set(name, { type, bytes: new Uint8Array(await readFile(join(folder, name))) });
  }
  const manifest = files.get(manifestName);
  files.delete(manifestName);
  const { script, style, outlines } = JSON.parse(new TextDecoder().decode(manifest?.bytes)) as {
    readonly script: string;
    readonly style: string;
    readonly outlines: string;
  };
  return { script, style, outlines, files };
}
