import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { restoreBackup } from '../../gateway/live/backup.ts';
import { filesText, refusedAsUsage } from './backup.ts';
import { exitCodes, UsageError } from './exit.ts';
import { restoreFlags } from './flag-names.ts';
import { type LookUpFlags, printAnswer, show } from './look-up.ts';
import { gatewayConfig } from './options.ts';
import { withPlatformOptions } from './platform.ts';
import { soldDurationOf } from './sold-duration-option.ts';
import { refuseUnused } from './unused-flags.ts';

/** The options of `fleetwake restore`, as commander hands them over. */
export interface RestoreFlags {
  readonly as?: string;
  readonly customer?: string;
  readonly duration?: string;
}

const lookUp = {
  name: 'finding',
  argument: 'id',
  description: 'findings of a restore',
  one: () => '/restore',
  list: { path: '/restore', columns: ['id', 'kind', 'vin', 'serviceId', 'feature', 'decision'] },
};

const choices = ['adopt', 'refund', 'ignore'];

/** `fleetwake restore`: lists what a restored, older database does not contain, takes a decision about each finding, and resumes work. */
export function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .argument('[finding]', 'id of a finding, or: resume; or the folder of a backup')
    .argument('[choice]', 'adopt, refund or ignore')
    .description(
      'put a backup into an empty data folder; list what an older database does not know; decide about each finding; resume',
    )
    .option('--json', 'print the response as JSON')
    .option('--limit <number>', 'number of entries in a list', '20')
    .option('--as <name>', 'decision: name of the operator')
    .option('--customer <id>', 'adopt: customer who owns it; default: the customer of the vehicle')
    .option(
      '--duration <text>',
      'adopt: such as "30 days" or permanent; default: what is sold at the amount',
    );
  withPlatformOptions(command).action(
    async (
      id: string | undefined,
      choice: string | undefined,
      flags: LookUpFlags & RestoreFlags,
      self: Command,
    ) => {
      refuseUnused(self, unusedFor(id, choice), callOf(id, choice));
      process.exitCode = await run(id, choice, flags);
    },
  );
}

const ofDecision = ['as', 'customer', 'duration'];

/** The flags that have no part in what is asked. */
function unusedFor(id: string | undefined, choice: string | undefined): readonly string[] {
  if (id === undefined) return ofDecision;
  if (choice === undefined) return ['limit', ...ofDecision];
  return choice === 'adopt' ? ['limit'] : ['limit', 'customer', 'duration'];
}

function callOf(id: string | undefined, choice: string | undefined): string {
  if (id === undefined) return 'the list of findings';
  return choice === undefined ? id : `the decision ${choice}`;
}

function run(
  id: string | undefined,
  choice: string | undefined,
  flags: LookUpFlags & RestoreFlags,
): Promise<number> {
  if (id === undefined) return show(lookUp, undefined, flags);
  if (choice === undefined && isFolder(id)) return putBack(id, flags);
  if (id === 'resume' && choice === undefined)
    return printAnswer(
      flags,
      (platform) => platform.send('POST', '/restore/resume'),
      () => 'the gateway works again\n',
    );
  const { path, body } = restoreRequest(id, choice, flags);
  return printAnswer(flags, (platform) => platform.send('POST', path, body), undefined, restoreFlags);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** `fleetwake restore FOLDER --data DIR`: asks no platform. */
async function putBack(folder: string, flags: LookUpFlags): Promise<number> {
  const { data } = gatewayConfig(flags, process.env);
  const manifest = await refusedAsUsage(() => restoreBackup(folder, data, new Date()));
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(manifest)}\n`
      : `${data}: ${filesText(manifest)}, of ${manifest.createdAt}\n`,
  );
  return exitCodes.ok;
}

/** What to send for `fleetwake restore FINDING CHOICE`. Throws `UsageError` for what the command line lacks. */
export function restoreRequest(
  id: string,
  choice: string | undefined,
  { as: by, customer, duration }: RestoreFlags,
): { readonly path: string; readonly body: Readonly<Record<string, unknown>> } {
  if (choice === undefined || !choices.includes(choice))
    throw new UsageError(`the decision about ${id} must be adopt, refund or ignore`);
  if (by === undefined || by === '') throw new UsageError('fleetwake restore FINDING CHOICE needs --as NAME');
  return {
    path: `/restore/findings/${encodeURIComponent(id)}`,
    body: {
      choice,
      by,
      ...(customer === undefined ? {} : { customerId: customer }),
      ...(duration === undefined ? {} : { duration: soldDurationOf(duration) }),
    },
  };
}
