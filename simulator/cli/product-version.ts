import { readFileSync } from 'node:fs';

/** What ran, for a report. */
export function productVersions(): Readonly<Record<string, string>> {
  return { fleetwake: productVersion(), node: process.versions.node };
}

/** The version in package.json: beside the sources, and two folders up from the compiled command. */
function productVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'fleetwake' && version !== undefined) return version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}
