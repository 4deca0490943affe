import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import type { RecordExport } from '../../gateway/platform/record-export.ts';
import { recordViews } from '../../gateway/platform/record-type.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { exitCodes } from './exit.ts';
import { recordFlags } from './flag-names.ts';
import { problemText } from './look-up.ts';
import { writeOwnFile } from './own-file.ts';
import { askedPlatform, type PlatformFlags, withPlatformOptions } from './platform.ts';

interface Flags extends PlatformFlags {
  readonly view: string;
  readonly html?: string;
  readonly json?: true;
}

/** `fleetwake purchase record ID`: everything that happened to a purchase, to be read, kept or printed. */
export function addPurchaseRecord(program: Command): void {
  const purchase = program.commands.find((command) => command.name() === 'purchase');
  if (!purchase) throw new Error('the look-ups have to be added before');
  const command = purchase
    .command('record')
    .argument('<id>')
    .description('show the purchase history: when, what, why, who')
    .addOption(
      new Option('--view <view>', 'view: all (complete) or customer (as the customer reads it)')
        .choices(recordViews)
        .default('support'),
    )
    .option('--html <file>', 'write it as an HTML page that opens offline and prints')
    .option('--json', 'print it as JSON');
  // The options of `purchase` itself have the same names, and commander gives them what it reads first.
  withPlatformOptions(command).action(async (id: string, _: unknown, self: Command) => {
    process.exitCode = await record(id, self.optsWithGlobals<Flags>());
  });
}

async function record(id: string, flags: Flags): Promise<number> {
  const { ask } = await askedPlatform(flags);
  const wanted = new URLSearchParams({
    view: flags.view,
    format: flags.html === undefined ? 'json' : 'html',
  });
  const path = `/purchases/${encodeURIComponent(id)}/record/export?${wanted}`;
  const answer = await ask((platform) => platform.get(path));
  if (answer.status !== 200) {
    process.stderr.write(`fleetwake: ${problemText(answer, recordFlags)}\n`);
    return exitCodes.failed;
  }
  if (flags.html !== undefined) {
    writeOwnFile('--html', flags.html, answer.text);
  } else if (flags.json) process.stdout.write(`${JSON.stringify(answer.body, null, 2)}\n`);
  else process.stdout.write(drawn(answer.body as RecordExport));
  return exitCodes.ok;
}

function drawn({ purchase, events }: RecordExport): string {
  const table = new Table({
    head: ['when', 'what', 'why', 'who'],
    style: { head: [], border: [], compact: true },
  });
  for (const { at, what, cause, actor } of events) table.push([isoText(at), what, cause ?? '', actor]);
  const { id, serviceName, vin, status } = purchase;
  return `purchase ${id}: ${serviceName} for ${vin}, ${status.replaceAll('_', ' ')}\n${table.toString()}\n`;
}
