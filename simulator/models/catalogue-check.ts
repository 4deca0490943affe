import { join } from 'node:path';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { CatalogueFiles } from '../../gateway/catalogue/files.ts';
import { servicesPath } from '../../gateway/catalogue/services-file.ts';
import { templatesFolder } from '../../gateway/catalogue/templates.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { optionalFeatures, type VehicleModel } from '../vehicle/models.ts';

/**
 * Returns the services that are made for no vehicle of these models: no model has the hardware of the feature, or none that
 * has it has a template, so that nothing of the catalogue would be sent. A sentence each, with file, line and column.
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
  return catalogue.services().flatMap(({ id, feature }, index) => {
    const place = yaml.ok ? yaml.file.placeOf({ path: ['services', index, 'feature'] }) : file;
    if (built.has(feature)) {
      const able = models.filter(({ features }) => features.includes(feature)).map((model) => model.id);
      if (able.some((model) => catalogue.configuration(id, model) !== null)) return [];
      return [
        `${place}: services[${index}].feature is "${feature}", and service ${id} has no template for a model with that feature (${able.join(', ')}); add ${templatesFolder}/${id}/${able[0]}.v1.json`,
      ];
    }
    const isKnown = optionalFeatures(models).includes(feature);
    const why = isKnown ? 'whose hardware no vehicle model has' : 'which no vehicle model has';
    return [
      `${place}: services[${index}].feature is "${feature}", ${why}; write one of ${[...built].join(', ')}, or add the feature to a model (--models)`,
    ];
  });
}
