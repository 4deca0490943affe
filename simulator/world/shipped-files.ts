import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import { loadTemplates, type Render } from '../../gateway/notifications/renderer.ts';

let catalogue: Catalogue | null = null;
let render: Render | null = null;

/** The catalogue that comes with the product; read once, before any run, because a run touches no file. */
export function shippedCatalogue(): Catalogue {
  catalogue ??= loadCatalogue(catalogueFolder(shippedCatalogueFolder()));
  return catalogue;
}

/** The notices' words that come with the product. */
export function shippedTemplates(): Render {
  const read = (name: string) =>
    readFileSync(join(shippedCatalogueFolder(), '..', 'notifications', 'templates', name), 'utf8');
  render ??= loadTemplates(read, { domain: 'caas.example' });
  return render;
}
