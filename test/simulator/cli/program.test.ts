import { describe, expect, it } from 'vitest';
import { commandGroups, fleetwakeProgram } from '../../../simulator/cli/program.ts';

async function namesFor(first: string | undefined): Promise<string[]> {
  const program = await fleetwakeProgram(first);
  return program.commands.map((command) => command.name());
}

describe('the commands of the program', () => {
  it('are all there for the help, in the order of the table', async () => {
    const names = commandGroups.flatMap((group) => group.names);
    expect(await namesFor(undefined)).toEqual(names);
    expect(await namesFor('--help')).toEqual(names);
  });

  it('are all there for a name that is misspelt, so that the right one is suggested', async () => {
    expect(await namesFor('chek')).toContain('check');
  });

  it.each(commandGroups.map(({ names }) => names))('adds for %s its own group alone', async (...names) => {
    expect(await namesFor(names[0])).toEqual(names);
  });
});
