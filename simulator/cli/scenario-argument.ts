import { join } from 'node:path';
import { TextFileError } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import {
  readScenarioAt,
  type ScenarioParts,
  shippedNames,
  shippedScenarioFolder,
} from '../scenarios/library.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { UsageError } from './exit.ts';

export interface NamedScenario extends ScenarioParts {
  /** How the command called it: its name, or its file. */
  readonly calledAs: string;
  readonly scenario: Scenario;
  /** Where its file says something: `storm.yaml:12:5`. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
}

/** The scenario that an argument names: one of the library, or a file (a path with a slash or an ending). Throws `UsageError`. */
export function scenarioOf(argument: string, parts: ScenarioParts = {}): NamedScenario {
  const isFile = /[/\\]|\.(ya?ml|json)$/.test(argument);
  if (!isFile && !shippedNames().includes(argument)) {
    throw new UsageError(
      `there is no scenario "${argument}": see "fleetwake scenarios", or give a file with its extension, ${argument}.yaml`,
    );
  }
  const path = isFile ? argument : join(shippedScenarioFolder(), `${argument}.yaml`);
  const reading = readAt(path, parts);
  if (!reading.ok) throw new UsageError(`the scenario cannot be run:\n${reading.mistakes.join('\n')}`);
  const { scenario, placeOf } = reading;
  return { ...parts, calledAs: argument, scenario, placeOf };
}

function readAt(path: string, parts: ScenarioParts): ReturnType<typeof readScenarioAt> {
  try {
    return readScenarioAt(path, path, parts);
  } catch (error) {
    const isOfFile = error instanceof TextFileError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isOfFile) throw error;
    throw new UsageError(`${path}: ${fileErrorText(error)}: correct its path`);
  }
}
