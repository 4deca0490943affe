import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Keys, openKeys } from '../../gateway/live/keys.ts';
import { UsageError } from './exit.ts';

/** Reads the secrets of a gateway that has run. A new keyring would be useless: no service would accept it. */
export async function knownKeys(dataFolder: string): Promise<Keys> {
  if (existsSync(join(dataFolder, 'keys.json'))) return openKeys(dataFolder);
  throw new UsageError(`there is no keys.json in ${dataFolder}: give the gateway's data folder with --data`);
}
