import type { Command } from 'commander';
import { type LookUpFlags, printAnswer } from './look-up.ts';
import { withGatewayOptions } from './options.ts';

/** `fleetwake cancel PURCHASE`: what its customer would do. */
export function addCancel(program: Command): void {
  const command = program
    .command('cancel')
    .argument('<purchase>')
    .description(
      'cancels a purchase for its customer: before it is active, or as the policy of the service says',
    )
    .option('--json', 'print the answer as it came')
    .option('--platform-url <url>', 'the platform API', 'http://127.0.0.1:8080');
  withGatewayOptions(command, ['data']).action(
    async (id: string, flags: LookUpFlags & Record<string, unknown>) => {
      const path = `/purchases/${encodeURIComponent(id)}/cancel`;
      process.exitCode = await printAnswer(flags, (platform) => platform.send('POST', path));
    },
  );
}
