import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Gateway, stopped, withGateway } from './gateway-commands.ts';
import { round } from './numbers.ts';

export interface FleetsOptions {
  readonly folder: string;
  /** Vehicles of each of the two fleets. */
  readonly each: number;
  /** Commands to vehicles of each fleet. */
  readonly commands: number;
  /** Vehicles of the fleet that starts again with saved state. */
  readonly saved: number;
}

export interface FleetsReport {
  readonly each: number;
  /** From the start of both processes until the second one was connected. */
  readonly connectMs: number;
  readonly connected: number;
  /** Whether a third fleet that wanted vehicles of both was refused. */
  readonly thirdRefused: boolean;
  /** Sessions that ended while both fleets ran, the third one asked and commands were applied: the broker then publishes a will. */
  readonly disturbed: number;
  readonly commandsApplied: number;
  readonly saved: SavedReport;
}

interface SavedReport {
  readonly vehicles: number;
  /** From the start of the process until every vehicle is connected, new and after SIGKILL; its resident memory then. */
  readonly freshMs: number;
  readonly freshMb: number;
  readonly restartMs: number;
  readonly restartMb: number;
}

/**
 * Starts two fleets at the same time on one gateway, a third one that wants their vehicles, and then a large fleet that is killed and
 * starts again with what its vehicles had saved; each is the shipped command (after `npm run build`).
 */
export async function measureFleets(options: FleetsOptions): Promise<FleetsReport> {
  const { each, commands } = options;
  return await withGateway(options.folder, async (gateway) => {
    const both = ['--vehicles', String(2 * each)];
    const fleets = await Promise.all([
      gateway.start('a', ...both, '--shard', '1/2'),
      gateway.start('b', ...both, '--shard', '2/2'),
    ]);
    await gateway.settled(2 * each);
    const third = await gateway.end('c', ...both);
    const vins = fleets.flatMap(({ line }) => (line.vehicles as readonly string[]).slice(0, commands));
    await gateway.apply(vins);
    const disturbed = gateway.offline();
    for (const { process } of fleets) await stopped(process);
    return {
      each,
      connectMs: Math.max(...fleets.map(({ startMs }) => startMs)),
      connected: fleets.reduce((sum, { line }) => sum + Number(line.connected), 0),
      thirdRefused: third === 2,
      disturbed,
      commandsApplied: vins.length,
      saved: await measureSaved(gateway, options.saved),
    };
  });
}

/** Each vehicle takes a command first, so that it has something to keep. */
async function measureSaved(gateway: Gateway, vehicles: number): Promise<SavedReport> {
  const parameters = ['--first', '10001', '--vehicles', String(vehicles)];
  const fresh = await gateway.start('large', ...parameters);
  const freshMb = fresh.residentMb();
  const list = readFileSync(String(fresh.line.vehicleList), 'utf8').trimEnd().split('\n');
  await gateway.apply(list.map((line) => (JSON.parse(line) as { vin: string }).vin));
  fresh.process.kill('SIGKILL');
  await once(fresh.process, 'exit');
  const again = await gateway.start('large', ...parameters);
  return {
    vehicles,
    ...{ freshMs: fresh.startMs, freshMb: round(freshMb) },
    ...{ restartMs: again.startMs, restartMb: round(again.residentMb()) },
  };
}
