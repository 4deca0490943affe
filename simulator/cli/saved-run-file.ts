import { textOfSavedRun } from '../moments/scenario-source.ts';
import { UsageError } from './exit.ts';
import { openOutputFile } from './output-file.ts';
import type { Job } from './run-live.ts';

interface SaveFlags {
  readonly save?: string;
  readonly live?: true;
  readonly target?: string;
  readonly models?: string;
  readonly catalogue?: string;
  readonly adapter?: string;
}

/** Refuses what a saved run could not be made again with: its file has the scenario and the seed alone. */
export function checkSaveFlags(flags: SaveFlags, jobs: readonly Job[]): void {
  if (flags.save === undefined) return;
  if (flags.live || flags.target !== undefined)
    throw new UsageError(
      '--save and --live (or --target) cannot be combined, because only a run in virtual time can be replayed; leave one of them out',
    );
  const own = (['models', 'catalogue', 'adapter'] as const).find((option) => flags[option] !== undefined);
  if (own !== undefined)
    throw new UsageError(
      `--save and --${own} cannot be combined: a saved run is replayed with the shipped models, catalogue and adapter`,
    );
  if (jobs.some(({ models, catalogueFolder }) => models !== undefined || catalogueFolder !== undefined))
    throw new UsageError(
      '--save and a scenario with fleet.models or fleet.catalogue cannot be combined: a saved run is replayed with the shipped models and catalogue',
    );
}

/** Writes a run as a file for `fleetwake replay`. */
export async function saveRun(path: string, { call, seed, scenario }: Job): Promise<void> {
  const file = await openOutputFile('--save', path);
  await file.write(textOfSavedRun({ about: `scenario ${call}, seed ${seed}`, seed, scenario }));
  await file.close();
}
