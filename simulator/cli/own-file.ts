import { writeFileSync } from 'node:fs';
import { makeFilePrivate } from '../../shared/live/private-files.ts';
import { UsageError } from './exit.ts';

/** A file about a person: for this user alone. */
export function writeOwnFile(flag: string, file: string, text: string): void {
  try {
    makeFilePrivate(file);
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(
      `${flag} ${file} cannot be written (${(error as Error).message}): give another file`,
    );
  }
  process.stderr.write(`it is in ${file}\n`);
}
