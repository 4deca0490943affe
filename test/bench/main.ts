import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { measureApiIot } from './api-iot.ts';
import { measureCommits } from './commits.ts';
import { measureConsole } from './console.ts';
import { measureEndToEnd } from './end-to-end.ts';
import { measureFleets } from './fleets.ts';
import { measureOverload } from './overload.ts';
import { type BenchReport, printReport } from './report.ts';
import { measureStorm } from './storm.ts';
import { measureTickets } from './tickets.ts';
import { measureTimeline } from './timeline.ts';
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
    tickets: 10_000,
    ticketRequests: 300,
    capacityPurchases: 1_200,
    overloadMs: 60_000,
    timelineEvents: 10_000,
    console: { vehicles: 10_000, watchMs: 60_000 },
    fleets: { each: 1_500, commands: 100, saved: 10_000 },
    storms: [
      { vehicles: 300, buyers: 150 },
      { vehicles: 8_000, buyers: 16 },
    ],
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
    tickets: 150,
    ticketRequests: 5,
    capacityPurchases: 20,
    overloadMs: 500,
    timelineEvents: 200,
    console: { vehicles: 20, watchMs: 1_000 },
    fleets: { each: 15, commands: 2, saved: 20 },
    storms: [{ vehicles: 5, buyers: 2 }],
  },
} as const;

type Size = (typeof sizes)[keyof typeof sizes];
type Figures = Partial<Omit<BenchReport, 'machine' | 'seconds'>>;

const say = (line: string) => process.stderr.write(`${line}\n`);

/** In the order in which they are measured. */
const parts: Readonly<Record<string, (size: Size, folder: string) => Promise<Figures>>> = {
  commits: async ({ writes }, folder) => ({ commits: await measureCommits(folder, writes) }),
  vehicle: async ({ vehicles, holdMs, commands }) => ({
    vehicle: await measureVehicles({ vehicles, holdMs, commands }),
  }),
  apiIot: async ({ apiIotVehicles }, folder) => ({ apiIot: await measureApiIot(folder, apiIotVehicles) }),
  tickets: async ({ tickets, ticketRequests }, folder) => ({
    tickets: await measureTickets(folder, tickets, ticketRequests),
  }),
  timeline: async ({ timelineEvents }, folder) => ({
    timeline: await measureTimeline(folder, timelineEvents),
  }),
  console: async ({ console: { vehicles, watchMs } }, folder) => ({
    console: await measureConsole({
      folder: join(folder, 'console'),
      vehicles: count('vehicles') ?? vehicles,
      watchMs: (count('minutes') ?? watchMs / 60_000) * 60_000,
    }),
  }),
  fleets: async ({ fleets }, folder) => ({
    fleets: await measureFleets({ folder: join(folder, 'fleets'), ...fleets }),
  }),
  overload: async ({ capacityPurchases, overloadMs }, folder) => {
    const options = { folder: join(folder, 'overload'), purchases: capacityPurchases, overloadMs };
    return { overload: await measureOverload(options) };
  },
  storm: async ({ storms }, folder) => {
    const storm = [];
    for (const one of storms)
      storm.push(await measureStorm({ folder: join(folder, `storm-${one.vehicles}`), ...one }));
    return { storm };
  },
  e2e: (size, folder) => measureEndToEnd({ ...size, folder, say }),
};

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    size: { type: 'string', default: 'full' },
    // Of the part console: how long its memory is watched, and other numbers of vehicles.
    minutes: { type: 'string' },
    vehicles: { type: 'string' },
    part: { type: 'string', multiple: true, default: Object.keys(parts) },
  },
});

/** Reads an option as a whole number; null where it is not given. */
function count(name: 'minutes' | 'vehicles'): number | null {
  const given = values[name];
  if (given === undefined) return null;
  if (!/^[1-9]\d{0,4}$/.test(given)) throw new Error(`--${name} is a whole number from 1, not "${given}"`);
  return Number(given);
}

const size = sizes[values.size as keyof typeof sizes];
if (size === undefined) throw new Error(`--size is ${Object.keys(sizes).join(' or ')}`);
const unknown = values.part.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined)
  throw new Error(`--part is one of ${Object.keys(parts).join(', ')}, not "${unknown}"`);

const startedAt = performance.now();
const report = await withTemporaryFolder(async (folder): Promise<BenchReport> => {
  const machine = {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
  };
  say(`${machine.cores} cores, Node ${machine.node}`);
  let figures: Figures = {};
  for (const [name, measure] of Object.entries(parts)) {
    if (!values.part.includes(name)) continue;
    say(name);
    figures = { ...figures, ...(await measure(size, folder)) };
  }
  return { machine, ...figures, seconds: Math.round((performance.now() - startedAt) / 1_000) };
});
printReport(report);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
