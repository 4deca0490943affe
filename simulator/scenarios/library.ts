import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import { readTextFile } from '../../shared/files/text-file.ts';
import type { Scenario } from './scenario.ts';
import { readScenarioFile, type ScenarioReading } from './scenario-file.ts';
import { partsOfScenario, type ScenarioParts } from './scenario-parts.ts';

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

/** A scenario with the models and the catalogue that its run uses. */
export type LibraryReading =
  | (Extract<ScenarioReading, { readonly ok: true }> & { readonly parts: ScenarioParts })
  | Extract<ScenarioReading, { readonly ok: false }>;

/**
 * Reads a scenario from a file of this machine, with the models and the catalogue that it names unless others are given.
 * `onParts` gets them before the scenario is checked against them, and may throw. Throws when there is no such file.
 */
export function readScenarioAt(
  path: string,
  calledAs = path,
  given: ScenarioParts = {},
  onParts: (parts: ScenarioParts) => void = () => {},
): LibraryReading {
  const text = readTextFile(path);
  const used = partsOfScenario(text, { path, file: calledAs }, given);
  if (!used.ok) return used;
  const { parts } = used;
  onParts(parts);
  const { services } = loadCatalogue(catalogueFolder(parts.catalogueFolder ?? shippedCatalogueFolder()));
  const readBeside = (name: string) => {
    const beside = join(dirname(path), name);
    return existsSync(beside) ? readTextFile(beside, outagesMaxBytes) : null;
  };
  const reading = readScenarioFile(text, calledAs, services(), readBeside, parts.models);
  return reading.ok ? { ...reading, parts } : reading;
}
