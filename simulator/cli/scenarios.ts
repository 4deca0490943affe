import type { Command } from 'commander';
import { scenarioJsonSchema } from '../scenarios/json-schema.ts';
import { shippedNames, shippedScenario } from '../scenarios/library.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { exitCodes } from './exit.ts';
import { refuseUnused } from './unused-flags.ts';

/** `fleetwake scenarios`: what the library has, a line each. */
export function addScenarios(program: Command): void {
  program
    .command('scenarios')
    .description('list the scenarios of the library')
    .option('--json', 'print the list as JSON')
    .option('--schema', 'print the JSON Schema of scenario files, for an editor')
    .action((flags: { readonly json?: true; readonly schema?: true }, self: Command) => {
      if (flags.schema) refuseUnused(self, ['json'], 'the JSON Schema');
      process.stdout.write(answer(flags));
      process.exitCode = exitCodes.ok;
    });
}

function answer(flags: { readonly json?: true; readonly schema?: true }): string {
  if (flags.schema) return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
  const scenarios = shippedNames().map(shippedScenario);
  return flags.json
    ? `${JSON.stringify(scenarios.map(summaryOf), null, 2)}\n`
    : `${listOf(scenarios)}\n\nRun one: fleetwake run NAME. Write your own: docs/scenarios.md\n`;
}

function summaryOf({ name, description, timeScale, vehicles, purchases, expectations = [] }: Scenario) {
  return { name, description, timeScale, vehicles: vehicles.count, purchases: purchases.count, expectations };
}

/** A name and a line each, on any width. */
function listOf(scenarios: readonly Pick<Scenario, 'name' | 'description'>[]): string {
  const widest = Math.max(...scenarios.map(({ name }) => name.length));
  return scenarios.map(({ name, description }) => `${name.padEnd(widest)}  ${description}`).join('\n');
}
