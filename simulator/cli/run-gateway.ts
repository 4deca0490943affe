import type { Command } from 'commander';
import { runGatewayOfRun } from '../live/gateway-child.ts';
import type { ProcessHooks } from '../live/process-questions.ts';
import { gatewayConfig } from './options.ts';

/** `fleetwake run-gateway`: a gateway of a live run in a process of its own, started by the run. */
export function addRunGateway(program: Command): void {
  program
    .command('run-gateway <hooks>', { hidden: true })
    .action((hooks: string) =>
      runGatewayOfRun(gatewayConfig({}, process.env), JSON.parse(hooks) as ProcessHooks),
    );
}
