import type { Command } from 'commander';
import { runGateway } from '../../gateway/main.ts';
import { gatewayConfig, withGatewayOptions } from './options.ts';

/** `fleetwake gateway`: the gateway alone, as an operator runs it. */
export function addGateway(program: Command): void {
  const command = program
    .command('gateway')
    .description(
      'run the gateway without vehicles: platform, engine, API IoT and broker, or some of them with --roles',
    );
  withGatewayOptions(command).action(async (flags: Record<string, unknown>) => {
    await runGateway(gatewayConfig(flags, process.env));
  });
}
