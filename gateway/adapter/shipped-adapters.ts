import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Adapter } from './adapter.ts';
import { readAdapterFile } from './adapter-file.ts';

/** Returns the folder of the adapters that come with the product: beside this file, or in the sources when this is the compiled one. */
export function shippedAdaptersFolder(): string {
  const beside = fileURLToPath(new URL('./library/', import.meta.url));
  const source = fileURLToPath(new URL('../../../gateway/adapter/library/', import.meta.url));
  return existsSync(beside) ? beside : source;
}

let own: Adapter | null = null;

/** Returns the adapter of Fleetwake's own API IoT; its file is read once. Throws when the shipped file is broken. */
export function ownAdapter(): Adapter {
  if (own === null) {
    const reading = readAdapterFile(join(shippedAdaptersFolder(), 'fleetwake.yaml'));
    if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
    own = reading.adapter;
  }
  return own;
}
