import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTextFile } from '../../shared/files/text-file.ts';
import type { CatalogueFiles } from './files.ts';
import { servicesPath } from './services-file.ts';

/** A catalogue in a folder of this machine, read at start. Names that begin with a dot are left out. */
export function catalogueFolder(folder: string): CatalogueFiles {
  return {
    list: (path) =>
      readdirSync(join(folder, path))
        .filter((name) => !name.startsWith('.'))
        .sort(),
    text: (path) => readTextFile(join(folder, path)),
  };
}

/** The folder of the catalogue that comes with the product: beside this file, or in the sources when this is the compiled one. */
export function shippedCatalogueFolder(): string {
  const beside = fileURLToPath(new URL('.', import.meta.url));
  const source = fileURLToPath(new URL('../../../gateway/catalogue/', import.meta.url));
  return existsSync(join(beside, servicesPath)) ? beside : source;
}
