import Table from 'cli-table3';
import type { Command } from 'commander';
import type { ActivationDetail } from '../../gateway/platform/activation-view.ts';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import type { ApiClient } from '../run/api-client.ts';
import { activationLine, type LineEntry } from './activation-line.ts';
import { exitCodes, UsageError } from './exit.ts';
import { lookUpFlags } from './flag-names.ts';
import { problemText } from './look-up.ts';
import { everyPage } from './pages.ts';
import { askedPlatform, type PlatformFlags, withPlatformOptions } from './platform.ts';

interface Flags extends PlatformFlags {
  readonly json?: true;
}

/** `fleetwake activation show ID`: one causal line across everything that took part. */
export function addActivationShow(program: Command): void {
  const activation = program.commands.find((command) => command.name() === 'activation');
  if (!activation) throw new Error('the look-ups have to be added before');
  const command = activation
    .command('show')
    .argument('<id>')
    .description(
      'show an activation as a timeline across HTTP, NATS, MQTT, vehicle, payment and notifications',
    )
    .option('--json', 'print it as JSON');
  // The options of `activation` itself have the same names, and commander gives them what it reads first.
  withPlatformOptions(command, ['apiIotUrl']).action(async (id: string, _: unknown, self: Command) => {
    process.exitCode = await show(id, self.optsWithGlobals<Flags>());
  });
}

async function show(id: string, flags: Flags): Promise<number> {
  const { ask, clients, apiIotUrl } = await askedPlatform(flags);
  const { platform, apiIot } = clients;
  const answer = await ask(() => platform.get(`/activations/${encodeURIComponent(id)}`));
  if (answer.status !== 200) {
    process.stderr.write(`fleetwake: ${problemText(answer, lookUpFlags('activation'))}\n`);
    return exitCodes.failed;
  }
  const activation = answer.body as ActivationDetail;
  const record = activation.purchaseId === null ? [] : await recordOf(platform, activation.purchaseId);
  const path = `/vehicle/${activation.vin}/history`;
  const history = await everyPage<CommandResource>(apiIot, path, 'commands').catch(() => null);
  const entries = activationLine(activation, record, history?.rows ?? []);
  if (history === null || history.refusal !== null) {
    process.stderr.write(
      `fleetwake: ${apiIotUrl} does not return the vehicle's commands, so they are missing: give the address of the API IoT with --api-iot-url\n`,
    );
  }
  process.stdout.write(
    flags.json ? `${JSON.stringify({ ...activation, entries }, null, 2)}\n` : drawn(activation, entries),
  );
  return exitCodes.ok;
}

async function recordOf(platform: ApiClient, purchaseId: string): Promise<readonly RecordEntry[]> {
  const { rows, refusal } = await everyPage<RecordEntry>(
    platform,
    `/purchases/${purchaseId}/record`,
    'events',
  );
  if (refusal !== null)
    throw new UsageError(
      `the purchase history cannot be read: ${problemText(refusal, lookUpFlags('purchase'))}`,
    );
  return rows;
}

function drawn(activation: ActivationDetail, entries: readonly LineEntry[]): string {
  const { id, kind, feature, vin, phase, traceId, requestedAt } = activation;
  const table = new Table({
    head: ['time', 'after', 'via', 'what'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'left', 'left'],
  });
  for (const { at, via, what } of entries) {
    table.push([isoText(at).slice(11), `${((at - requestedAt) / 1_000).toFixed(3)} s`, via, what]);
  }
  const head = `${kind} ${id}: ${feature.replaceAll('_', ' ')} on ${vin}, ${phase.replaceAll('_', ' ')}`;
  return `${head}\ntrace ${traceId}, requested ${isoText(requestedAt)}\n${table.toString()}\n`;
}
