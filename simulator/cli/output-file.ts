import { type FileHandle, open } from 'node:fs/promises';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { UsageError } from './exit.ts';

/** Opens the file that a flag names. Before a run, so that a path that cannot be written to costs no run. */
export function openOutputFile(flag: string, path: string): Promise<FileHandle> {
  return open(path, 'w').catch((error: unknown) => {
    throw new UsageError(`${flag} ${path} cannot be written: ${fileErrorText(error)}; name another file`);
  });
}
