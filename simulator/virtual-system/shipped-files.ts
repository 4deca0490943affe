import { join } from 'node:path';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import { loadTemplates, type Render } from '../../gateway/notifications/renderer.ts';
import { readTextFile } from '../../shared/files/text-file.ts';

let catalogue: Catalogue | null = null;
let render: Render | null = null;

/** The catalogue that comes with the product; read once, before any run, because a run touches no file. */
export function shippedCatalogue(): Catalogue {
  catalogue ??= loadCatalogue(catalogueFolder(shippedCatalogueFolder()));
  return catalogue;
}

/** Notification templates that come with the product. */
export function shippedTemplates(): Render {
  const read = (name: string) =>
    readTextFile(join(shippedCatalogueFolder(), '..', 'notifications', 'templates', name));
  render ??= loadTemplates(read, { domain: 'caas.example' });
  return render;
}
