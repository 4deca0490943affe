import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import { readTextFile } from '../../shared/files/text-file.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { Scenario } from './scenario.ts';
import { readScenarioFile, type ScenarioReading } from './scenario-file.ts';

/** The folder of the shipped scenarios: beside this file, or in the sources when this is the compiled one. */
export function shippedScenarioFolder(): string {
  const beside = fileURLToPath(new URL('./library/', import.meta.url));
  const source = fileURLToPath(new URL('../../../simulator/scenarios/library/', import.meta.url));
  return existsSync(beside) ? beside : source;
}

/** The names of the shipped scenarios, each that of its file, in the order of the alphabet. */
export function shippedNames(): string[] {
  return readdirSync(shippedScenarioFolder())
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
}

/** A scenario of the library. Throws for a name that it has not, and when a shipped file is broken. */
export function shippedScenario(name: string): Scenario {
  const reading = readScenarioAt(join(shippedScenarioFolder(), `${name}.yaml`));
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  return reading.scenario;
}

/** A day of a thousand vehicles as they drive has about 700,000 outages, 20 bytes each. */
const outagesMaxBytes = 64 * 1024 * 1024;

/** Catalogue and vehicle models of a scenario; what is left out is the shipped one. */
export interface ScenarioParts {
  readonly catalogueFolder?: string;
  readonly models?: readonly VehicleModel[];
}

/** Reads a scenario from a file of this machine. Throws when there is no such file. */
export function readScenarioAt(path: string, calledAs = path, parts: ScenarioParts = {}): ScenarioReading {
  const { services } = loadCatalogue(catalogueFolder(parts.catalogueFolder ?? shippedCatalogueFolder()));
  const readBeside = (name: string) => {
    const beside = join(dirname(path), name);
    return existsSync(beside) ? readTextFile(beside, outagesMaxBytes) : null;
  };
  return readScenarioFile(readTextFile(path), calledAs, services(), readBeside, parts.models);
}
