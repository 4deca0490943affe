import type { Adapter } from '../adapter/adapter.ts';
import { readAdapterFile } from '../adapter/adapter-file.ts';
import type { GatewayConfig } from '../config.ts';

/** Returns the adapter of the file that the configuration names, or null. Throws a sentence for each mistake of the file. */
export function configuredAdapter({
  apiIotAdapter: file,
}: Pick<GatewayConfig, 'apiIotAdapter'>): Adapter | null {
  if (file === null) return null;
  const reading = readAdapterFile(file);
  if (!reading.ok) throw new Error(`the adapter cannot be used:\n${reading.mistakes.join('\n')}`);
  return reading.adapter;
}
