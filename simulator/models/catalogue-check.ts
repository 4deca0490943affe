import { join } from 'node:path';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { CatalogueFiles } from '../../gateway/catalogue/files.ts';
import { servicesPath } from '../../gateway/catalogue/services-file.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { optionalFeatures, type VehicleModel } from '../vehicle/models.ts';

/**
 * Returns the services whose feature no vehicle model has the hardware for: a sentence each, with file, line and column.
 * No vehicle of this fleet could ever take them.
 */
export function catalogueMistakes(
  {
    catalogue,
    files,
    folder,
  }: {
    readonly catalogue: Catalogue;
    readonly files: Pick<CatalogueFiles, 'text'>;
    readonly folder: string;
  },
  models: readonly VehicleModel[],
): string[] {
  const file = join(folder, servicesPath);
  // JSON is YAML 1.2, and the reader of YAML knows where everything stands.
  const yaml = readYaml(files.text(servicesPath), file);
  const built = new Set(models.flatMap(({ features }) => features));
  return catalogue.services().flatMap(({ feature }, index) => {
    if (built.has(feature)) return [];
    const place = yaml.ok ? yaml.file.placeOf({ path: ['services', index, 'feature'] }) : file;
    const isKnown = optionalFeatures(models).includes(feature);
    const why = isKnown ? 'whose hardware no vehicle model has' : 'which no vehicle model has';
    return [
      `${place}: services[${index}].feature is "${feature}", ${why}; write one of ${[...built].join(', ')}, or add the feature to a model (--models)`,
    ];
  });
}
