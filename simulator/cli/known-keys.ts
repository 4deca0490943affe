import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Keys, openKeys } from '../../gateway/live/keys.ts';
import { UsageError } from './exit.ts';

/** The secrets of a gateway that has run. A new keyring would be made for nobody, and refused by everybody. */
export async function knownKeys(dataFolder: string): Promise<Keys> {
  if (existsSync(join(dataFolder, 'keys.json'))) return openKeys(dataFolder);
  throw new UsageError(`there is no keys.json in ${dataFolder}: give the gateway's data folder with --data`);
}
