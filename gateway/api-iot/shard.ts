/** One of the parts into which the vehicles are divided among the processes of an API IoT: `index` of `of`, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export const wholeFleet: Shard = { index: 1, of: 1 };
const shardsMax = 64;

/** Returns the shard that `2/3` names, or null where the text names none. */
export function shardOfText(text: string): Shard | null {
  const [, index, of] = /^(\d{1,2})\/(\d{1,2})$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || of === undefined) return null;
  return index >= 1 && index <= of && of <= shardsMax ? { index, of } : null;
}

export const textOfShard = ({ index, of }: Shard) => `${index}/${of}`;

/** Whether what this vehicle says is handled by the process of this shard: the same answer in every process, and of one shard alone. */
export function hasVehicle({ index, of }: Shard, vin: string): boolean {
  return of === 1 || hashOf(vin) % of === index - 1;
}

/** FNV-1a of 32 bits: serial numbers that follow each other come to different shards. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

/** The client id of a shard's process at the broker. The one of a single process is that of every earlier version. */
export function clientIdOf({ index, of }: Shard): string {
  return of === 1 ? 'api-iot' : `api-iot-${index}-of-${of}`;
}
