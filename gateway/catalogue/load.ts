import type { Catalogue } from './catalogue.ts';
import type { Configuration } from './configuration.ts';
import { endOf } from './duration.ts';
import { CatalogueError } from './faults.ts';
import type { CatalogueFiles } from './files.ts';
import type { Service } from './service.ts';
import { readServices } from './services-file.ts';
import { readTemplates } from './templates.ts';

function catalogueOf(services: readonly Service[], templates: readonly Configuration[]): Catalogue {
  const byId = new Map(services.map((service) => [service.id, service]));
  const newest = new Map<string, Configuration>();
  for (const template of templates) {
    const key = `${template.serviceId}/${template.model}`;
    if (template.version > (newest.get(key)?.version ?? 0)) newest.set(key, template);
  }
  return {
    services: () => services,
    service: (id) => byId.get(id) ?? null,
    configuration: (serviceId, model) => newest.get(`${serviceId}/${model}`) ?? null,
    endOf: (duration, from, anchorAt) => endOf(duration, from, anchorAt),
  };
}

/**
 * Reads `services.json` and `templates/{serviceId}/{model}.v{version}.json`. Everything is checked at once: throws
 * `CatalogueError` with every fault, a sentence each. The newest version of a template wins.
 */
export function loadCatalogue(files: CatalogueFiles): Catalogue {
  const faults: string[] = [];
  const services = readServices(files, faults);
  // Without services every template would be one too many.
  const templates = faults.length === 0 ? readTemplates(files, services, faults) : [];
  if (faults.length > 0) throw new CatalogueError(faults);
  return catalogueOf(services, templates);
}
