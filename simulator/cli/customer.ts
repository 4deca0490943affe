import type { Command } from 'commander';
import { isoText } from '../../shared/protocol/instant.ts';
import type { ApiClient } from '../run/api-client.ts';
import { exitCodes, UsageError } from './exit.ts';
import { lookUpFlags } from './flag-names.ts';
import { type AnswerFlags, printAnswer, problemText } from './look-up.ts';
import { writeOwnFile } from './own-file.ts';
import { askedPlatform, withPlatformOptions } from './platform.ts';

const named = lookUpFlags('id of the customer');

const pathOf = (id: string) => `/customers/${encodeURIComponent(id)}/personal-data`;

/** `fleetwake customer export|erase ID`: what is held of a customer, and its erasure. */
export function addCustomer(program: Command): void {
  const customer = program.command('customer').description('export or erase the personal data of a customer');
  const exporting = customer
    .command('export')
    .argument('<id>')
    .description('export the personal data of a customer as JSON')
    .option('--file <file>', 'output file, readable only by you');
  withPlatformOptions(exporting).action(
    async (id: string, flags: AnswerFlags & { readonly file?: string }) => {
      process.exitCode = await exportData(id, flags);
    },
  );
  const erasing = customer
    .command('erase')
    .argument('<id>')
    .description('replace the personal data of a customer by a pseudonym; cannot be undone')
    .option('--yes', 'confirm the erasure')
    .option('--json', 'print the response as JSON');
  withPlatformOptions(erasing).action(async (id: string, flags: AnswerFlags & { readonly yes?: true }) => {
    if (!flags.yes)
      throw new UsageError(`erasing ${id} cannot be undone, and the id cannot be used again: add --yes`);
    const erase = (platform: ApiClient) => platform.send('DELETE', pathOf(id));
    process.exitCode = await printAnswer(flags, erase, erasedText, named);
  });
}

function erasedText(body: unknown): string {
  const { customerId, erasedAt, filesCleaned } = body as {
    customerId: string;
    erasedAt: number;
    filesCleaned: boolean;
  };
  const files = filesCleaned
    ? 'the database files contain none of it'
    : 'the database files still contain it: rewrite them during low load (docs/personal-data.md)';
  return `the personal data of ${customerId} was erased at ${isoText(erasedAt)}; ${files}\n`;
}

async function exportData(id: string, flags: AnswerFlags & { readonly file?: string }): Promise<number> {
  const { ask } = await askedPlatform(flags);
  const answer = await ask((platform) => platform.get(pathOf(id)));
  if (answer.status !== 200) {
    process.stderr.write(`fleetwake: ${problemText(answer, named)}\n`);
    return exitCodes.failed;
  }
  const text = `${JSON.stringify(answer.body, null, 2)}\n`;
  if (flags.file === undefined) process.stdout.write(text);
  else writeOwnFile('--file', flags.file, text);
  return exitCodes.ok;
}
