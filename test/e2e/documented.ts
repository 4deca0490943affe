import { readFileSync } from 'node:fs';

const words = readFileSync(new URL('../../docs/mqtt.md', import.meta.url), 'utf8');

/** The commands of docs/mqtt.md's section "A vehicle by hand", as one script for bash that ends at the first failure. */
export function handPlayedVehicle(): string {
  const blocks = [...words.matchAll(/<!-- by hand -->\n```sh\n([\s\S]*?)\n```/g)].map(
    (match) => match[1] ?? '',
  );
  if (blocks.length !== 5) throw new Error(`docs/mqtt.md has ${blocks.length} blocks by hand`);
  return ['set -e', ...blocks].join('\n');
}
