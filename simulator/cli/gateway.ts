import type { Command } from 'commander';
import { runGateway } from '../../gateway/main.ts';
import { gatewayConfig, refuseIdleFlags, withGatewayOptions } from './options.ts';

/** `fleetwake gateway`: the gateway alone, as an operator runs it. */
export function addGateway(program: Command): void {
  const command = program
    .command('gateway')
    .description(
      'run the gateway without vehicles: platform, engine, API IoT and broker, or some of them with --roles',
    );
  withGatewayOptions(command).action(async (flags: Record<string, unknown>) => {
    const config = gatewayConfig(flags, process.env);
    refuseIdleFlags(flags, config);
    await runGateway(config);
  });
}
