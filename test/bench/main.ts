import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { withTemporaryFolder } from '../support/temporary-folder.ts';
import { measureApiIot } from './api-iot.ts';
import { measureCommits } from './commits.ts';
import { measureEndToEnd } from './end-to-end.ts';
import { printReport } from './report.ts';
import { measureVehicles } from './vehicles.ts';

/** How much of each is measured: the whole, or just enough to see that all of it works. */
const sizes = {
  full: {
    rounds: 5,
    purchases: 600,
    history: 100_000,
    vehicles: 5_000,
    holdMs: 10_000,
    commands: 100,
    writes: 4_000,
    apiIotVehicles: 1_000,
  },
  tiny: {
    rounds: 1,
    purchases: 6,
    history: 100,
    vehicles: 5,
    holdMs: 0,
    commands: 2,
    writes: 256,
    apiIotVehicles: 5,
  },
} as const;

const { values } = parseArgs({
  options: { json: { type: 'string' }, size: { type: 'string', default: 'full' } },
});
const size = sizes[values.size as keyof typeof sizes];
if (size === undefined) throw new Error(`--size is ${Object.keys(sizes).join(' or ')}`);

const startedAt = performance.now();
const say = (line: string) => process.stderr.write(`${line}\n`);
const report = await withTemporaryFolder(async (folder) => {
  const machine = {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
  };
  say(`${machine.cores} cores, Node ${machine.node}`);
  const { vehicles, holdMs, commands, writes, apiIotVehicles } = size;
  const commits = await measureCommits(folder, writes);
  say('vehicles');
  const vehicle = await measureVehicles({ vehicles, holdMs, commands });
  say('API IoT alone');
  const apiIot = await measureApiIot(folder, apiIotVehicles);
  say('end to end');
  const endToEnd = await measureEndToEnd({ ...size, folder, say });
  return {
    machine,
    ...endToEnd,
    vehicle,
    apiIot,
    commits,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
  };
});
printReport(report);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
