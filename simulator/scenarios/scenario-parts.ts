import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { servicesPath } from '../../gateway/catalogue/services-file.ts';
import { valueAt } from '../../shared/files/mistake.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { readModelsFolder } from '../models/models-folder.ts';
import type { VehicleModel } from '../vehicle/models.ts';

const folder = z.string().min(1).max(1_000).optional();

/** What a scenario brings along: folders that are relative to its file. */
export const fleetSchema = z.strictObject({
  models: folder.describe(
    'Folder of vehicle models, relative to this file, instead of the shipped ones; --models goes before it.',
  ),
  catalogue: folder.describe(
    'Folder of the service catalogue, relative to this file, instead of the shipped one; --catalogue goes before it.',
  ),
});
type FleetFolders = z.infer<typeof fleetSchema>;
type Writable<T> = { -readonly [name in keyof T]: T[name] };

/** Catalogue and vehicle models of a scenario; what is left out is the shipped one. */
export interface ScenarioParts {
  readonly catalogueFolder?: string;
  readonly models?: readonly VehicleModel[];
}

export type PartsReading =
  | { readonly ok: true; readonly parts: ScenarioParts }
  /** A sentence each, with file, line and column. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/**
 * Returns what a run of a scenario uses: what is given, else what the file names under `fleet`, whose folders are relative
 * to the file at `path`. `file` is how sentences call it. A text that is no scenario names nothing: its reader says why.
 */
export function partsOfScenario(
  text: string,
  { path, file }: { readonly path: string; readonly file: string },
  given: ScenarioParts,
): PartsReading {
  const yaml = readYaml(text, file);
  if (!yaml.ok) return { ok: true, parts: given };
  const { value, placeOf } = yaml.file;
  const named = fleetSchema.safeParse(valueAt(value, ['fleet']));
  if (!named.success) return { ok: true, parts: given };
  const folderOf = (folder: string) => (isAbsolute(folder) ? folder : join(dirname(path), folder));
  const wrong = (name: keyof FleetFolders, text: string) =>
    `${placeOf({ path: ['fleet', name] })}: fleet.${name} is "${named.data[name]}", ${text}`;
  const parts: Writable<ScenarioParts> = { ...given };
  const mistakes: string[] = [];
  if (given.catalogueFolder === undefined && named.data.catalogue !== undefined) {
    parts.catalogueFolder = folderOf(named.data.catalogue);
    if (!existsSync(join(parts.catalogueFolder, servicesPath))) {
      mistakes.push(wrong('catalogue', `and it has no ${servicesPath}; name the folder of a catalogue`));
    }
  }
  if (given.models === undefined && named.data.models !== undefined) {
    const reading = readModelsFolder(folderOf(named.data.models));
    if (reading.ok) parts.models = reading.models;
    else {
      const text = 'which cannot be used; correct it, or what the next lines name';
      mistakes.push(wrong('models', text), ...reading.mistakes);
    }
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, parts };
}
