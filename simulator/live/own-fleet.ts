import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Claim, claim } from '../../shared/live/claim.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { sleep } from '../../shared/ports/clock.ts';
import { someOf } from '../../shared/protocol/some-of.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import { type DemoFleet, demoFleet } from './demo-fleet.ts';

/** Vehicles of a data folder that this process alone simulates. */
export interface OwnFleet {
  readonly vehicles: readonly VehicleSpec[];
  /** A file with all of them, one JSON object a line. */
  readonly list: string;
  /** From now on another process may play them. */
  stop(): Promise<void>;
}

const listEnding = '.jsonl';
const lockEnding = '.lock';
/** Two simulators that start at the same time wait for each other. */
const startWaitMs = 30_000;
const startPollMs = 50;

/**
 * Takes the vehicles of a data folder for this process, until `stop` or its end, however that comes. Rejects with a sentence
 * when another process simulates one of them: the passwords are the same, so no broker could tell the two apart.
 */
export async function openOwnFleet(dataFolder: string, chosen: DemoFleet): Promise<OwnFleet> {
  const folder = join(dataFolder, 'simulators');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const starting = await claimStart(folder);
  try {
    const vehicles = await demoFleet(dataFolder, chosen);
    await refusePlayed(folder, vehicles);
    const name = `seed${chosen.seed}-${chosen.first}-${chosen.first + chosen.count - 1}`;
    const claimed = claim(join(folder, name));
    if (!claimed.isOurs) throw simulatedElsewhere([], claimed.owner);
    const list = join(folder, `${name}${listEnding}`);
    await writeFile(list, vehicles.map((spec) => `${JSON.stringify(listed(spec))}\n`).join(''), {
      mode: 0o600,
    });
    return { vehicles, list, stop: async () => claimed.release() };
  } finally {
    starting.release();
  }
}

/** One simulator after the other: each reads what the others play, and writes the passwords of all. */
async function claimStart(folder: string): Promise<Extract<Claim, { isOurs: true }>> {
  const endAt = wallClock.now() + startWaitMs;
  for (;;) {
    const claimed = claim(join(folder, 'start'));
    if (claimed.isOurs) return claimed;
    if (wallClock.now() > endAt)
      throw new Error(
        `another simulator has been starting with the data folder of ${folder} for ${startWaitMs / 1_000} s: stop ${processText(claimed.owner)}, or choose another folder with --data`,
      );
    await sleep(wallClock, startPollMs);
  }
}

/** Throws when a process that runs simulates one of these; the files of those that ended are removed. */
async function refusePlayed(folder: string, vehicles: readonly VehicleSpec[]): Promise<void> {
  for (const file of await readdir(folder)) {
    const name = file.slice(0, -lockEnding.length);
    if (!file.endsWith(lockEnding) || name === 'start') continue;
    const other = claim(join(folder, name));
    if (other.isOurs) {
      other.release();
      for (const ending of [lockEnding, `${lockEnding}-journal`, '.pid', listEnding])
        await rm(join(folder, `${name}${ending}`), { force: true });
      continue;
    }
    const theirs = await listedVins(join(folder, `${name}${listEnding}`));
    const both = vehicles.filter(({ vin }) => theirs.has(vin)).map(({ vin }) => vin);
    if (both.length > 0) throw simulatedElsewhere(both, other.owner);
  }
}

function simulatedElsewhere(vins: readonly string[], owner: number | null): Error {
  const which = vins.length === 0 ? 'the vehicles of this range' : someOf(vins);
  const isOne = vins.length === 1;
  return new Error(
    `${which} ${isOne ? 'is' : 'are'} simulated by ${processText(owner)} with the same data folder: choose other vehicles with --first or --shard, or stop that process`,
  );
}

const processText = (owner: number | null) => (owner === null ? 'another process' : `process ${owner}`);

const listed = ({ number, vin, model, region }: VehicleSpec) => ({ number, vin, model: model.id, region });

async function listedVins(list: string): Promise<ReadonlySet<string>> {
  const lines = (await readFile(list, 'utf8')).split('\n').filter((line) => line !== '');
  return new Set(lines.map((line) => (JSON.parse(line) as { vin: string }).vin));
}
