import { join } from 'node:path';
import { TextFileError } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { shippedModels } from '../models/models-folder.ts';
import {
  type LibraryReading,
  readScenarioAt,
  shippedNames,
  shippedScenarioFolder,
} from '../scenarios/library.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { ScenarioParts } from '../scenarios/scenario-parts.ts';
import { UsageError } from './exit.ts';
import { checkCatalogue } from './models-option.ts';

export interface NamedScenario extends ScenarioParts {
  /** How the command called it: its name, or its file. */
  readonly calledAs: string;
  readonly scenario: Scenario;
  /** Where its file says something: `storm.yaml:12:5`. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
}

/**
 * The scenario that an argument names: one of the library, or a file (a path with a slash or an ending). Models and
 * catalogue that are given go before those that its file names. Throws `UsageError`, also where they do not fit each other.
 */
export function scenarioOf(argument: string, given: ScenarioParts = {}): NamedScenario {
  const isFile = /[/\\]|\.(ya?ml|json)$/.test(argument);
  if (!isFile && !shippedNames().includes(argument)) {
    throw new UsageError(
      `there is no scenario "${argument}": see "fleetwake scenarios", or give a file with its extension, ${argument}.yaml`,
    );
  }
  const path = isFile ? argument : join(shippedScenarioFolder(), `${argument}.yaml`);
  const reading = readAt(path, given);
  if (!reading.ok) throw new UsageError(`the scenario cannot be run:\n${reading.mistakes.join('\n')}`);
  const { scenario, parts, placeOf } = reading;
  return { ...parts, calledAs: argument, scenario, placeOf };
}

function readAt(path: string, given: ScenarioParts): LibraryReading {
  try {
    return readScenarioAt(path, path, given, ({ catalogueFolder, models }) => {
      if (catalogueFolder === undefined && models === undefined) return;
      checkCatalogue(catalogueFolder ?? null, models ?? shippedModels());
    });
  } catch (error) {
    const isOfFile = error instanceof TextFileError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isOfFile) throw error;
    throw new UsageError(`${path}: ${fileErrorText(error)}: correct its path`);
  }
}
