import type { Command } from 'commander';
import type { Purchase } from '../../gateway/platform/purchase-view.ts';
import { cancelledText } from './cancelled-words.ts';
import { lookUpFlags } from './flag-names.ts';
import { type AnswerFlags, printAnswer } from './look-up.ts';
import { withPlatformOptions } from './platform.ts';

/** `fleetwake cancel PURCHASE`: what its customer would do. */
export function addCancel(program: Command): void {
  const command = program
    .command('cancel')
    .argument('<purchase>')
    .description(
      'cancel a purchase for its customer, before it is active or as the policy of the service allows',
    )
    .option('--json', 'print the response as JSON');
  withPlatformOptions(command).action(async (id: string, flags: AnswerFlags) => {
    const path = `/purchases/${encodeURIComponent(id)}/cancel`;
    process.exitCode = await printAnswer(
      flags,
      (platform) => platform.send('POST', path),
      (body) => cancelledText(body as Purchase),
      lookUpFlags('purchase'),
    );
  });
}
