import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { CatalogueError } from '../../gateway/catalogue/faults.ts';
import type { CatalogueFiles } from '../../gateway/catalogue/files.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import type { Service } from '../../gateway/catalogue/service.ts';
import { readServices, servicesPath } from '../../gateway/catalogue/services-file.ts';
import { templatesFolder } from '../../gateway/catalogue/templates.ts';
import { shippedModels } from '../models/models-folder.ts';
import { optionalFeatures } from '../vehicle/models.ts';
import { policyMistakes, specifiedPolicy, type TestCasePolicy } from './own-policy.ts';

export type CatalogueReading =
  | { readonly ok: true; readonly catalogue: Catalogue }
  /** One sentence per mistake, for the author of the file. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/**
 * A team's services, in the format of `services.json`. Without templates of their own, each service is sent without
 * parameters to the models whose hardware has its feature. Refused if a policy in it cannot work.
 */
export function readOwnCatalogue(
  file: string,
  text: string,
  templates: CatalogueFiles | null = null,
): CatalogueReading {
  try {
    const catalogue = loadCatalogue(filesOf(text, templates));
    const mistakes = [...featureMistakes(catalogue), ...policyMistakesOf(catalogue)];
    if (mistakes.length > 0) return { ok: false, mistakes: mistakes.map((one) => `${file}: ${one}`) };
    return { ok: true, catalogue };
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    return { ok: false, mistakes: error.faults.map((fault) => fault.replaceAll(servicesPath, file)) };
  }
}

/** The services' policies, each once. */
export function policiesOf(catalogue: Catalogue): TestCasePolicy[] {
  const policies = catalogue.services().map(policyOfService);
  return [...new Map(policies.map((policy) => [JSON.stringify(policy), policy])).values()];
}

function policyOfService({ policy }: Service): TestCasePolicy {
  const { maxRetries, baseDelayMs, maxDelayMs, deadlineMs } = policy;
  return {
    ...specifiedPolicy,
    maxRetries: maxRetries ?? specifiedPolicy.maxRetries,
    baseDelayMs,
    maxDelayMs,
    ...(deadlineMs === null ? {} : { deadlineMs }),
  };
}

function policyMistakesOf(catalogue: Catalogue): string[] {
  return catalogue
    .services()
    .flatMap((service) =>
      policyMistakes(policyOfService(service)).map((sentence) => `policy of ${service.id}: ${sentence}`),
    );
}

/** The simulated vehicles have the features of their firmware, and no other can be switched on. */
function featureMistakes(catalogue: Catalogue): string[] {
  const known = optionalFeatures(shippedModels());
  return catalogue
    .services()
    .filter(({ feature }) => !known.includes(feature))
    .map(
      ({ id, feature }) =>
        `the service ${id} wakes "${feature}", which no simulated vehicle has; use one of ${known.join(', ')}.`,
    );
}

function filesOf(text: string, templates: CatalogueFiles | null): CatalogueFiles {
  if (templates !== null)
    return { list: templates.list, text: (path) => (path === servicesPath ? text : templates.text(path)) };
  const services = readServices({ list: () => [], text: () => text }, []);
  const modelsOf = (feature: string) => shippedModels().filter(({ features }) => features.includes(feature));
  return {
    list(folder) {
      if (folder === templatesFolder) return services.map(({ id }) => id);
      const service = services.find(({ id }) => `${templatesFolder}/${id}` === folder);
      // A feature that no model has is refused by its name, later.
      const models = service ? modelsOf(service.feature) : [];
      return (models.length > 0 ? models : shippedModels()).map(({ id }) => `${id}.v1.json`);
    },
    text: (path) => (path === servicesPath ? text : plainTemplate),
  };
}

const plainTemplate = JSON.stringify({
  parameters: {},
  display: { receiving: 'Receiving configuration', applied: 'Feature enabled' },
});
