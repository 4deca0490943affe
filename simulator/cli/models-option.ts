import type { Command } from 'commander';
import { CatalogueError } from '../../gateway/catalogue/faults.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { catalogueMistakes } from '../models/catalogue-check.ts';
import { readModelsFolder, shippedModels } from '../models/models-folder.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { UsageError } from './exit.ts';

export interface ModelsFlags {
  readonly models?: string;
}

/** Adds `--models`. */
export function withModelsOption(command: Command): Command {
  return command.option(
    '--models <folder>',
    'folder of vehicle models instead of the shipped ones (docs/vehicle-models.md)',
  );
}

/** Returns the models of the folder that a flag names, or the shipped ones. Throws `UsageError` with every mistake. */
export function modelsOf(folder: string | undefined): readonly VehicleModel[] {
  if (folder === undefined) return shippedModels();
  const reading = readModelsFolder(folder);
  if (!reading.ok) throw new UsageError(`the vehicle models cannot be used:\n${reading.mistakes.join('\n')}`);
  return reading.models;
}

/** Returns the services of a catalogue that no vehicle of these models can take. Throws `CatalogueError` where it cannot be read. */
export function unusableServices(folder: string | null, models: readonly VehicleModel[]): string[] {
  const place = folder ?? shippedCatalogueFolder();
  const files = catalogueFolder(place);
  return catalogueMistakes({ catalogue: loadCatalogue(files), files, folder: place }, models);
}

/** Adds `--models` to a command of a gateway, which plays no vehicle. */
export function withCatalogueModelsOption(command: Command): Command {
  return command.option(
    '--models <folder>',
    'folder of the vehicle models that the catalogue is sold for; a service that none of them can take is refused (docs/vehicle-models.md)',
  );
}

/** Returns why `--models` has no effect with these roles, or null. */
export function whyModelsHaveNoEffect({ roles }: Pick<GatewayConfig, 'roles'>): string | null {
  const reads = roles.includes('platform') || roles.includes('engine');
  return reads
    ? null
    : 'has no effect without the role platform or engine, which read the catalogue: leave it out';
}

/** Refuses a catalogue with a service that no vehicle of these models can take. */
export function checkCatalogue(folder: string | null, models: readonly VehicleModel[]): void {
  try {
    const mistakes = unusableServices(folder, models);
    if (mistakes.length === 0) return;
    throw new UsageError(`the catalogue does not fit the vehicle models:\n${mistakes.join('\n')}`);
  } catch (error) {
    if (error instanceof CatalogueError) throw new UsageError(error.message);
    throw error;
  }
}
