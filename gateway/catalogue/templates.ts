import { z } from 'zod';
import { hasBrokenCharacters, normalisedName, showsSomething } from '../../shared/protocol/plain-text.ts';
import { shapeHint, withSimilarFields } from '../../shared/protocol/similar-field.ts';
import type { Configuration } from './configuration.ts';
import { sentences } from './faults.ts';
import { attempt, type CatalogueFiles, readJson } from './files.ts';
import type { Service } from './service.ts';

export const templatesFolder = 'templates';

const fileName = /^([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)\.v([1-9]\d{0,5})\.json$/;

const displayText = z
  .string({ error: 'write the text that the display shows' })
  .min(1, 'write the text that the display shows')
  .max(80, 'write at most 80 characters, the display has no more')
  .refine((text) => !hasBrokenCharacters(text), 'write the text without control characters')
  .refine((text) => text === '' || showsSomething(text), 'write a text that shows something')
  .overwrite(normalisedName);

const value = z.union([z.string().max(256), z.number(), z.boolean()]);
const adjustableSchema = z.union(
  [
    z.strictObject({ min: z.number(), max: z.number() }).refine(({ min, max }) => min <= max),
    z.strictObject({ oneOf: z.array(value).min(1).max(50) }),
  ],
  { error: 'write {"min": 1, "max": 3} or {"oneOf": ["front", "rear"]}' },
);

/** As in the API IoT's contract (shared/protocol/api-iot.ts), so that no template can make an invalid configuration. */
const templateSchema = z.strictObject(
  {
    parameters: z.record(
      z.string().max(64),
      z.union(
        [z.string().max(256), z.number(), z.boolean()],
        'write a text of at most 256 characters, a number, true or false',
      ),
      { error: 'write an object, {} for no parameters' },
    ),
    adjustable: z.record(z.string().max(64), adjustableSchema).optional(),
    display: z.strictObject(
      { receiving: displayText, applied: displayText },
      { error: shapeHint('write {"receiving": …, "applied": …}') },
    ),
  },
  { error: shapeHint('write {"parameters": {…}, "display": {…}}') },
);

function readTemplate(
  files: CatalogueFiles,
  serviceId: string,
  name: string,
  faults: string[],
): Configuration | null {
  const path = `${templatesFolder}/${serviceId}/${name}`;
  const [, model, version] = fileName.exec(name) ?? [];
  if (model === undefined || version === undefined) {
    faults.push(`${path}: the name must be {model}.v{version}.json; rename it, such as aurora-2026.v1.json.`);
    return null;
  }
  const document = readJson(files, path, faults);
  if (document === undefined) return null;
  const parsed = templateSchema.safeParse(document, withSimilarFields);
  if (parsed.success) {
    const { adjustable, ...template } = parsed.data;
    for (const parameter of Object.keys(adjustable ?? {})) {
      if (Object.hasOwn(template.parameters, parameter)) continue;
      faults.push(`${path}: adjustable.${parameter} is no parameter; add it to parameters, or remove it.`);
    }
    const common = { serviceId, model, version: Number(version), ...template };
    return adjustable === undefined ? common : { ...common, adjustable };
  }
  faults.push(...sentences(path, parsed.error, document));
  return null;
}

/**
 * Every template, `templates/{serviceId}/{model}.v{version}.json`; older versions are checked too. What is wrong goes
 * into `faults`: also a folder that belongs to no service, and a service that fits no model.
 */
export function readTemplates(
  files: CatalogueFiles,
  services: readonly Service[],
  faults: string[],
): Configuration[] {
  const folders = attempt(templatesFolder, faults, () => files.list(templatesFolder));
  if (folders === null) return [];
  for (const folder of folders) {
    if (services.some(({ id }) => id === folder)) continue;
    const place = `${templatesFolder}/${folder}`;
    faults.push(`${place}: no service has the id "${folder}"; rename the folder or add the service.`);
  }
  return services.flatMap(({ id }) => {
    const folder = `${templatesFolder}/${id}`;
    const names = folders.includes(id) ? (attempt(folder, faults, () => files.list(folder)) ?? []) : [];
    if (names.length === 0)
      faults.push(`${folder}: the service has no template; add ${folder}/{model}.v1.json.`);
    return names.map((name) => readTemplate(files, id, name, faults)).filter((template) => template !== null);
  });
}
