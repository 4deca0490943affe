import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One instruction of the Dockerfile, with its continued lines. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

const dockerfile = fileURLToPath(new URL('../../ops/container/Dockerfile', import.meta.url));

/** The instructions of each of its images, in their order; what stands before the first FROM is the first list. */
export function dockerfileParts(): Instruction[][] {
  const lines = readFileSync(dockerfile, 'utf8')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const parts: Instruction[][] = [[]];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') parts.push([]);
    parts.at(-1)?.push({ name, text });
  }
  return parts;
}

/** What the image sets in the environment. */
export function imageEnvironment(): Record<string, string> {
  const settings = (dockerfileParts().at(-1) ?? []).filter(({ name }) => name === 'ENV');
  const pairs = settings.flatMap(({ text }) => text.split(/\s+/)).map((pair) => pair.split('='));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}
