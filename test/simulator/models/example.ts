import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files of the example of docs/vehicle-models.md, as a reader writes them: a path in backquotes, then the block that follows it. */
export function writeExample(folder: string): void {
  const page = readFileSync('docs/vehicle-models.md', 'utf8');
  const [, example = ''] = /## Run cars of your own\n([\s\S]*?)\n## Fields/.exec(page) ?? [];
  for (const [, path = '', text = ''] of example.matchAll(
    /`(my\/\S+)`[^\n]*\n\n```(?:yaml|json)\n([\s\S]*?)```/g,
  )) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
