import { join } from 'node:path';
import { readTextFile } from '../../shared/files/text-file.ts';
import { shippedCatalogueFolder } from '../catalogue/folder.ts';

/** Returns the text of a notification's template that comes with the product. */
export function readTemplate(name: string): string {
  return readTextFile(join(shippedCatalogueFolder(), '..', 'notifications', 'templates', name));
}
